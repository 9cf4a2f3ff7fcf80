"""What the provider saw: every request as received, what became of it, and sums over them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from .http_wire import Request


@dataclass
class Exchange:
    """One request and the fate of its answer. Times are epoch seconds."""

    number: int
    connection: int
    request: Request
    model: str
    stream: bool
    tls_resumed: bool
    arrived_at: float
    status: int | None = None
    head_sent_at: float | None = None
    finished_at: float | None = None
    disconnected_at: float | None = None
    bytes_written: int = 0
    events_written: int = 0

    def as_json(self) -> dict:
        request = self.request
        return {
            "id": self.number, "connection": self.connection, "method": request.method, "path": request.path,
            "target": request.target, "headers": [list(pair) for pair in request.headers],
            "body": request.body.decode("utf-8", "replace"), "json": request.json(), "key": request.key,
            "model": self.model, "stream": self.stream, "tls_resumed": self.tls_resumed,
            "arrived_at": self.arrived_at, "status": self.status, "head_sent_at": self.head_sent_at,
            "finished_at": self.finished_at, "disconnected": self.disconnected_at is not None,
            "disconnected_at": self.disconnected_at, "bytes_written": self.bytes_written,
            "events_written": self.events_written,
        }


class Recorder:
    def __init__(self, keep: int) -> None:
        self.exchanges: list[Exchange] = []
        self.open_connections = 0
        self._connections = 0
        self._numbers = 0
        self._keep = keep  # the demo runs for days: it keeps the last few only
        self._reset_sums()

    def _reset_sums(self) -> None:
        self._requests = 0
        self._per_key: Counter[str] = Counter()
        self._per_model: Counter[str] = Counter()
        self._tokens_per_key: Counter[str] = Counter()
        self._prompt_tokens = self._completion_tokens = 0

    def connection_opened(self) -> int:
        self._connections += 1
        self.open_connections += 1
        return self._connections

    def connection_closed(self) -> None:
        self.open_connections -= 1

    def received(self, connection: int, request: Request, model: str, stream: bool, tls_resumed: bool) -> Exchange:
        self._numbers += 1
        exchange = Exchange(self._numbers, connection, request, model, stream, tls_resumed, time.time())
        self.exchanges.append(exchange)
        del self.exchanges[: -self._keep]
        self._requests += 1
        self._per_key[request.key] += 1
        self._per_model[model] += 1
        return exchange

    def billed(self, exchange: Exchange, prompt: int, completion: int) -> None:
        self._prompt_tokens += prompt
        self._completion_tokens += completion
        self._tokens_per_key[exchange.request.key] += prompt + completion

    def select(self, wanted: dict[str, str]) -> list[Exchange]:
        """Exchanges whose fields equal the given ones, oldest first."""
        return [e for e in self.exchanges if all(str(e.as_json().get(k)) == v for k, v in wanted.items())]

    def forget(self) -> None:
        self.exchanges.clear()
        self._reset_sums()

    def counters(self) -> dict:
        return {
            "requests": self._requests, "per_key": dict(self._per_key), "per_model": dict(self._per_model),
            "tokens_billed": {"prompt": self._prompt_tokens, "completion": self._completion_tokens},
            "tokens_per_key": dict(self._tokens_per_key),
            "open_connections": self.open_connections, "connections_opened": self._connections,
        }
