"""A fixed number of requests through the gateway, for whoever counts what each of them costs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bodies
import proxy_rows
import upstreams
from measuring import Load
from processes import LOAD_CORE, Process
from subjects import Subject

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Work:
    """A row of tests/bench/run without its clock."""

    name: str
    upstream: Callable[[Path, Path], object]  # made in a directory with the folder of tools
    body: Callable[[str], bytes]  # for a model
    mark: str  # what every answer holds
    events: int = 0  # of each answer, when it is a stream

    @property
    def unit(self) -> str:
        return "event" if self.events else "request"


def whole(name: str, load: Load) -> Work:
    answer = bodies.answer(load.answer_bytes[0])
    return Work(name, lambda directory, tools: upstreams.fixed(directory, tools, answer),
                lambda model: load.make_body(model, load.request_bytes), bodies.ANSWER_MARK)


def stream(events: int, per_second: int) -> Work:
    """What a stream costs besides its events is shared among them, so that a hundred of them hardly show it."""
    return Work("streams", lambda directory, tools: upstreams.streaming(directory, tools, per_second, events / per_second),
                lambda model: bodies.chat(model, 500, stream=True), "[DONE]", events)


ALL = [*(whole(name, load) for name, load in proxy_rows.LOADS.items()), stream(100, 50)]


class Sender:
    """Sends one request again and again, and takes nothing but right answers."""

    def __init__(self, work: Work, subject: Subject, directory: Path, tools: Path) -> None:
        self._work, self._port, self._directory, self._tools = work, subject.port, directory, tools
        self._file = directory / "request.http"
        self._file.write_bytes(subject.request(work.body(subject.model)))

    def send(self, requests: int, connections: int, at_most_seconds: float = 300) -> None:
        command = [str(self._tools / "load_gen"), "--port", str(self._port), "--request", str(self._file), "--requests", str(requests),
                   "--seconds", str(at_most_seconds), "--connections", str(connections), "--expect", self._work.mark]
        load = Process(command, LOAD_CORE, self._directory, talks=True)
        line = load.line()
        load.stop()
        outcome = json.loads(line) if line else {"requests": 0}
        if outcome["requests"] != requests or outcome["errors"]:
            raise RuntimeError(f"{self._work.name}: not {requests} right answers but {line.strip() or load.log()}")


def tools_folder() -> Path:
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "bench_tools"], cwd=REPOSITORY, check=True,
                   stdout=subprocess.DEVNULL)
    return REPOSITORY / "build/release/tests/bench"
