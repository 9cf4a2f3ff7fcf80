"""Runs the test provider as a process of its own and talks to its control API. Used by its self-tests and the e2e tests."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

_PACKAGE = Path(__file__).resolve().parent / "test_provider"
Seen = TypeVar("Seen")


def until(what: str, probe: Callable[[], Seen], seconds: float = 5) -> Seen:
    """Asks again and again until the answer is truthy, and gives it; fails with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        if seen := probe():
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}; last seen: {seen!r}")
        time.sleep(0.01)  # the pace of asking, not the wait itself


class ProviderProcess:
    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, str(_PACKAGE), "--port", "0", "--exit-with-parent", *arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the test provider did not start: exit {self._process.wait()}")
        ready = json.loads(line)
        self.port: int = ready["port"]
        self.tls_port: int | None = ready.get("tls_port")
        self.ca_file: str | None = ready.get("ca_file")

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(10)

    def url(self, prefix: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{prefix}/v1"

    def script(self, behaviour: dict | None = None, *, times: int | None = 1, **match: object) -> None:
        """The next matching request (or `times` of them, None: all) gets this behaviour."""
        self._control("POST", "script", {"match": match, "times": times, "behaviour": behaviour or {}})

    def requests(self, **fields: object) -> list[dict]:
        """What was received, oldest first, filtered by equal fields (model, key, path, …)."""
        return self._control("GET", "requests?" + urlencode(fields))

    def counters(self) -> dict:
        return self._control("GET", "counters")

    def reset(self) -> None:
        self._control("DELETE", "script")
        self._control("DELETE", "requests")

    def wait_for_requests(self, count: int, seconds: float = 5, **fields: object) -> list[dict]:
        def enough() -> list[dict]:
            found = self.requests(**fields)
            return found if len(found) >= count else []

        return until(f"{count} request(s) like {fields} at the provider", enough, seconds)

    def wait_for_end(self, seconds: float = 5, **fields: object) -> dict:
        """The newest matching exchange once its answer is over, well or not."""
        return until("the provider's answer to end", lambda: next(
            (e for e in self.requests(**fields)[-1:] if e["finished_at"] is not None), None), seconds)

    def _control(self, method: str, action: str, body: object = None) -> object:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, f"/__control/{action}", json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            value = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(value["error"]["message"])
        return value
