"""The control API under /__control: scripting before a test, asking afterwards."""

from __future__ import annotations

from .answer import Answer, error_answer, json_answer
from .http_wire import Request
from .record import Recorder
from .script import Script

PREFIX = "/__control/"


class Control:
    def __init__(self, script: Script, recorder: Recorder) -> None:
        self._script = script
        self._recorder = recorder

    def answer(self, request: Request) -> Answer:
        action = f"{request.method} {request.path.removeprefix(PREFIX)}"
        try:
            return self._act(action, request)
        except (ValueError, TypeError) as wrong:
            return error_answer(400, str(wrong))

    def _act(self, action: str, request: Request) -> Answer:
        match action:
            case "POST script":
                entries = request.json()
                for entry in entries if isinstance(entries, list) else [entries]:
                    self._script.push(entry)
            case "GET script":
                return json_answer(self._script.as_json())
            case "DELETE script":
                self._script.clear()
            case "GET requests":
                return json_answer([exchange.as_json() for exchange in self._recorder.select(request.query)])
            case "DELETE requests":
                self._recorder.forget()
            case "GET counters":
                return json_answer(self._recorder.counters())
            case _:
                return error_answer(404, f"no such control: {action}")
        return json_answer({"ok": True})
