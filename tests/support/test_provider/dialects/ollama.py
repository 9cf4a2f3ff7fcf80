"""Ollama's own API: /api/chat whole and as lines of JSON, /api/embed; strict about what the real one cannot read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ..answer import Answer, Frame, json_answer
from ..behaviour import Behaviour
from ..http_wire import Request
from .openai import vector
from .openai_chat import count_tokens, instance_of

_ROUTE = re.compile(r"/api/(chat|embed)$")
_MEMBERS = {"model", "messages", "tools", "format", "options", "stream", "keep_alive", "think", "logprobs", "top_logprobs"}
_OPTIONS = {"temperature", "top_p", "top_k", "min_p", "seed", "frequency_penalty", "presence_penalty", "repeat_penalty", "num_predict", "stop", "num_ctx"}
_SAID = {401: "unauthorized", 404: 'model "x" not found, try pulling it first', 429: "too many requests", 500: "llama runner process has terminated",
         503: "server busy, please try again.  maximum pending requests exceeded"}


class Ollama:
    """Serves its paths under any prefix."""

    def __init__(self, models: list[str], say=None) -> None:
        del models, say

    def serves(self, request: Request) -> bool:
        return request.method == "POST" and _ROUTE.search(request.path) is not None

    def describe(self, request: Request) -> dict:
        body = request.json()
        streams = _ROUTE.search(request.path)[1] == "chat"
        return {"model": str(body.get("model", "")), "stream": streams and body.get("stream") is not False} if isinstance(body, dict) else {}

    def refusal(self, status: int) -> Answer:
        return refusal(status, _SAID.get(status, f"The test provider was told to answer {status}"))

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        body = request.json()
        if not isinstance(body, dict) or not body.get("model"):
            return refusal(400, "model is required")
        if _ROUTE.search(request.path)[1] == "embed":
            return _embeddings(body)
        if complaint := _complaint_about(body):
            return refusal(400, complaint)
        if behaviour.error is not None and behaviour.error_at is None:
            return json_answer({"error": behaviour.error})
        messages = list(_messages(body, behaviour))
        counts = _counts(body, messages, behaviour)
        reason = behaviour.finish_reason or "stop"
        last = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": reason, "total_duration": 5, **counts, **behaviour.extra}
        answer = _whole(body, messages, last) if body.get("stream") is False else _stream(body, messages, last, behaviour)
        answer.prompt_tokens, answer.completion_tokens = counts.get("prompt_eval_count", 0), counts.get("eval_count", 0)
        return answer


def refusal(status: int, message: str) -> Answer:
    return json_answer({"error": message}, status)


def _complaint_about(body: dict) -> str | None:
    if unknown := (set(body) - _MEMBERS) | (set(body.get("options", {})) - _OPTIONS):
        return f"invalid option provided: {sorted(unknown)[0]}"
    for message in body.get("messages", []):
        if message.get("role") not in ("system", "user", "assistant", "tool") or not isinstance(message.get("content", ""), str):
            return "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string"
        if not all(isinstance(call["function"]["arguments"], dict) for call in message.get("tool_calls", [])):
            return "json: cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls.function.arguments"
    return None if body.get("messages") else "messages are required"


def _last_user_text(body: dict) -> str:
    return next((m["content"] for m in reversed(body["messages"]) if m["role"] == "user"), "")


def _calls(body: dict, behaviour: Behaviour) -> list[dict]:
    if behaviour.tool_calls is not None:
        return [{"function": {"name": call["name"], "arguments": json.loads(call.get("arguments", "{}"))}} for call in behaviour.tool_calls]
    functions = [tool["function"] for tool in body.get("tools", [])]
    if not functions or behaviour.answer is not None or body["messages"][-1]["role"] == "tool":
        return []
    wanted = functions if "parallel" in _last_user_text(body) else functions[:1]
    return [{"function": {"index": i, "name": f["name"], "arguments": instance_of(f["parameters"], f["parameters"])}} for i, f in enumerate(wanted)]


def _text(body: dict, behaviour: Behaviour) -> str:
    if behaviour.answer is not None:
        return behaviour.answer
    form, last = body.get("format"), body["messages"][-1]
    if form:
        return json.dumps({"said": _last_user_text(body)} if form == "json" else instance_of(form, form))
    if last["role"] == "tool":
        return f"The tool said: {last['content']}"
    images = sum(len(message.get("images", [])) for message in body["messages"])
    return f"You said: {_last_user_text(body)}" + (f" I see {images} image(s)." if images else "")


def _messages(body: dict, behaviour: Behaviour) -> Iterator[dict]:
    """What a stream says, one piece after the other."""
    if behaviour.reasoning is not None or body.get("think"):
        yield {"role": "assistant", "content": "", "thinking": behaviour.reasoning or "hm"}
    if behaviour.big_event_bytes:
        yield {"role": "assistant", "content": "x" * behaviour.big_event_bytes}
    if calls := _calls(body, behaviour):
        yield from ({"role": "assistant", "content": "", "tool_calls": [call]} for call in calls)
        return
    yield from ({"role": "assistant", "content": word} for word in re.findall(r"\s*\S+\s*$|\s*\S+", _text(body, behaviour)))


def _counts(body: dict, messages: list[dict], behaviour: Behaviour) -> dict:
    if behaviour.usage is not None:
        return {} if behaviour.usage == "missing" else dict(behaviour.usage)
    said = sum(count_tokens(m["content"]) + len(m.get("tool_calls", [])) for m in messages)
    return {"prompt_eval_count": sum(count_tokens(m.get("content", "")) for m in body["messages"]), "eval_count": said}


def _head(body: dict) -> dict:
    return {"model": body["model"], "created_at": "2026-01-01T00:00:00.000000Z"}


def _whole(body: dict, messages: list[dict], last: dict) -> Answer:
    message: dict = {"role": "assistant", "content": "".join(m["content"] for m in messages)}
    if thought := "".join(m.get("thinking", "") for m in messages):
        message["thinking"] = thought
    if calls := [call for m in messages for call in m.get("tool_calls", [])]:
        message["tool_calls"] = calls
    return json_answer({**_head(body), **last, "message": message})


def _stream(body: dict, messages: list[dict], last: dict, behaviour: Behaviour) -> Answer:
    def lines() -> Iterator[Frame]:
        number = 0
        while True:
            for said in [*({"message": m, "done": False} for m in messages), *([] if behaviour.endless else [last])]:
                if behaviour.error_at == number:
                    yield _line({"error": behaviour.error or "an error was encountered while running the model: CUDA error"})
                    return
                yield _line({**_head(body), **said}, not said["done"])
                number += 1
            if not behaviour.endless:
                return

    verbatim = behaviour.frames and [Frame(text.encode(), is_content='"content"' in text) for text in behaviour.frames]
    return Answer(content_type="application/x-ndjson", frames=verbatim or lines())


def _line(value: dict, is_content: bool = False) -> Frame:
    return Frame(json.dumps(value, ensure_ascii=False).encode() + b"\n", is_content)


def _embeddings(body: dict) -> Answer:
    texts = [body["input"]] if isinstance(body.get("input"), str) else body.get("input", [])
    vectors = [vector(text, body.get("dimensions", 8)) for text in texts]
    return json_answer({"model": body["model"], "embeddings": vectors, "prompt_eval_count": sum(count_tokens(text) for text in texts)})
