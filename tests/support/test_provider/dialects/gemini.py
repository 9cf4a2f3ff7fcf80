"""Google's Gemini API: chat whole and streamed, embeddings, images, speech, the token endpoint; strict as the real one is."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

from ..answer import Answer, Frame, json_answer
from ..behaviour import Behaviour
from ..http_wire import Request
from .gemini_request import complaint_about
from .openai import vector
from .openai_chat import count_tokens, instance_of

_ROUTE = re.compile(r"/(?P<model>[^/]+):(?P<verb>generateContent|streamGenerateContent|batchEmbedContents|embedContent|predict)$")
_TOKEN = re.compile(r"/token$")

_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
           500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
_MESSAGES = {401: "Request had invalid authentication credentials.", 403: "The caller does not have permission",
             404: "models/x is not found for API version v1beta", 429: "Resource has been exhausted (e.g. check quota).",
             500: "An internal error has occurred.", 503: "The model is overloaded. Please try again later."}

# One red dot, and a tenth of a second of silence.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
PCM = bytes(4800)


class Gemini:
    """Serves its verbs under any prefix; the part before the verb is the model."""

    def __init__(self, models: list[str], say=None) -> None:
        del models, say

    def serves(self, request: Request) -> bool:
        return request.method == "POST" and (_ROUTE.search(request.path) or _TOKEN.search(request.path)) is not None

    def describe(self, request: Request) -> dict:
        found = _ROUTE.search(request.path)
        return {"model": found["model"], "stream": found["verb"] == "streamGenerateContent"} if found else {}

    def refusal(self, status: int) -> Answer:
        return refusal(status, _MESSAGES.get(status, f"The test provider was told to answer {status}"))

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        found = _ROUTE.search(request.path)
        if found is None:
            return json_answer({"access_token": "ya29.test-token", "expires_in": 3599, "token_type": "Bearer"})
        body = request.json()
        if not isinstance(body, dict):
            return refusal(400, "Invalid JSON payload received. Expected an object.")
        if found["verb"] in ("batchEmbedContents", "embedContent"):
            return _embeddings(body)
        if found["verb"] == "predict":
            return _predict(body)
        if complaint := complaint_about(body, found["model"]):
            return refusal(400, complaint)
        if behaviour.error is not None and behaviour.error_at is None:
            return json_answer({"error": behaviour.error})
        reply = _reply(body, behaviour, found["model"])
        if found["verb"] == "generateContent":
            return _billed(json_answer(_joined(reply)), reply[-1])
        return _stream(reply, behaviour, request.query.get("alt") == "sse")


def refusal(status: int, message: str) -> Answer:
    error: dict = {"code": status, "message": message, "status": _STATUS.get(status, "UNKNOWN")}
    if status == 429:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"}]
    return json_answer({"error": error}, status)


def _texts(content: dict) -> str:
    return " ".join(part.get("text", "") for part in content.get("parts", []))


def _last_user_text(body: dict) -> str:
    spoken = [c for c in body["contents"] if c.get("role") == "user" and any("text" in p for p in c["parts"])]
    return _texts(spoken[-1]) if spoken else ""


def _calls(body: dict, behaviour: Behaviour) -> list[dict]:
    if behaviour.tool_calls is not None:
        return [{"name": c["name"], "args": json.loads(c.get("arguments", "{}"))} for c in behaviour.tool_calls]
    functions = [f for tool in body.get("tools", []) for f in tool.get("functionDeclarations", [])]
    config = body.get("toolConfig", {}).get("functionCallingConfig", {})
    answered = any("functionResponse" in p for p in body["contents"][-1]["parts"])
    if not functions or config.get("mode") == "NONE" or behaviour.answer is not None or (answered and config.get("mode") != "ANY"):
        return []
    if answered:  # with ANY there has to be a call: the last function is the one that answers
        functions = functions[-1:]
    if names := config.get("allowedFunctionNames"):
        functions = [f for f in functions if f["name"] in names]
    wanted = functions if "parallel" in _last_user_text(body) else functions[:1]
    return [{"name": f["name"], "args": _instance(f.get("parametersJsonSchema") or f.get("parameters") or {})} for f in wanted]


def _instance(schema: dict) -> object:
    return instance_of(schema, schema)


def _text(body: dict, behaviour: Behaviour) -> str:
    if behaviour.answer is not None:
        return behaviour.answer
    config = body.get("generationConfig", {})
    if schema := config.get("responseJsonSchema") or config.get("responseSchema"):
        return json.dumps(_instance(schema))
    results = [p["functionResponse"]["response"] for p in body["contents"][-1]["parts"] if "functionResponse" in p]
    if results:
        return f"The tool said: {results[0].get('result', results[0])}"
    media = sum("inlineData" in p or "fileData" in p for c in body["contents"] for p in c["parts"])
    return f"You said: {_last_user_text(body)}" + (f" I see {media} image(s)." if media else "")


def _reply(body: dict, behaviour: Behaviour, model: str) -> list[dict]:
    """The answers of a stream; a whole answer is their sum."""
    modalities = body.get("generationConfig", {}).get("responseModalities", [])
    parts: list[dict] = []
    if behaviour.reasoning is not None:
        parts.append({"text": behaviour.reasoning, "thought": True})
    calls = _calls(body, behaviour)
    for number, call in enumerate(calls):
        parts.append({"functionCall": {**call, "id": f"fc{number}"}, **({"thoughtSignature": "c2lnbmF0dXJl"} if number == 0 else {})})
    if "AUDIO" in modalities:
        sound = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": base64.b64encode(PCM).decode()}}
        parts += [sound, sound]
    elif "IMAGE" in modalities:
        parts.append({"inlineData": {"mimeType": "image/png", "data": PNG}})
    elif not calls:
        if behaviour.big_event_bytes:
            parts.append({"text": "x" * behaviour.big_event_bytes})
        parts += [{"text": word} for word in re.findall(r"\s*\S+\s*$|\s*\S+", _text(body, behaviour))]
    prompt = sum(count_tokens(_texts(c)) for c in body["contents"])
    said = sum(count_tokens(p.get("text", "")) for p in parts if not p.get("thought")) + len(calls)
    usage = {"promptTokenCount": prompt, "candidatesTokenCount": said, "totalTokenCount": prompt + said}
    usage = usage if behaviour.usage is None else {} if behaviour.usage == "missing" else behaviour.usage
    answers = [{"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]} for part in parts]
    answers = answers or [{"candidates": [{"content": {"role": "model"}, "index": 0}]}]
    answers[-1]["candidates"][0]["finishReason"] = behaviour.finish_reason or "STOP"
    if usage:
        answers[-1]["usageMetadata"] = usage
    return [{**answer, "modelVersion": model, "responseId": "resp-test", **behaviour.extra} for answer in answers]


def _joined(reply: list[dict]) -> dict:
    whole = json.loads(json.dumps(reply[-1]))
    whole["candidates"][0]["content"]["parts"] = [p for a in reply for p in a["candidates"][0]["content"].get("parts", [])]
    return whole


def _stream(reply: list[dict], behaviour: Behaviour, sse: bool) -> Answer:
    if not sse:
        return _billed(json_answer(reply), reply[-1])

    def frames() -> Iterator[Frame]:
        number = 0
        while True:
            for answer in reply[:-1] if behaviour.endless and len(reply) > 1 else reply:
                if behaviour.error_at == number:
                    error = behaviour.error or {"code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE"}
                    yield _event({"error": error})
                    return
                yield _event(answer, True)
                number += 1
            if not behaviour.endless:
                return

    verbatim = behaviour.frames and [Frame(text.encode(), is_content='"text"' in text) for text in behaviour.frames]
    return _billed(Answer(content_type="text/event-stream", frames=verbatim or frames()), reply[-1])


def _event(value: object, is_content: bool = False) -> Frame:
    return Frame(b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\r\n\r\n", is_content)


def _billed(answer: Answer, last: dict) -> Answer:
    usage = last.get("usageMetadata", {})
    if isinstance(usage, dict):
        counts = (usage.get("promptTokenCount", 0), usage.get("candidatesTokenCount", 0))
        answer.prompt_tokens, answer.completion_tokens = (c if isinstance(c, int) and 0 <= c < 10**9 else 0 for c in counts)
    return answer


def _embeddings(body: dict) -> Answer:
    requests = body.get("requests", [body])
    values = [{"values": vector(_texts(r["content"]), r.get("outputDimensionality", 8))} for r in requests]
    return json_answer({"embeddings": values} if "requests" in body else {"embedding": values[0]})


def _predict(body: dict) -> Answer:
    if "prompt" in body["instances"][0]:
        picture = {"mimeType": "image/png", "bytesBase64Encoded": PNG}
        return json_answer({"predictions": [picture] * body["parameters"]["sampleCount"]})
    dimensions = body.get("parameters", {}).get("outputDimensionality", 8)
    return json_answer({"predictions": [
        {"embeddings": {"values": vector(i["content"], dimensions), "statistics": {"token_count": count_tokens(i["content"])}}}
        for i in body["instances"]]})
