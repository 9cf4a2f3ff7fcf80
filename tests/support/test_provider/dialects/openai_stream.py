"""A chat answer as server-sent events, with the oddities that real providers show."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator

from ..answer import Answer, Frame
from ..behaviour import Behaviour
from .openai_chat import Reply, base_of, billed

_DEFAULT_ERROR = {"message": "The model crashed in the middle of its answer", "type": "server_error", "param": None, "code": None}


def event(value: object, is_content: bool = False, multi_line: bool = False) -> Frame:
    if multi_line:
        lines = json.dumps(value, ensure_ascii=False, indent=1).split("\n")
        return Frame("".join(f"data: {line}\n" for line in lines).encode() + b"\n", is_content)
    return Frame(b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n", is_content)


DONE = Frame(b"data: [DONE]\n\n")


def stream(reply: Reply, body: dict, behaviour: Behaviour) -> Answer:
    wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    frames = _with_oddities(_chunks(reply, behaviour, wants_usage), behaviour)
    return billed(Answer(content_type="text/event-stream; charset=utf-8", frames=frames), reply.usage)


def text_stream(base: dict, text: str, usage: dict, body: dict, behaviour: Behaviour) -> Answer:
    def chunks() -> Iterator[tuple[dict, bool]]:
        for word in _words(text, behaviour.endless):
            yield {**base, "choices": [{"index": 0, "text": word, "logprobs": None, "finish_reason": None}]}, True
        yield {**base, "choices": [{"index": 0, "text": "", "logprobs": None, "finish_reason": "stop"}]}, False
        if (body.get("stream_options") or {}).get("include_usage"):
            yield {**base, "choices": [], **usage}, False

    frames = _with_oddities(chunks(), behaviour)
    return billed(Answer(content_type="text/event-stream; charset=utf-8", frames=frames), usage)


def _words(text: str, endless: bool) -> Iterator[str]:
    pieces = re.findall(r"\s*\S+\s*$|\s*\S+", text)
    return itertools.cycle([" and so on" * 20]) if endless else iter(pieces)


def _chunks(reply: Reply, behaviour: Behaviour, wants_usage: bool) -> Iterator[tuple[dict, bool]]:
    """The chunks of a good answer, each with whether the model's output is in it."""
    base = base_of(reply, "chat.completion.chunk")
    usage_slot = {"usage": None} if wants_usage and reply.usage else {}

    def chunk(choice: int, delta: dict, finish: str | None = None) -> dict:
        return {**base, "choices": [{"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish}], **usage_slot}

    for choice in range(reply.choices):
        role = {"role": "assistant"}
        if behaviour.role_first:
            yield chunk(choice, {**role, "content": None if reply.tool_calls else "", "refusal": None}), False
        for number, delta in enumerate(_deltas(reply, behaviour)):
            yield chunk(choice, {**({} if behaviour.role_first or number else role), **delta}), True
        yield chunk(choice, {}, reply.finish_reason), False
    if wants_usage and reply.usage:
        yield {**base, "choices": [], **reply.usage}, False


def _deltas(reply: Reply, behaviour: Behaviour) -> Iterator[dict]:
    if reply.reasoning is not None:
        yield {"reasoning_content": reply.reasoning}
    if behaviour.big_event_bytes:
        yield {"content": "x" * behaviour.big_event_bytes}
    if reply.tool_calls:
        for index, call in enumerate(reply.tool_calls):
            yield from _call_deltas(index, call, set(behaviour.tool_oddities))
    else:
        for word in _words(reply.text or "", behaviour.endless):
            yield {"content": word}


def _call_deltas(index: int, call: dict, odd: set[str]) -> Iterator[dict]:
    """A call's opening delta and its arguments in pieces; `odd` names what providers are known to leave out or to add."""
    arguments = call["arguments"]
    opening: dict = {"index": index, "id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": ""}}
    if "no_id" in odd:
        del opening["id"]
    if "no_type" in odd:
        del opening["type"]
    if "null_arguments" in odd:
        opening["function"]["arguments"] = None
    if "whole" in odd:
        opening["function"]["arguments"] = arguments
    if "object_arguments" in odd:
        opening["function"]["arguments"] = json.loads(arguments)
    pieces = [] if odd & {"whole", "object_arguments"} else [arguments[i : i + 5] for i in range(0, len(arguments), 5)]
    repeated = {"id": call["id"], "type": "function"} if "repeat_id" in odd else {}
    rest = [{"index": index, **repeated, "function": {"arguments": piece}} for piece in pieces]
    for delta in [opening, *rest]:
        if "no_index" in odd:
            del delta["index"]
        yield {"tool_calls": [delta]}


def _with_oddities(chunks: Iterator[tuple[dict, bool]], behaviour: Behaviour) -> Iterator[Frame]:
    for number, (chunk, is_content) in enumerate(chunks):
        if behaviour.error_at == number:
            yield event({"error": behaviour.error or _DEFAULT_ERROR})
            return
        yield event(chunk, is_content, behaviour.multi_line)
    if behaviour.done:
        yield DONE
