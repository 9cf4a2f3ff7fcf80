"""IBM's watsonx.ai: an API key is exchanged for a token, chat is OpenAI's with names of its own, embeddings and rerank are not."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs

from ..answer import Answer, Frame, json_answer
from ..behaviour import Behaviour
from ..http_wire import Request
from . import openai_chat, openai_stream
from .openai import vector
from .openai_chat import count_tokens

API_KEY, TOKEN = "wx-secret-api-key-0001", "eyJ.test-iam-token.0001"

_ROUTE = re.compile(r"/ml/v1/text/(chat|chat_stream|embeddings|rerank)$")
_IAM = re.compile(r"/identity/token$")
_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
_UNKNOWN = {"model", "stream", "stream_options", "user", "store", "metadata"}
_CODES = {400: "invalid_request_entity", 401: "authentication_token_expired", 403: "authorization_rejected", 404: "model_not_supported",
          429: "consumption_limit_reached", 500: "internal_error", 503: "downstream_request_failed"}


class Watsonx:
    """Serves its paths and IAM's under any prefix."""

    def __init__(self, models: list[str], say=None) -> None:
        del models
        self._say = say or openai_chat.default_text

    def serves(self, request: Request) -> bool:
        return request.method == "POST" and (_ROUTE.search(request.path) or _IAM.search(request.path)) is not None

    def describe(self, request: Request) -> dict:
        found, body = _ROUTE.search(request.path), request.json()
        return {"model": str(body.get("model_id", "")), "stream": found[1] == "chat_stream"} if found and isinstance(body, dict) else {}

    def refusal(self, status: int) -> Answer:
        return refusal(status, f"The test provider was told to answer {status}")

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        found = _ROUTE.search(request.path)
        if found is None:
            return _token(request)
        if request.header("authorization") != f"Bearer {TOKEN}":
            return refusal(401, "Failed to authenticate the request due to an expired token")
        body = request.json()
        if not isinstance(body, dict) or not body.get("model_id"):
            return refusal(400, "Json document validation error: model_id cannot be blank")
        if ("project_id" in body) == ("space_id" in body):
            return refusal(400, "Json document validation error: exactly one of project_id and space_id is wanted")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", request.query.get("version", "")):
            return refusal(400, "The request has no version")
        if found[1] == "embeddings":
            return _embeddings(body)
        if found[1] == "rerank":
            return _rerank(body)
        if wrong := sorted(_UNKNOWN & set(body)) or (["tool_choice"] if isinstance(body.get("tool_choice"), str) else []):
            return refusal(400, f"Json document validation error: {wrong[0]} is not a known field")
        return self._chat(body, behaviour, found[1] == "chat_stream")

    def _chat(self, body: dict, behaviour: Behaviour, streamed: bool) -> Answer:
        option = {"tool_choice": body["tool_choice_option"]} if "tool_choice_option" in body else {}
        asked = {**body, **option, "model": body["model_id"], "stream_options": {"include_usage": True}}
        reply = openai_chat.reply_to(asked, behaviour, self._say)
        if not streamed:
            answer = openai_chat.whole(reply, asked)
            answer.body = json.dumps(_in_own_words(json.loads(answer.body))).encode()
            return answer
        answer = openai_stream.stream(reply, asked, behaviour)
        answer.frames = (frame for number, given in enumerate(answer.frames) for frame in _own_event(number, given))
        return answer


def refusal(status: int, message: str) -> Answer:
    code = _CODES.get(status, "internal_error")
    return json_answer({"errors": [{"code": code, "message": message}], "trace": "test", "status_code": status}, status)


def _token(request: Request) -> Answer:
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    if form != {"grant_type": _GRANT, "apikey": API_KEY}:
        return json_answer({"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}, 400)
    return json_answer({"access_token": TOKEN, "refresh_token": "not_supported", "token_type": "Bearer", "expires_in": 3600, "expiration": 2_000_000_000})


def _in_own_words(value: dict) -> dict:
    """OpenAI's answer as IBM writes it. Its descriptions know no `object`, which is left out for models with a name that ends with -bare."""
    if "choices" not in value:
        return value
    left_out = {"system_fingerprint", *(["object"] if value["model"].endswith("-bare") else [])}
    kept = {name: member for name, member in value.items() if name not in left_out}
    return {**kept, "model_id": value["model"], "created_at": "2026-01-01T00:00:00.000Z"}


def _own_event(number: int, frame: Frame) -> list[Frame]:
    """An event with an id, and no [DONE] at the end."""
    data = frame.data.strip().removeprefix(b"data: ")
    if data == b"[DONE]":
        return []
    return [Frame(f"id: {number + 1}\nevent: message\ndata: {json.dumps(_in_own_words(json.loads(data)))}\n\n".encode(), frame.is_content)]


def _embeddings(body: dict) -> Answer:
    results = [{"embedding": vector(text, 8), "input": text} for text in body["inputs"]]
    count = sum(count_tokens(text) for text in body["inputs"])
    return json_answer({"model_id": body["model_id"], "created_at": "2026-01-01T00:00:00.000Z", "results": results, "input_token_count": count})


def _rerank(body: dict) -> Answer:
    wanted = body.get("parameters", {}).get("return_options", {})
    words = set(body["query"].split())
    ranked = sorted(((len(words & set(d["text"].split())) / 10, i) for i, d in enumerate(body["inputs"])), reverse=True)
    results = [{"index": i, "score": score, **({"input": body["inputs"][i]} if wanted.get("inputs") else {})} for score, i in ranked]
    count = sum(count_tokens(d["text"]) for d in body["inputs"])
    return json_answer({"model_id": body["model_id"], "results": results[: wanted.get("top_n") or len(results)], "input_token_count": count})
