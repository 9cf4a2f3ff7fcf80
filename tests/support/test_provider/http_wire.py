"""HTTP/1.1 as bytes: reading requests, writing heads and chunks. Strict where it reads, free where it writes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

MAX_HEAD_BYTES = 1 << 20


class ProtocolError(Exception):
    """The client sent something that is not HTTP/1.1; the text is for whoever debugs the client."""


@dataclass
class Request:
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    query: dict[str, str] = field(default_factory=dict)
    path: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    def header(self, name: str, default: str = "") -> str:
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), default)

    def json(self) -> object:
        """The parsed body, or None where there is none or it is not JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    @property
    def key(self) -> str:
        """The credential the caller sent, whichever of the usual headers carried it."""
        scheme, _, token = self.header("authorization").partition(" ")
        return token if scheme.lower() == "bearer" else self.header("x-api-key") or self.header("api-key") or self.header("x-goog-api-key")

    @property
    def keeps_alive(self) -> bool:
        wish = self.header("connection").lower()
        return "close" not in wish if self.version == "HTTP/1.1" else "keep-alive" in wish


async def read_head(reader: asyncio.StreamReader) -> Request | None:
    """The next request without its body; None when the client closed between two requests."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise ProtocolError(f"connection closed inside a head: {end.partial[:80]!r}") from end
        return None
    except asyncio.LimitOverrunError as overrun:
        raise ProtocolError("request head too large") from overrun
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    try:
        method, target, version = first.split(" ")
    except ValueError as odd:
        raise ProtocolError(f"not a request line: {first!r}") from odd
    return Request(method, target, version, [_header(line) for line in lines])


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise ProtocolError(f"not a header line: {line!r}")
    return name, value.strip()


async def read_body(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if request.header("expect").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    lengths = [value for name, value in request.headers if name.lower() == "content-length"]
    coding = request.header("transfer-encoding").lower()
    if coding and lengths or len(lengths) > 1:
        raise ProtocolError("two statements about the body's length")
    if coding:
        if coding != "chunked":
            raise ProtocolError(f"transfer coding {coding!r}")
        request.body = await _read_chunked(reader)
    elif lengths:
        request.body = await reader.readexactly(int(lengths[0]))


async def _read_chunked(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        size = int((await reader.readuntil(b"\r\n"))[:-2].split(b";")[0], 16)
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return bytes(body)
        body += await reader.readexactly(size)
        if await reader.readexactly(2) != b"\r\n":
            raise ProtocolError("chunk without its line end")


def head_bytes(status: int, headers: list[tuple[str, str]]) -> bytes:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Status"
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk_bytes(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
