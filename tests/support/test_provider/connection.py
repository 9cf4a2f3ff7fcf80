"""One accepted connection: its streams, and the moment its client went away."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios
import time

from .http_wire import MAX_HEAD_BYTES


class _WatchedProtocol(asyncio.StreamReaderProtocol):
    """Notes the client's FIN or RST when it arrives, even while nobody reads."""

    gone: "asyncio.Event"
    gone_at: float | None = None

    def eof_received(self) -> bool | None:
        self._note()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._note()
        super().connection_lost(exc)

    def _note(self) -> None:
        if self.gone_at is None:
            self.gone_at = time.time()
            self.gone.set()


class ClientGone(Exception):
    """The client closed while its answer was under way."""


class Connection:
    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, watch: _WatchedProtocol) -> None:
        self.number = number
        self.reader = reader
        self.writer = writer
        self._watch = watch
        self.broken = False  # we cut it: nothing more may be written
        tls = writer.get_extra_info("ssl_object")
        self.is_tls = tls is not None
        self.tls_resumed = bool(tls and tls.session_reused)

    @property
    def gone_at(self) -> float | None:
        return self._watch.gone_at

    async def write(self, data: bytes) -> None:
        """Hands bytes to the kernel, no faster than the client reads them."""
        if self.gone_at is not None:
            raise ClientGone
        self.writer.write(data)
        try:
            await self.writer.drain()
        except ConnectionError as lost:
            raise ClientGone from lost

    async def pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._watch.gone.wait(), seconds)
        except asyncio.TimeoutError:
            return
        raise ClientGone

    async def until_gone(self) -> None:
        await self._watch.gone.wait()
        raise ClientGone

    async def cut(self, how: str) -> None:
        """Breaks the connection by FIN or RST once the client's kernel has what was written before."""
        self.broken = True
        await self._flushed()
        sock: socket.socket = self.writer.get_extra_info("socket")
        if how == "rst":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()  # without TLS's close_notify: a cut, not a goodbye

    async def _flushed(self) -> None:
        sock: socket.socket = self.writer.get_extra_info("socket")
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and self.gone_at is None:
            waiting = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
            if waiting == 0 and self.writer.transport.get_write_buffer_size() == 0:
                return
            await asyncio.sleep(0.001)


def protocol_factory(loop: asyncio.AbstractEventLoop, serve):
    """A protocol per connection that runs `serve(reader, writer, watch)`."""

    def make() -> _WatchedProtocol:
        reader = asyncio.StreamReader(limit=MAX_HEAD_BYTES, loop=loop)
        protocol = _WatchedProtocol(reader, lambda r, w: serve(r, w, protocol), loop=loop)
        protocol.gone = asyncio.Event()
        return protocol

    return make
