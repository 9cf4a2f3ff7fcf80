"""Cohere's API v2: chat whole and streamed, embeddings, rerank; strict about what the real one refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ..answer import Answer, Frame, json_answer
from ..behaviour import Behaviour
from ..http_wire import Request
from .openai import vector
from .openai_chat import count_tokens, instance_of, last_user_text, message_text

_ROUTE = re.compile(r"/v2/(chat|embed|rerank)$")

_CHAT_MEMBERS = {"model", "messages", "tools", "strict_tools", "documents", "citation_options", "response_format", "safety_mode", "max_tokens",
                 "stop_sequences", "temperature", "seed", "frequency_penalty", "presence_penalty", "k", "p", "logprobs", "tool_choice", "thinking",
                 "priority", "stream"}
_MESSAGES = {401: "invalid api token", 403: "you do not have access to this model", 404: "model 'x' not found, make sure the correct model ID was used",
             429: "You are using a Trial key, which is limited to 20 API calls / minute.", 500: "internal server error",
             503: "the service is overloaded, please try again later"}
_FINISH = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}


class Cohere:
    """Serves its paths under any prefix that ends with /v2."""

    def __init__(self, models: list[str], say=None) -> None:
        del models, say

    def serves(self, request: Request) -> bool:
        return request.method == "POST" and _ROUTE.search(request.path) is not None

    def describe(self, request: Request) -> dict:
        body = request.json()
        return {"model": str(body.get("model", "")), "stream": body.get("stream") is True} if isinstance(body, dict) else {}

    def refusal(self, status: int) -> Answer:
        return refusal(status, _MESSAGES.get(status, f"The test provider was told to answer {status}"))

    def answer(self, request: Request, behaviour: Behaviour) -> Answer:
        operation = _ROUTE.search(request.path)[1]
        body = request.json()
        if not isinstance(body, dict) or not isinstance(body.get("model"), str):
            return refusal(400, "model is a required field")
        if operation == "embed":
            return _embeddings(body)
        if operation == "rerank":
            return _rerank(body)
        if complaint := _complaint_about(body):
            return refusal(400, complaint)
        if behaviour.error is not None and behaviour.error_at is None:
            return json_answer(behaviour.error)
        reply = _reply(body, behaviour)
        return _stream(reply, behaviour) if body.get("stream") is True else _whole(reply, behaviour)


def refusal(status: int, message: str) -> Answer:
    return json_answer({"id": "error-test", "message": message}, status)


def _complaint_about(body: dict) -> str | None:
    if unknown := set(body) - _CHAT_MEMBERS:
        return f"unknown field: parameter '{sorted(unknown)[0]}' is not a valid field"
    if not isinstance(body.get("messages"), list) or not body["messages"]:
        return "invalid request: at least one message must be provided"
    known: set[str] = set()
    for number, message in enumerate(body["messages"]):
        role = message.get("role")
        if role not in ("system", "user", "assistant", "tool"):
            return f"invalid request: message at index {number} has an unknown role"
        known |= {call["id"] for call in message.get("tool_calls", [])}
        if role == "tool" and message.get("tool_call_id") not in known:
            return f"invalid request: tool_call_id of the message at index {number} names no earlier call"
        if role != "assistant" and "content" not in message:
            return f"invalid request: message at index {number} has no content"
    if body.get("tool_choice") not in (None, "REQUIRED", "NONE"):
        return "invalid request: tool_choice must be one of REQUIRED, NONE"
    if body.get("response_format", {}).get("type") == "json_object" and body.get("tools"):
        return "invalid request: response_format is not supported with tools"
    return None


def _calls(body: dict, behaviour: Behaviour) -> list[dict]:
    if behaviour.tool_calls is not None:
        return [{"id": f"call_test{i}", "arguments": "{}", **call} for i, call in enumerate(behaviour.tool_calls)]
    functions = [t["function"] for t in body.get("tools", [])]
    answered = body["messages"][-1]["role"] == "tool"
    if not functions or body.get("tool_choice") == "NONE" or behaviour.answer is not None or answered:
        return []
    wanted = functions if "parallel" in last_user_text(body) else functions[:1]
    return [{"id": f"{f['name']}_test{i}", "name": f["name"], "arguments": json.dumps(instance_of(f["parameters"], f["parameters"]))}
            for i, f in enumerate(wanted)]


def _text(body: dict, behaviour: Behaviour) -> str:
    if behaviour.answer is not None:
        return behaviour.answer
    form = body.get("response_format", {})
    if form.get("type") == "json_object":
        schema = form.get("schema") or form.get("json_schema")
        return json.dumps(instance_of(schema, schema) if schema else {"said": last_user_text(body)})
    last = body["messages"][-1]
    if last["role"] == "tool":
        return f"The tool said: {message_text(last)}"
    images = sum(part.get("type") == "image_url" for m in body["messages"] if isinstance(m.get("content"), list) for part in m["content"])
    return f"You said: {last_user_text(body)}" + (f" I see {images} image(s)." if images else "")


def _reply(body: dict, behaviour: Behaviour) -> dict:
    calls = _calls(body, behaviour)
    text = None if calls else _text(body, behaviour)
    prompt = sum(count_tokens(message_text(m)) for m in body["messages"])
    said = count_tokens(text or "") + len(calls)
    honest = {"billed_units": {"input_tokens": prompt, "output_tokens": said}, "tokens": {"input_tokens": prompt, "output_tokens": said}}
    usage = honest if behaviour.usage is None else {} if behaviour.usage == "missing" else behaviour.usage
    reason = behaviour.finish_reason or ("tool_calls" if calls else "stop")
    return {"text": text, "calls": calls, "reasoning": behaviour.reasoning, "usage": usage, "finish_reason": _FINISH.get(reason, reason),
            "plan": "I will use a tool." if calls else None, "billed": (prompt, said)}


def _function(call: dict, arguments: str) -> dict:
    return {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": arguments}}


def _billed(answer: Answer, reply: dict) -> Answer:
    answer.prompt_tokens, answer.completion_tokens = reply["billed"]
    return answer


def _whole(reply: dict, behaviour: Behaviour) -> Answer:
    content = [{"type": "thinking", "thinking": reply["reasoning"]}] if reply["reasoning"] is not None else []
    message: dict = {"role": "assistant"}
    if reply["text"] is not None:
        content.append({"type": "text", "text": reply["text"]})
    if content:
        message["content"] = content
    if reply["calls"]:
        message |= {"tool_plan": reply["plan"], "tool_calls": [_function(c, c["arguments"]) for c in reply["calls"]]}
    answer = {"id": "cohere-test", "message": message, "finish_reason": reply["finish_reason"], "usage": reply["usage"], **behaviour.extra}
    return _billed(json_answer(answer), reply)


def _block(index: int, kind: str, text: str) -> Iterator[tuple[dict, bool]]:
    def block(type_: str, content: dict | None) -> dict:
        return {"type": type_, "index": index, **({"delta": {"message": {"content": content}}} if content is not None else {})}

    yield block("content-start", {"type": kind, kind: ""}), False
    for word in re.findall(r"\s*\S+\s*$|\s*\S+", text):
        yield block("content-delta", {kind: word}), True
    yield block("content-end", None), False


def _events(reply: dict, behaviour: Behaviour) -> Iterator[tuple[dict, bool]]:
    start = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield {"id": "cohere-test", "type": "message-start", "delta": {"message": start}}, False
    if reply["reasoning"] is not None:
        yield from _block(0, "thinking", reply["reasoning"])
    if reply["plan"]:
        yield {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": reply["plan"]}}}, True
    if behaviour.big_event_bytes:
        yield from _block(1, "text", "x" * behaviour.big_event_bytes)
    while behaviour.endless:
        yield {"type": "content-delta", "index": 1, "delta": {"message": {"content": {"text": " and so on" * 20}}}}, True
    if reply["text"] is not None:
        yield from _block(1, "text", reply["text"])
    for index, call in enumerate(reply["calls"]):
        yield {"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": _function(call, "")}}}, True
        for at in range(0, len(call["arguments"]), 5):
            piece = {"function": {"arguments": call["arguments"][at : at + 5]}}
            yield {"type": "tool-call-delta", "index": index, "delta": {"message": {"tool_calls": piece}}}, True
        yield {"type": "tool-call-end", "index": index}, False
    yield {"type": "message-end", "delta": {"finish_reason": reply["finish_reason"], "usage": reply["usage"]}}, False


def _stream(reply: dict, behaviour: Behaviour) -> Answer:
    def frames() -> Iterator[Frame]:
        for number, (value, is_content) in enumerate(_events(reply, behaviour)):
            if behaviour.error_at == number:
                error = behaviour.error or {"error": "the model crashed in the middle of its answer"}
                yield _event({"type": "message-end", "delta": {"finish_reason": "ERROR", "usage": {}, **error}})
                break
            yield _event(value, is_content)
        if behaviour.done:
            yield Frame(b"data: [DONE]\n\n")

    verbatim = behaviour.frames and [Frame(text.encode(), is_content='"text"' in text) for text in behaviour.frames]
    return _billed(Answer(content_type="text/event-stream", frames=verbatim or frames()), reply)


def _event(value: dict, is_content: bool = False) -> Frame:
    return Frame(f"event: {value['type']}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode(), is_content)


def _embeddings(body: dict) -> Answer:
    if not isinstance(body.get("texts"), list) or not body.get("embedding_types") or not body.get("input_type"):
        return refusal(400, "invalid request: texts, input_type and embedding_types are required")
    floats = [vector(text, body.get("output_dimension") or 8) for text in body["texts"]]
    billed = {"input_tokens": sum(count_tokens(text) for text in body["texts"])}
    return json_answer({"id": "embed-test", "embeddings": {"float": floats}, "texts": body["texts"], "meta": {"billed_units": billed}})


def _rerank(body: dict) -> Answer:
    if not all(isinstance(d, str) for d in body.get("documents", [None])):
        return refusal(400, "invalid request: documents must be a list of strings")
    shared = [len(set(body["query"].split()) & set(text.split())) for text in body["documents"]]
    order = sorted(range(len(shared)), key=lambda i: -shared[i])[: body.get("top_n") or len(shared)]
    results = [{"index": i, "relevance_score": shared[i] / 10} for i in order]
    return json_answer({"id": "rerank-test", "results": results, "meta": {"billed_units": {"search_units": 1}}})
