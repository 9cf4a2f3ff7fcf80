"""Bedrock's Converse and ConverseStream: event-stream frames with both checksums, signatures checked, strict as the real one is."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import re
import struct
from collections.abc import Iterator
from urllib.parse import quote, unquote

from ..answer import Answer, Frame, json_answer
from ..behaviour import Behaviour
from ..http_wire import Request
from .openai_chat import count_tokens, instance_of

ACCESS_KEY, SECRET_KEY, SESSION = "AKIDTESTPROVIDER0001", "test/secret+access/key/of/the/provider01", "test-session-token-0001"

_ROUTE = re.compile(r"/model/(?P<model>[^/]+)/(?P<verb>converse|converse-stream|invoke)$")
_TYPES = {400: "ValidationException", 403: "ExpiredTokenException", 404: "ResourceNotFoundException", 408: "ModelTimeoutException",
          424: "ModelErrorException", 429: "ThrottlingException", 500: "InternalServerException", 503: "ServiceUnavailableException"}
_BLOCKS = {"text", "image", "document", "video", "audio", "toolUse", "toolResult", "cachePoint", "reasoningContent", "guardContent"}
_MEMBERS = {"messages", "system", "inferenceConfig", "toolConfig", "additionalModelRequestFields", "outputConfig", "guardrailConfig",
            "requestMetadata", "serviceTier", "performanceConfig", "promptVariables", "additionalModelResponseFieldPaths"}


class Bedrock:
    """Serves its paths under any prefix."""

    def __init__(self, models: list[str], say=None) -> None:
        del models, say

    def serves(self, request: Request) -> bool:
        return request.method == "POST" and _ROUTE.search(request.path) is not None

    def describe(self, request: Request) -> dict:
        found = _ROUTE.search(request.path)
        return {"model": unquote(found["model"]), "stream": found["verb"] == "converse-stream"}

    def refusal(self, status: int) -> Answer:
        return refusal(status, f"The test provider was told to answer {status}")

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        found = _ROUTE.search(request.path)
        if complaint := complaint_about_signature(request):
            return refusal(403, complaint, "InvalidSignatureException")
        body = request.json()
        if not isinstance(body, dict):
            return refusal(400, "The request body is not valid JSON")
        if found["verb"] == "invoke":
            return _invoke(body, unquote(found["model"]))
        if complaint := complaint_about(body):
            return refusal(400, complaint)
        content, reason = _content(body, behaviour)
        usage = _usage(body, content, behaviour)
        if found["verb"] == "converse":
            message = {"role": "assistant", "content": content}
            answer = json_answer({"metrics": {"latencyMs": 1}, "output": {"message": message}, "stopReason": reason, **usage, **behaviour.extra})
        else:
            answer = _stream(content, reason, usage, behaviour)
        said = usage.get("usage")
        if isinstance(said, dict):
            counts = (said.get("inputTokens", 0), said.get("outputTokens", 0))
            answer.prompt_tokens, answer.completion_tokens = (c if isinstance(c, int) and 0 <= c < 10**9 else 0 for c in counts)
        return answer


def refusal(status: int, message: str, kind: str | None = None) -> Answer:
    kind = kind or _TYPES.get(status, "InternalServerException")
    return json_answer({"message": message}, status, [("x-amzn-ErrorType", f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/")])


def complaint_about_signature(request: Request) -> str:
    """Signature Version 4, computed anew from what arrived; a bearer token passes as it is."""
    given = request.header("authorization")
    if given.startswith("Bearer "):
        return ""
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", given)
    if not found:
        return "The request has no signature of version 4"
    key, day, region, service, names, signature = found.groups()
    if (key, service) != (ACCESS_KEY, "bedrock") or request.header("x-amz-security-token") not in ("", SESSION):
        return "The security token included in the request is invalid."
    unsigned = {name.lower() for name, _ in request.headers if name.lower().startswith("x-amz-")} - set(names.split(";"))
    if unsigned or "host" not in names.split(";"):
        return f"These headers have to be signed: {sorted(unsigned) or 'host'}"
    payload = hashlib.sha256(request.body).hexdigest()
    if request.header("x-amz-content-sha256", payload) != payload:
        return "The provided x-amz-content-sha256 is not the body's"
    headers = "".join(f"{name}:{' '.join(request.header(name).split())}\n" for name in names.split(";"))
    canonical = "\n".join([request.method, quote(request.path, safe="/-_.~"), "", headers, names, payload])
    date = request.header("x-amz-date")
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, f"{day}/{region}/{service}/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
    signing = ("AWS4" + SECRET_KEY).encode()
    for part in (day, region, service, "aws4_request"):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    right = hmac.new(signing, to_sign.encode(), hashlib.sha256).hexdigest()
    return "" if right == signature and date.startswith(day) else "The request signature we calculated does not match the signature you provided."


def complaint_about(body: dict) -> str:
    if unknown := set(body) - _MEMBERS:
        return f"Unknown members {sorted(unknown)}"
    messages = body.get("messages") or []
    if not messages or messages[0].get("role") != "user":
        return "A conversation must start with a user message. Try again with a conversation that starts with a user message."
    has_tools = False
    for number, message in enumerate(messages):
        if number and message["role"] == messages[number - 1]["role"]:
            return "roles must alternate between user and assistant"
        if not message.get("content"):
            return f"The content field in the Message object at messages.{number} is empty."
        for block in message["content"]:
            if len(block) != 1 or not set(block) <= _BLOCKS:
                return f"ContentBlock must set one of the known members, not {sorted(block)}"
            if "text" in block and not block["text"].strip():
                return "The text field in the ContentBlock object is blank."
            has_tools = has_tools or "toolUse" in block or "toolResult" in block
    if has_tools and not body.get("toolConfig", {}).get("tools"):
        return "The toolConfig field must be defined when using toolUse and toolResult content blocks."
    config = body.get("inferenceConfig", {})
    if not 0 <= config.get("temperature", 0) <= 1:
        return "temperature must be between 0 and 1"
    return ""


def _texts(blocks: list[dict]) -> str:
    return " ".join(block["text"] for block in blocks if "text" in block)


def _last_user_text(body: dict) -> str:
    spoken = [_texts(m["content"]) for m in body["messages"] if m["role"] == "user"]
    return next((text for text in reversed(spoken) if text), "")


def _calls(body: dict, behaviour: Behaviour, results: list[dict]) -> list[dict]:
    if behaviour.tool_calls is not None:
        return [{"toolUse": {"toolUseId": c.get("id", f"tooluse_test{i}"), "name": c["name"], "input": json.loads(c.get("arguments", "{}"))}}
                for i, c in enumerate(behaviour.tool_calls)]
    config = body.get("toolConfig", {})
    specs = [t["toolSpec"] for t in config.get("tools", []) if "toolSpec" in t]
    choice = config.get("toolChoice", {"auto": {}})
    if not specs or behaviour.answer is not None or (results and "auto" in choice):
        return []
    if "tool" in choice:
        specs = [s for s in specs if s["name"] == choice["tool"]["name"]]
    wanted = specs if "parallel" in _last_user_text(body) else specs[-1:] if "any" in choice else specs[:1]
    return [{"toolUse": {"toolUseId": f"tooluse_test{i}", "name": s["name"], "input": instance_of(s["inputSchema"]["json"], s["inputSchema"]["json"])}}
            for i, s in enumerate(wanted)]


def _text(body: dict, behaviour: Behaviour, results: list[dict]) -> str:
    if behaviour.answer is not None:
        return behaviour.answer
    if form := body.get("outputConfig", {}).get("textFormat"):
        schema = json.loads(form["structure"]["jsonSchema"]["schema"])
        return json.dumps(instance_of(schema, schema))
    if results:
        return f"The tool said: {_texts(results[0]['content'])}"
    media = sum(bool({"image", "document"} & set(b)) for m in body["messages"] for b in m["content"])
    return f"You said: {_last_user_text(body)}" + (f" I see {media} image(s)." if media else "")


def _content(body: dict, behaviour: Behaviour) -> tuple[list[dict], str]:
    results = [b["toolResult"] for b in body["messages"][-1]["content"] if "toolResult" in b]
    calls = _calls(body, behaviour, results)
    content: list[dict] = []
    if behaviour.reasoning is not None or "thinking" in body.get("additionalModelRequestFields", {}):
        content.append({"reasoningContent": {"reasoningText": {"text": behaviour.reasoning or "hm", "signature": "c2lnbmVk"}}})
    content += calls or [{"text": "x" * behaviour.big_event_bytes + _text(body, behaviour, results)}]
    return content, behaviour.finish_reason or ("tool_use" if calls else "end_turn")


def _usage(body: dict, content: list[dict], behaviour: Behaviour) -> dict:
    if behaviour.usage == "missing":
        return {}
    prompt = sum(count_tokens(_texts(m["content"])) for m in body["messages"])
    said = sum(count_tokens(b.get("text", "")) or 1 for b in content)
    honest = {"inputTokens": prompt, "outputTokens": said, "totalTokens": prompt + said}
    return {"usage": honest if behaviour.usage is None else behaviour.usage}


def _deltas(block: dict, endless: bool) -> Iterator[dict]:
    if "text" in block:
        while True:
            yield from ({"text": piece} for piece in re.findall(r"\s*\S+\s*$|\s*\S+", block["text"]))
            if not endless:
                return
    elif "reasoningContent" in block:
        thought = block["reasoningContent"]["reasoningText"]
        yield {"reasoningContent": {"text": thought["text"]}}
        yield {"reasoningContent": {"signature": thought["signature"]}}
    else:
        text = json.dumps(block["toolUse"]["input"])
        yield from ({"toolUse": {"input": text[i : i + 5]}} for i in range(0, len(text), 5))


def _events(content: list[dict], reason: str, usage: dict, behaviour: Behaviour) -> Iterator[tuple[str, dict, bool]]:
    yield "messageStart", {"role": "assistant"}, False
    for index, block in enumerate(content):
        if "toolUse" in block:
            start = {name: block["toolUse"][name] for name in ("toolUseId", "name")}
            yield "contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": start}}, False
        for delta in _deltas(block, behaviour.endless):
            yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta, "p": "abcdefg"}, True
        yield "contentBlockStop", {"contentBlockIndex": index}, False
    yield "messageStop", {"stopReason": reason}, False
    yield "metadata", {"metrics": {"latencyMs": 1}, **usage}, False


def _stream(content: list[dict], reason: str, usage: dict, behaviour: Behaviour) -> Answer:
    def frames() -> Iterator[Frame]:
        for number, (kind, event, is_content) in enumerate(_events(content, reason, usage, behaviour)):
            if behaviour.error_at == number:
                error = behaviour.error or {"type": "throttlingException", "message": "Too many requests, please wait before trying again."}
                yield Frame(message({":message-type": "exception", ":exception-type": error["type"]}, {"message": error["message"]}))
                return
            yield Frame(message({":message-type": "event", ":event-type": kind}, event), is_content)

    verbatim = behaviour.frames and [Frame(text.encode("latin-1"), is_content=True) for text in behaviour.frames]
    return Answer(content_type="application/vnd.amazon.eventstream", frames=verbatim or frames())


def message(headers: dict[str, str], payload: object) -> bytes:
    """One message of the event stream encoding: lengths, their checksum, headers, payload, the checksum of it all."""
    fields = b""
    for name, value in {":content-type": "application/json", **headers}.items():
        fields += struct.pack(">B", len(name)) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    body = json.dumps(payload, ensure_ascii=False).encode()
    head = struct.pack(">II", len(fields) + len(body) + 16, len(fields))
    whole = head + struct.pack(">I", binascii.crc32(head)) + fields + body
    return whole + struct.pack(">I", binascii.crc32(whole))


def _invoke(body: dict, model: str) -> Answer:
    if "inputText" in body:
        return json_answer({"embedding": [0.5, -1.0], "inputTextTokenCount": count_tokens(body["inputText"])})
    if "texts" in body:
        return json_answer({"embeddings": {"float": [[float(i), 1.0] for i, _ in enumerate(body["texts"])]}})
    if "documents" in body:
        return json_answer({"results": [{"index": i, "relevance_score": 1 / (2 + i)} for i, _ in enumerate(body["documents"])]})
    if "textToImageParams" in body:
        return json_answer({"images": ["aGk="] * body["imageGenerationConfig"]["numberOfImages"], "error": None})
    return refusal(400, f"Malformed input request for {model}")
