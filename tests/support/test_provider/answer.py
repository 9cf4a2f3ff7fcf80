"""What a dialect says in reply, before the behaviour decides how it travels."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Frame:
    """One event of a stream as bytes, and whether a model's output is in it (a role or a comment is not output)."""

    data: bytes
    is_content: bool = False


@dataclass
class Answer:
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    content_type: str = "application/json"
    body: bytes = b""
    frames: Iterable[Frame] | None = None  # a stream; body is unused then, and the iterable may never end
    prompt_tokens: int = 0  # what this answer is billed at
    completion_tokens: int = 0


def json_answer(value: object, status: int = 200, headers: list[tuple[str, str]] | None = None) -> Answer:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status=status, headers=list(headers or []), body=body)


def error_answer(status: int, message: str, kind: str = "invalid_request_error", code: str | None = None) -> Answer:
    return json_answer({"error": {"message": message, "type": kind, "param": None, "code": code}}, status)
