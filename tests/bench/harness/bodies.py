"""What is sent and answered: requests and answers of a chosen size in OpenAI's shape. `dialects` has those of others."""

from __future__ import annotations

import base64
import json
import random

PHRASE = "the quick brown fox jumps over the lazy dog and then some; "
ANSWER_MARK = "the quick brown fox"


def text(length: int) -> str:
    return (PHRASE * (length // len(PHRASE) + 1))[:length]


def chat(model: str, size: int, stream: bool = False) -> bytes:
    """A chat request of about `size` bytes: a system prompt, some turns, and the usual options."""
    options = {"temperature": 0.2, "max_tokens": 256, **({"stream": True, "stream_options": {"include_usage": True}} if stream else {})}
    turns = max(1, min(40, size // 1024))
    frame = {"model": model, "messages": [{"role": "system", "content": "You are a helpful assistant."}], **options}
    room = max(40, size - len(compact(frame)) - turns * 34) // turns
    for turn in range(turns):
        role = "user" if (turns - turn) % 2 else "assistant"
        frame["messages"].append({"role": role, "content": text(room)})
    return compact(frame)


def image(model: str, size: int) -> bytes:
    """A vision request whose base64 picture makes up nearly all of it."""
    picture = base64.b64encode(random.Random(7).randbytes(size * 3 // 4)).decode()
    content = [{"type": "text", "text": "What is in this picture?"},
               {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}]
    return compact({"model": model, "messages": [{"role": "user", "content": content}], "max_tokens": 256})


def answer(size: int) -> bytes:
    """A chat.completion of exactly `size` bytes, usage included."""
    def make(length: int) -> bytes:
        message = {"role": "assistant", "content": text(length), "refusal": None}
        return compact({
            "id": "chatcmpl-bench", "object": "chat.completion", "created": 1700000000, "model": "bench-model",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 120, "completion_tokens": 80, "total_tokens": 200,
                      "prompt_tokens_details": {"cached_tokens": 0}}, "system_fingerprint": "fp_bench"})
    return make(size - len(make(0)))


def http_request(path: str, token: str, body: bytes) -> bytes:
    head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\nUser-Agent: OpenAI/Python 1.99.0\r\nContent-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


def http_answer(body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
