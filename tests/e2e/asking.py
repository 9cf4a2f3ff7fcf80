"""Plain HTTP requests to the gateway, with everything about the answer at hand."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass

from wire import events


@dataclass
class Reply:
    status: int
    fields: list[tuple[str, str]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case name; of a repeated one, the last."""
        return {name.lower(): value for name, value in self.fields}

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self) -> dict:
        return self.json["error"]

    @property
    def text(self) -> str:
        """What the model said, of a whole answer."""
        return self.json["choices"][0]["message"]["content"]

    @property
    def events(self) -> list:
        """The events of a stream; the last of a good one is "[DONE]"."""
        return events(self.body)

    @property
    def streamed_text(self) -> str:
        chunks = [event for event in self.events if isinstance(event, dict) and event.get("choices")]
        return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)

    @property
    def request_id(self) -> str:
        return self.headers["x-request-id"]


def _bytes_of(body: object) -> bytes | None:
    """Text and bytes go out as they are, anything else as JSON."""
    if body is None or isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def ask(port: int, method: str, path: str, body: object = None, headers: dict[str, str] | None = None, timeout: float = 30) -> Reply:
    """One request on a connection of its own; a stream that breaks off gives what had come."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        data = _bytes_of(body)
        content = {"Content-Type": "application/json"} if data is not None else {}
        connection.request(method, path, data, {**content, **(headers or {})})
        answer = connection.getresponse()
        try:
            got = answer.read()
        except http.client.IncompleteRead as cut:
            got = cut.partial
        return Reply(answer.status, answer.getheaders(), got)
    finally:
        connection.close()
