"""Behaviours: how one answer is to differ from a well-behaved one. Every field is optional; the README lists them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields, replace

STALLS = ("read", "head", "body", "first_content")
TOOL_ODDITIES = ("no_id", "no_type", "no_index", "null_arguments", "object_arguments", "repeat_id", "whole")


@dataclass(frozen=True)
class Cut:
    """Where the connection breaks: after so many bytes or events of the body, or right after the head."""

    bytes: int | None = None
    events: int | None = None
    head: bool = False
    how: str = "fin"


@dataclass(frozen=True)
class Behaviour:
    # what is said
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    body: object = None  # a string is sent as it is, anything else as JSON
    raw: str | None = None  # latin-1 bytes written instead of an HTTP answer
    answer: str | None = None
    reasoning: str | None = None
    tool_calls: list[dict] | None = None
    finish_reason: str | None = None
    extra: dict[str, object] = field(default_factory=dict)  # merged into the answer's top level
    frames: list[str] | None = None  # the events of a stream, verbatim
    replay: str | None = None  # the id of a recorded exchange
    # oddities of the dialect
    usage: object = None  # a dict replaces the usage, "missing" leaves it out
    done: bool = True
    role_first: bool = True
    error_at: int | None = None  # an error event takes the place of event N
    error: object = None  # its "error" member
    endless: bool = False
    big_event_bytes: int = 0  # one event at least this large follows the first content
    tool_oddities: list[str] = field(default_factory=list)
    line_end: str = "\n"
    comments: bool = False
    multi_line: bool = False
    base64: bool = True  # false: embeddings come as floats whatever was asked for
    # how it travels
    delay_ms: int = 0
    first_content_delay_ms: int = 0
    event_pause_ms: int = 0
    chunk_size: int = 0  # bytes per HTTP chunk; 0: one event, or the whole body
    write_size: int = 0  # bytes per socket write, chunk heads included
    write_pause_ms: int = 0
    framing: str | None = None  # chunked | sized | close
    stall: str | None = None  # one of STALLS, or event:N
    stall_comment_ms: int = 0  # a comment line that often while stalled in a body
    cut: Cut | None = None
    close_after: bool = False  # promises keep-alive and closes
    close_on_next: bool = False  # promises keep-alive and closes when the next request arrives

    @staticmethod
    def parse(value: object) -> "Behaviour":
        """A behaviour from JSON; a field that does not exist is an error, or a typo would make a test pass for nothing."""
        if not isinstance(value, dict):
            raise ValueError("a behaviour is an object")
        known = {item.name for item in fields(Behaviour)}
        if unknown := set(value) - known:
            raise ValueError(f"unknown behaviour field {sorted(unknown)[0]!r}; known: {', '.join(sorted(known))}")
        value = dict(value)
        if isinstance(value.get("cut"), dict):
            value["cut"] = Cut(**value["cut"])
        behaviour = Behaviour(**value)
        behaviour._check()
        return behaviour

    def _check(self) -> None:
        if self.stall and self.stall not in STALLS and not re.fullmatch(r"event:\d+", self.stall):
            raise ValueError(f"stall is one of {STALLS} or event:N, not {self.stall!r}")
        if self.cut and self.cut.how not in ("fin", "rst"):
            raise ValueError("cut.how is fin or rst")
        if self.framing not in (None, "chunked", "sized", "close"):
            raise ValueError("framing is chunked, sized or close")
        if odd := set(self.tool_oddities) - set(TOOL_ODDITIES):
            raise ValueError(f"unknown tool oddity {sorted(odd)[0]!r}; known: {', '.join(TOOL_ODDITIES)}")

    @property
    def stalled_event(self) -> int | None:
        return int(self.stall[6:]) if self.stall and self.stall.startswith("event:") else None

    def as_json(self) -> dict:
        return {key: value for key, value in asdict(self).items() if value != getattr(PLAIN, key)}


PLAIN = Behaviour()

_BY_NAME = (
    (re.compile(r"fail-(\d{3})$"), lambda m: {"status": int(m[1])}),
    (re.compile(r"status-(\d{3})-retry-(\d+)$"), lambda m: {"status": int(m[1]), "headers": {"Retry-After": m[2]}}),
    (re.compile(r"slow-(\d+)ms$"), lambda m: {"delay_ms": int(m[1])}),
)


def named_by_model(model: str, base: Behaviour) -> Behaviour:
    """The behaviour that a model's name asks for, for places where only a model name can be chosen."""
    for pattern, make in _BY_NAME:
        if found := pattern.search(model):
            return replace(base, **make(found))
    return base
