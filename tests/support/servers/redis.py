"""A Redis server of a test's own, and what can happen to one."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess

from free_ports import free_port
from provider_process import until

from .place import Place


class RedisRefused(Exception):
    """An error that Redis answered with."""


class Redis:
    """One server, without persistence: what is lost by restart() is as lost as by a flush."""

    def __init__(self, place: Place, password: str = "") -> None:
        self.port = free_port()
        self.password = password
        self._directory = place.directory("redis")
        self._directory.mkdir()
        self.log_file = self._directory / "log.txt"
        self._process: subprocess.Popen | None = None

    # the process

    def start(self) -> "Redis":
        if not (program := shutil.which("redis-server")):
            raise RuntimeError("no redis-server: scripts/install-packages test")
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self._directory,
                   **({"requirepass": self.password} if self.password else {})}
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(["setpriv", "--pdeathsig=KILL", program, *words], cwd=self._directory, stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=subprocess.STDOUT)
        until(f"Redis to serve (log: {self.log_file})", self._answers, 10)
        return self

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(f"Redis ended with {self._process.returncode}: {self.log_file.read_text()[-2000:]}")
        try:
            return self.command("PING") == "PONG"
        except OSError:
            return False

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self.thaw()
            self._process.terminate()
            self._process.wait(10)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and are accepted by the kernel, nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def heal(self) -> None:
        """Ends whatever fault there is."""
        if self._process.poll() is not None:
            self.start()
        self.thaw()

    # what is in it

    def url(self, database: int = 0, port: int | None = None) -> str:
        """For a client of ours; `port` is that of a relay in front."""
        account = f":{self.password}@" if self.password else ""
        return f"redis://{account}127.0.0.1:{port or self.port}/{database}"

    def flush(self) -> None:
        self.command("FLUSHALL")

    def keys(self, pattern: str = "*") -> list[str]:
        return sorted(self.command("KEYS", pattern))

    def command(self, *words: object):
        """One command on a connection of its own. Text, numbers, None and lists of them."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as connection, connection.makefile("rb") as answers:
            if self.password:
                connection.sendall(_packed("AUTH", self.password))
                _answer(answers)
            connection.sendall(_packed(*words))
            return _answer(answers)


def _packed(*words: object) -> bytes:
    texts = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(texts) + b"".join(b"$%d\r\n%s\r\n" % (len(text), text) for text in texts)


def _answer(stream):
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("Redis closed the connection")
    kind, rest = line[:1], line[1:-2].decode()
    match kind:
        case b"+":
            return rest
        case b"-":
            raise RedisRefused(rest)
        case b":":
            return int(rest)
        case b"$":
            return None if rest == "-1" else stream.read(int(rest) + 2)[:-2].decode("utf-8", "replace")
        case b"*":
            return None if rest == "-1" else [_answer(stream) for _ in range(int(rest))]
    raise ValueError(f"not an answer of Redis: {line!r}")
