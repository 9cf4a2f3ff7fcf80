"""Anthropic's Messages API, there and on Vertex AI: whole and streamed; strict as the real one is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ..answer import Answer, Frame, json_answer
from ..behaviour import Behaviour
from ..http_wire import Request
from .anthropic_request import complaint_about, texts_of
from .openai_chat import count_tokens, instance_of

_MESSAGES = re.compile(r"/messages$")
_VERTEX = re.compile(r"/(?P<model>[^/]+):(?P<verb>rawPredict|streamRawPredict)$")

_TYPES = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
          413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 504: "timeout_error", 529: "overloaded_error"}
_SAID = {401: "invalid x-api-key", 404: "model: x", 429: "This request would exceed your account's rate limit.", 529: "Overloaded"}


class Anthropic:
    """Serves its paths under any prefix."""

    def __init__(self, models: list[str], say=None) -> None:
        del models, say

    def serves(self, request: Request) -> bool:
        return request.method == "POST" and (_MESSAGES.search(request.path) or _VERTEX.search(request.path)) is not None

    def describe(self, request: Request) -> dict:
        body = request.json()
        if not isinstance(body, dict):
            return {}
        found = _VERTEX.search(request.path)
        return {"model": found["model"] if found else str(body.get("model", "")), "stream": body.get("stream") is True}

    def refusal(self, status: int) -> Answer:
        return refusal(status, _SAID.get(status, f"The test provider was told to answer {status}"))

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        found = _VERTEX.search(request.path)
        body = request.json()
        if not isinstance(body, dict):
            return refusal(400, "The request body is not valid JSON")
        if complaint := complaint_about(body, dict((k.lower(), v) for k, v in request.headers), found is not None):
            return refusal(400, complaint)
        if behaviour.error is not None and behaviour.error_at is None:
            return json_answer({"type": "error", "error": behaviour.error})
        message = _message(body, behaviour, found["model"] if found else body["model"])
        streamed = found["verb"] == "streamRawPredict" if found else body.get("stream") is True
        return _billed(_stream(message, behaviour) if streamed else json_answer(message), message["usage"])


def refusal(status: int, message: str) -> Answer:
    error = {"type": _TYPES.get(status, "api_error"), "message": message}
    return json_answer({"type": "error", "error": error, "request_id": "req_test"}, status)


def _last(body: dict, kind: str) -> list[dict]:
    content = body["messages"][-1]["content"]
    return [] if isinstance(content, str) else [b for b in content if b["type"] == kind]


def _last_user_text(body: dict) -> str:
    spoken = [texts_of(m["content"]) for m in body["messages"] if m["role"] == "user"]
    return next((text for text in reversed(spoken) if text), "")


def _calls(body: dict, behaviour: Behaviour) -> list[dict]:
    if behaviour.tool_calls is not None:
        return [{"type": "tool_use", "id": c.get("id", f"toolu_test{i}"), "name": c["name"], "input": json.loads(c.get("arguments", "{}"))}
                for i, c in enumerate(behaviour.tool_calls)]
    tools = [t for t in body.get("tools", []) if "input_schema" in t]
    choice = body.get("tool_choice", {"type": "auto"})
    forced = choice["type"] in ("any", "tool")
    if not tools or choice["type"] == "none" or behaviour.answer is not None or (_last(body, "tool_result") and not forced):
        return []
    if choice["type"] == "tool":
        tools = [t for t in tools if t["name"] == choice["name"]]
    elif _last(body, "tool_result"):  # there has to be a call: the last tool is the one that answers
        tools = tools[-1:]
    several = "parallel" in _last_user_text(body) and not choice.get("disable_parallel_tool_use")
    return [{"type": "tool_use", "id": f"toolu_test{i}", "name": t["name"], "input": instance_of(t["input_schema"], t["input_schema"])}
            for i, t in enumerate(tools if several else tools[:1])]


def _text(body: dict, behaviour: Behaviour) -> str:
    if behaviour.answer is not None:
        return behaviour.answer
    if form := body.get("output_config", {}).get("format"):
        return json.dumps(instance_of(form["schema"], form["schema"]))
    if "JSON object" in texts_of(body.get("system", "")):
        return "```json\n" + json.dumps({"said": _last_user_text(body)}) + "\n```"
    if results := _last(body, "tool_result"):
        return f"The tool said: {texts_of(results[0].get('content', ''))}"
    media = sum(b["type"] in ("image", "document") for m in body["messages"] if isinstance(m["content"], list) for b in m["content"])
    return f"You said: {_last_user_text(body)}" + (f" I see {media} image(s)." if media else "")


def _message(body: dict, behaviour: Behaviour, model: str) -> dict:
    content: list[dict] = []
    thinks = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
    if behaviour.reasoning is not None or thinks:
        content.append({"type": "thinking", "thinking": behaviour.reasoning or "hm", "signature": "c2lnbmVk"})
    calls = _calls(body, behaviour)
    if behaviour.big_event_bytes:
        content.append({"type": "text", "text": "x" * behaviour.big_event_bytes})
    content += calls or [{"type": "text", "text": _text(body, behaviour)}]
    prompt = sum(count_tokens(texts_of(m["content"])) for m in body["messages"])
    said = sum(count_tokens(b.get("text", "")) for b in content) + len(calls)
    usage = {"input_tokens": prompt, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": said}
    usage = usage if behaviour.usage is None else {} if behaviour.usage == "missing" else behaviour.usage
    return {"id": "msg_test", "type": "message", "role": "assistant", "model": model, "content": content,
            "stop_reason": behaviour.finish_reason or ("tool_use" if calls else "end_turn"), "stop_sequence": None, "usage": usage,
            **behaviour.extra}


def _deltas(block: dict, endless: bool) -> Iterator[dict]:
    if block["type"] == "text":
        while True:
            yield from ({"type": "text_delta", "text": piece} for piece in re.findall(r"\s*\S+\s*$|\s*\S+", block["text"]))
            if not endless:
                return
    elif block["type"] == "thinking":
        yield {"type": "thinking_delta", "thinking": block["thinking"]}
        yield {"type": "signature_delta", "signature": block["signature"]}
    else:
        text = json.dumps(block["input"])
        yield from ({"type": "input_json_delta", "partial_json": piece} for piece in ["", *(text[i : i + 5] for i in range(0, len(text), 5))])


_EMPTY = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}, "tool_use": {"input": {}}}


def _events(message: dict, behaviour: Behaviour) -> Iterator[tuple[dict, bool]]:
    usage = message["usage"]
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1} if usage else {}}}, False
    yield {"type": "ping"}, False
    for index, block in enumerate(message["content"]):
        yield {"type": "content_block_start", "index": index, "content_block": {**block, **_EMPTY[block["type"]]}}, False
        for delta in _deltas(block, behaviour.endless):
            yield {"type": "content_block_delta", "index": index, "delta": delta}, True
        yield {"type": "content_block_stop", "index": index}, False
    yield {"type": "message_delta", "delta": {"stop_reason": message["stop_reason"], "stop_sequence": None}, "usage": usage}, False
    yield {"type": "message_stop"}, False


def _stream(message: dict, behaviour: Behaviour) -> Answer:
    def frames() -> Iterator[Frame]:
        for number, (event, is_content) in enumerate(_events(message, behaviour)):
            if behaviour.error_at == number:
                yield _frame({"type": "error", "error": behaviour.error or {"type": "overloaded_error", "message": "Overloaded"}})
                return
            yield _frame(event, is_content)

    verbatim = behaviour.frames and [Frame(text.encode(), is_content="_delta" in text) for text in behaviour.frames]
    return Answer(content_type="text/event-stream; charset=utf-8", frames=verbatim or frames())


def _frame(event: dict, is_content: bool = False) -> Frame:
    return Frame(f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode(), is_content)


def _billed(answer: Answer, usage: object) -> Answer:
    if isinstance(usage, dict):
        counts = (usage.get("input_tokens", 0), usage.get("output_tokens", 0))
        answer.prompt_tokens, answer.completion_tokens = (c if isinstance(c, int) and 0 <= c < 10**9 else 0 for c in counts)
    return answer
