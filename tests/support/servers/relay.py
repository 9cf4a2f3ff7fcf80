"""A TCP relay in front of a server: makes it slow, deaf or absent for those who connect through it.

A process of its own, so that what the tests do meanwhile does not slow it down. It ends with the one who started it.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

if __name__ != "__main__":
    from free_ports import free_port


class Relay:
    """Listens on a port of its own. Every method returns when it has taken effect."""

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self._process = subprocess.Popen([sys.executable, "-B", str(Path(__file__)), str(self.port), str(target_port)],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._await_done()

    def forward(self) -> None:
        """Back to normal: what was held back is delivered, new connections are let through."""
        self._tell("forward")

    def delay(self, to_server_ms: float = 0, to_client_ms: float = 0) -> None:
        """Every byte arrives that much later; many may be on their way."""
        self._tell("delay", to_server_ms / 1000, to_client_ms / 1000)

    def blackhole(self) -> None:
        """Connections stay and new ones are accepted; nothing is delivered in either direction."""
        self._tell("blackhole")

    def refuse(self) -> None:
        """Connections are reset, new ones refused."""
        self._tell("refuse")

    def cut(self) -> None:
        """Resets the connections of this moment; new ones are let through."""
        self._tell("cut")

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)

    def _tell(self, *words: object) -> None:
        self._process.stdin.write(json.dumps(words) + "\n")
        self._await_done()

    def _await_done(self) -> None:
        if self._process.stdout.readline() != "done\n":
            raise RuntimeError(f"the relay ended with {self._process.wait(10)}")


class _Switch:
    """The relay's side in its own process."""

    def __init__(self, port: int, target_port: int) -> None:
        self._port, self._target_port = port, target_port
        self._delays = {"to_server": 0.0, "to_client": 0.0}
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener: asyncio.Server | None = None

    async def listen(self) -> None:
        if not self._listener:
            self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def obey(self, what: str, *values: float) -> None:
        if what in ("refuse", "cut"):
            if what == "refuse" and self._listener:
                self._listener.close()
                self._listener = None
            self._reset_all()
            return
        self._delays = dict(zip(self._delays, values or (0.0, 0.0)))
        (self._open.clear if what == "blackhole" else self._open.set)()
        await self.listen()

    def _reset_all(self) -> None:
        for writer in list(self._writers):
            plain = writer.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(server_writer)
        try:
            await asyncio.gather(self._carry(reader, server_writer, "to_server"), self._carry(server_reader, writer, "to_client"))
        finally:
            for one in (writer, server_writer):
                self._writers.discard(one)
                one.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        taking = asyncio.create_task(self._take(reader, held, direction))
        loop = asyncio.get_running_loop()
        try:
            while True:
                due, data = await held.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                await self._open.wait()
                if not data:
                    break
                writer.write(data)
            writer.write_eof()
        except OSError:
            pass  # one side has gone: so does the other
        finally:
            taking.cancel()

    async def _take(self, reader: asyncio.StreamReader, held: asyncio.Queue, direction: str) -> None:
        data = b"-"
        while data:
            try:
                data = await reader.read(65536)
            except OSError:
                data = b""
            held.put_nowait((asyncio.get_running_loop().time() + self._delays[direction], data))


async def _main(port: int, target_port: int) -> None:
    switch = _Switch(port, target_port)
    await switch.listen()
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    print("done", flush=True)
    while line := await commands.readline():
        await switch.obey(*json.loads(line))
        print("done", flush=True)
    os._exit(0)  # whoever is still connected through it has nothing to say any more


if __name__ == "__main__":
    asyncio.run(_main(*map(int, sys.argv[1:])))
