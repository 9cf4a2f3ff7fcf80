"""What is measured: each scenario starts its upstream and every subject afresh, and alternates between them in rounds."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import bodies
import upstreams
from processes import LOAD_CORE, CoreMeter, Process
from subjects import Subject

WARM_UP_SECONDS = 0.3


@dataclass
class Settings:
    directory: Path
    tools: Path
    subjects: list[type[Subject]]
    rounds: int
    connections: int
    seconds: float
    streams: int
    stream_seconds: float
    stream_rounds: int
    events_per_second: int
    reference_rps: float = 0.0  # HAProxy's, once the first scenario has found it
    start_ms: list[float] = field(default_factory=list)


# A result maps a subject's name to its rounds; a round maps a metric to its number.
Result = dict[str, list[dict[str, float]]]


@contextmanager
def standing(settings: Settings, upstream):
    """Every subject, started before that upstream; all of it is stopped at the end."""
    started: list[Subject] = []
    try:
        for make in settings.subjects:
            directory = settings.directory / f"{make.name}-{upstream.port}"
            directory.mkdir()
            started.append(make(directory, upstream.port))
            if hasattr(started[-1], "start_ms"):
                settings.start_ms.append(started[-1].start_ms)
        yield started
    finally:
        for subject in started:
            subject.stop()
        upstream.stop()


@dataclass(frozen=True)
class Chat:
    """Requests answered whole."""

    name: str
    about: str
    request_bytes: int
    answer_bytes: int
    make_body: object = bodies.chat
    half_rate: bool = False
    share_of_seconds: float = 1.0
    connections: int = 0

    def run(self, settings: Settings) -> Result:
        result: Result = {}
        with standing(settings, self.upstream(settings.directory, settings.tools)) as subjects:
            for number in range(settings.rounds):
                for subject in subjects:
                    show(f"{self.name}: round {number + 1}, {subject.name}")
                    result.setdefault(subject.name, []).append(self._round(settings, subject))
        if self.name == "chat" and "HAProxy" in result:
            settings.reference_rps = sorted(one["rps"] for one in result["HAProxy"])[settings.rounds // 2]
        return result

    def upstream(self, directory: Path, tools: Path):
        answer = bodies.answer(self.answer_bytes)
        if self.request_bytes <= 1000 and self.answer_bytes <= 4000:
            return upstreams.FixedNginx(directory, answer)
        return upstreams.fixed(directory, tools, answer)

    def _round(self, settings: Settings, subject: Subject) -> dict[str, float]:
        request = settings.directory / f"{subject.name}.http"
        request.write_bytes(subject.request(self.make_body(subject.model, self.request_bytes)))
        self._load(settings, subject, request, WARM_UP_SECONDS)
        meter = CoreMeter(LOAD_CORE)
        before = subject.process.cpu_seconds() if subject.process else 0.0
        measured = self._load(settings, subject, request, settings.seconds * self.share_of_seconds)
        measured["load_core"] = meter.busy()
        if subject.process:
            cpu = subject.process.cpu_seconds() - before
            measured["cpu_us"] = cpu * 1e6 / max(1, measured["requests"] + measured["errors"])
            measured["rss_mb"] = subject.process.resident_bytes() / 1e6
        return measured

    def _load(self, settings: Settings, subject: Subject, request: Path, seconds: float) -> dict[str, float]:
        exact = subject.model == Subject.model  # a plain proxy changes nothing; the gateway may add a block of its own
        command = [str(settings.tools / "load_gen"), "--port", str(subject.port), "--request", str(request), "--seconds", str(seconds),
                   "--connections", str(self.connections or settings.connections), "--expect", bodies.ANSWER_MARK,
                   "--min-length", str(self.answer_bytes), "--max-length", str(self.answer_bytes + (0 if exact else 1024))]
        if self.half_rate:
            command += ["--rate", f"{settings.reference_rps / 2:.0f}"]
        load = Process(command, LOAD_CORE, settings.directory, talks=True)
        line = load.line()
        load.stop()
        if not line:
            raise RuntimeError(f"load_gen gave no result for {subject.name}: {load.log()}")
        return json.loads(line)


@dataclass(frozen=True)
class Streams:
    """Many slow streams at once."""

    name: str
    about: str

    def run(self, settings: Settings) -> Result:
        seconds = 1.5 + settings.stream_seconds
        rate = str(settings.events_per_second)
        upstream = upstreams.Tool(settings.directory, settings.tools, "--events-per-second", rate, "--seconds", str(seconds))
        result: Result = {}
        with standing(settings, upstream) as subjects:
            for number in range(settings.stream_rounds):
                for subject in subjects:
                    show(f"{self.name}: round {number + 1}, {subject.name}")
                    result.setdefault(subject.name, []).append(self._round(settings, subject, upstream.events, first=number == 0))
        return result

    def _round(self, settings: Settings, subject: Subject, events: int, first: bool) -> dict[str, float]:
        request = settings.directory / f"{subject.name}.http"
        request.write_bytes(subject.request(bodies.chat(subject.model, 500, stream=True)))
        idle = subject.process.resident_bytes() if subject.process else 0
        load = Process([str(settings.tools / "stream_load"), "--port", str(subject.port), "--request", str(request), "--streams",
                        str(settings.streams), "--ramp", "1", "--settle", "0.5", "--measure", str(settings.stream_seconds),
                        "--events", str(events)], LOAD_CORE, settings.directory, talks=True)
        window = {}
        self._await_line(load, "measuring")
        meter = CoreMeter(LOAD_CORE)
        before = subject.process.cpu_seconds() if subject.process else 0.0
        self._await_line(load, "measured")
        window["load_core"] = meter.busy()
        if subject.process:
            sent = settings.streams * settings.events_per_second * settings.stream_seconds
            window["cpu_us"] = (subject.process.cpu_seconds() - before) * 1e6 / sent
            window["rss_mb"] = subject.process.resident_bytes() / 1e6
            if first:  # memory once used is kept: only a fresh process shows what a stream takes
                window["stream_kib"] = (subject.process.resident_bytes() - idle) / 1024 / settings.streams
        measured = json.loads(load.line())
        load.stop()
        return {**measured, **window}

    def _await_line(self, load: Process, expected: str) -> None:
        line = load.line()
        if line.strip() != expected:
            raise RuntimeError(f"stream_load said {line!r} instead of {expected!r}: {load.log()}")


ALL = [
    Chat("chat", "0.5 KB in, 0.7 KB out, as fast as it goes", 500, 700),
    Chat("half", "the same at half of HAProxy's rate, open loop", 500, 700, half_rate=True),
    Chat("10k", "10 KB in, 10 KB out", 10_000, 10_000, share_of_seconds=0.6),
    Chat("50k", "50 KB in, 0.7 KB out", 50_000, 700, share_of_seconds=0.6),
    Chat("image", "a picture of 1 MB in base64 in, 0.7 KB out, 16 connections", 1_000_000, 700, make_body=bodies.image,
         share_of_seconds=0.6, connections=16),
    Streams("streams", "slow streams, side by side"),
]


def show(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)
