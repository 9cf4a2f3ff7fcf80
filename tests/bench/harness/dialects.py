"""The same answer in three dialects, whole and as a stream, so that what translation costs can be told."""

from __future__ import annotations

from dataclasses import dataclass

import bodies

STAMP = "@t=" + 20 * "0"  # tools/upstream.cpp writes the time into it
MODEL = "bench-model"


@dataclass(frozen=True)
class Dialect:
    """How a provider speaks: what the gateway's configuration calls it, its whole answer, and its stream in three parts."""

    name: str
    auth: str
    base_path: str
    answer: bytes
    begin: bytes
    event: bytes
    end: bytes


def _events(*values: dict, named: bool = False) -> bytes:
    return b"".join((f"event: {value['type']}\n".encode() if named else b"") + b"data: " + bodies.compact(value) + b"\n\n" for value in values)


def _openai() -> Dialect:
    frame = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1700000000, "model": MODEL}

    def chunk(delta: dict, finish_reason: str | None = None) -> dict:
        return {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}

    usage = {**frame, "choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 100, "total_tokens": 120}}
    return Dialect("openai", "bearer", "/v1", bodies.answer(700), _events(chunk({"role": "assistant", "content": ""})),
                   _events(chunk({"content": STAMP})), _events(chunk({}, "stop"), usage) + b"data: [DONE]\n\n")


def _anthropic() -> Dialect:
    frame = {"id": "msg_bench", "type": "message", "role": "assistant", "model": MODEL}
    answer = {**frame, "content": [{"type": "text", "text": bodies.text(400)}], "stop_reason": "end_turn", "stop_sequence": None,
              "usage": {"input_tokens": 120, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 80}}
    start = {"type": "message_start", "message": {**frame, "content": [], "stop_reason": None, "stop_sequence": None,
                                                  "usage": {"input_tokens": 20, "output_tokens": 1}}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    event = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": STAMP}}
    delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 100}}
    end = [{"type": "content_block_stop", "index": 0}, delta, {"type": "message_stop"}]
    return Dialect("anthropic", "header:x-api-key", "/v1", bodies.compact(answer), _events(start, block, named=True),
                   _events(event, named=True), _events(*end, named=True))


def _gemini() -> Dialect:
    def said(text: str, **more: object) -> dict:
        return {"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0, **more}]}

    frame = {"modelVersion": MODEL, "responseId": "bench"}
    usage = {"promptTokenCount": 120, "candidatesTokenCount": 80, "totalTokenCount": 200}
    whole = {**said(bodies.text(400), finishReason="STOP"), "usageMetadata": usage, **frame}
    return Dialect("gemini", "header:x-goog-api-key", "/v1beta", bodies.compact(whole), b"", _events({**said(STAMP), **frame}),
                   _events({**said("", finishReason="STOP"), "usageMetadata": usage, **frame}))


OPENAI, ANTHROPIC, GEMINI = _openai(), _anthropic(), _gemini()
