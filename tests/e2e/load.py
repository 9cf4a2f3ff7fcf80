"""Clients that ask a gateway again and again, and note each answer. A connection and a thread each; an answer costs 0.2 ms of Python."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """Times are seconds of the monotonic clock. Status 0: the connection broke before the answer was whole."""

    asked_at: float
    ended_at: float
    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    port: int = 0

    @property
    def seconds(self) -> float:
        return self.ended_at - self.asked_at

    @property
    def request_id(self) -> str:
        return self.headers.get("x-request-id", "")

    @property
    def code(self) -> str:
        """The error's code; empty for a good answer."""
        return "" if self.status == 200 or not self.status else json.loads(self.body)["error"]["code"]

    @property
    def tokens(self) -> int:
        return json.loads(self.body)["usage"]["total_tokens"]


def chat_request(key: str, model: str = "tp/echo", text: str = "one two", **more: object) -> bytes:
    """A request as bytes, made once and sent many times."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": text}], **more}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Line:
    """One keep-alive connection."""

    def __init__(self, port: int, timeout: float = 20) -> None:
        self.port = port
        self._timeout = timeout
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> Answer:
        began = time.monotonic()
        try:
            if not self._socket:
                self._socket = socket.create_connection(("127.0.0.1", self.port), self._timeout)
            self._socket.sendall(request)
            status, headers, body = self._read()
        except (OSError, EOFError):
            self.close()
            return Answer(began, time.monotonic(), 0, {}, b"", self.port)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(began, time.monotonic(), status, headers, body, self.port)

    def _read(self) -> tuple[int, dict[str, str], bytes]:
        held = self._more(b"")
        while (end := held.find(b"\r\n\r\n")) < 0:
            held = self._more(held)
        first, *lines = held[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        whole = end + 4 + int(headers["content-length"])
        while len(held) < whole:
            held = self._more(held)
        return int(first[9:12]), headers, held[end + 4:whole]

    def _more(self, held: bytes) -> bytes:
        piece = self._socket.recv(65536)
        if not piece:
            raise EOFError
        return held + piece

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None


class Load:
    """Asks without end, or so many times, from `clients` threads spread over the ports; `rate` is requests per second of all together."""

    def __init__(self, ports: Iterable[int], request: bytes | Callable[[], bytes], *, clients: int = 8, rate: float = 0, times: int = 0) -> None:
        self._ports = list(ports)
        self._request = request if callable(request) else lambda: request
        self._period = clients / rate if rate else 0.0
        self._left = times or None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.answers: list[Answer] = []
        self._threads = [threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> "Load":
        self._stop.set()
        return self.join()

    def join(self) -> "Load":
        """To the end of what was asked for; endless load has to be stopped."""
        for thread in self._threads:
            thread.join()
        return self

    def _client(self, number: int) -> None:
        line = Line(self._ports[number % len(self._ports)])
        due = time.monotonic() + self._period * number / len(self._threads)
        while not self._stop.wait(max(0.0, due - time.monotonic())) and self._takes_one():
            answer = line.ask(self._request())
            self.answers.append(answer)
            due = max(due + self._period, answer.ended_at - 1.0)  # after a stall it catches up a second at most
            if not answer.status:
                self._stop.wait(0.01)
        line.close()

    def _takes_one(self) -> bool:
        if self._left is None:
            return True
        with self._lock:
            self._left -= 1
            return self._left >= 0

    # what was seen

    def between(self, begin: float, end: float) -> list[Answer]:
        """The answers to what was asked in that time."""
        return [answer for answer in list(self.answers) if begin <= answer.asked_at < end]


def statuses(answers: Iterable[Answer]) -> Counter:
    """How often each (status, code) was answered."""
    return Counter((answer.status, answer.code) for answer in answers)


def percentile_ms(answers: list[Answer], percent: float) -> float:
    times = sorted(answer.seconds for answer in answers)
    return 1000 * times[min(len(times) - 1, int(len(times) * percent / 100))]
