"""Puts an answer on the wire the way a behaviour wants it: delayed, cut up, stalled, broken off, or just as it is."""

from __future__ import annotations

import asyncio
import time

from .answer import Answer, Frame
from .behaviour import Behaviour
from .connection import Connection
from .http_wire import LAST_CHUNK, chunk_bytes, head_bytes
from .record import Exchange

_COMMENT = b": still here\n\n"


class _Broken(Exception):
    """The script's cut was reached."""


class Delivery:
    def __init__(self, connection: Connection, answer: Answer, behaviour: Behaviour, exchange: Exchange) -> None:
        self._connection = connection
        self._answer = answer
        self._behaviour = behaviour
        self._exchange = exchange
        self._body_left = behaviour.cut.bytes if behaviour.cut else None
        self._framing = behaviour.framing or ("chunked" if answer.frames is not None else "sized")

    async def run(self) -> bool:
        """Sends everything; true when the connection may serve another request."""
        behaviour = self._behaviour
        if behaviour.delay_ms:
            await self._connection.pause(behaviour.delay_ms / 1000)
        if behaviour.stall == "head":
            await self._connection.until_gone()
        try:
            if behaviour.raw is not None:
                await self._write(behaviour.raw.encode("latin-1"))
                return False
            await self._head()
            await self._body()
        except _Broken:
            await self._connection.cut(behaviour.cut.how)
            return False
        return self._framing != "close" and not behaviour.close_after

    async def _head(self) -> None:
        answer, behaviour = self._answer, self._behaviour
        headers = [("Content-Type", behaviour.content_type or answer.content_type), *answer.headers]
        headers += [("x-request-id", f"test-{self._exchange.number}"), *behaviour.headers.items()]
        if self._framing == "chunked":
            headers.append(("Transfer-Encoding", "chunked"))
        elif self._framing == "sized":
            self._whole()
            headers.append(("Content-Length", str(len(answer.body))))
        headers.append(("Connection", "close" if self._framing == "close" else "keep-alive"))
        await self._write(head_bytes(behaviour.status or answer.status, headers))
        self._exchange.status = behaviour.status or answer.status
        self._exchange.head_sent_at = time.time()
        if behaviour.cut and behaviour.cut.head:
            raise _Broken
        if behaviour.stall == "body":
            await self._stall_in_body()

    def _whole(self) -> None:
        """A stream that is to be sent with its length has to be put together first."""
        if self._answer.frames is not None:
            self._answer.body = b"".join(frame.data for frame in self._answer.frames)
            self._answer.frames = None

    async def _body(self) -> None:
        if self._answer.frames is None:
            await self._body_bytes(self._answer.body)
        else:
            await self._events()
        if self._body_left is not None:
            raise _Broken  # the body was shorter than the cut asked for: break before it can end well
        if self._framing == "chunked":
            await self._write(LAST_CHUNK)

    async def _events(self) -> None:
        behaviour, seen_content = self._behaviour, False
        for number, frame in enumerate(self._answer.frames):
            if behaviour.cut and behaviour.cut.events == number:
                raise _Broken
            if behaviour.stalled_event == number:
                await self._stall_in_body()
            if frame.is_content and not seen_content:
                seen_content = True
                await self._before_first_content()
            await self._body_bytes(self._styled(frame))
            self._exchange.events_written += 1
            if behaviour.event_pause_ms:
                await self._connection.pause(behaviour.event_pause_ms / 1000)
        if behaviour.cut and behaviour.cut.events is not None:
            raise _Broken

    async def _before_first_content(self) -> None:
        if self._behaviour.stall == "first_content":
            await self._stall_in_body()
        if self._behaviour.first_content_delay_ms:
            await self._connection.pause(self._behaviour.first_content_delay_ms / 1000)

    async def _stall_in_body(self) -> None:
        if not self._behaviour.stall_comment_ms:
            await self._connection.until_gone()
        while True:
            await self._connection.pause(self._behaviour.stall_comment_ms / 1000)
            await self._body_bytes(_COMMENT)

    def _styled(self, frame: Frame) -> bytes:
        data = frame.data
        if self._behaviour.comments:
            data = b": a comment\n\n" + data
        if self._behaviour.line_end != "\n":
            data = data.replace(b"\n", self._behaviour.line_end.encode())
        return data

    async def _body_bytes(self, data: bytes) -> None:
        if self._body_left is not None:
            data, cut_here = data[: self._body_left], len(data) >= self._body_left
            self._body_left -= len(data)
        else:
            cut_here = False
        size = self._behaviour.chunk_size or len(data) or 1
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            await self._write(chunk_bytes(piece) if self._framing == "chunked" else piece)
        if cut_here:
            raise _Broken

    async def _write(self, data: bytes) -> None:
        size = self._behaviour.write_size or len(data) or 1
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            await self._connection.write(piece)
            self._exchange.bytes_written += len(piece)
            if self._behaviour.write_pause_ms:
                await self._connection.pause(self._behaviour.write_pause_ms / 1000)
            elif self._behaviour.write_size:
                await asyncio.sleep(0)  # lets the piece leave alone; whether the reader sees it so is up to its own pace
