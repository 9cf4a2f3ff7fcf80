"""One round of one subject: load goes in, numbers come out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import bodies
from processes import LOAD_CORE, PROXY_CORE, CoreMeter, Process
from subjects import Subject

WARM_UP_SECONDS = 0.3

# What a round found: a metric's name and its number. A result has the rounds of each subject, by its name.
Round = dict[str, float]
Result = dict[str, list[Round]]


@dataclass
class Bench:
    """How a whole run was asked for, and where it works."""

    directory: Path
    tools: Path
    rounds: int = 5
    connections: int = 64
    seconds: float = 2.0
    streams: int = 1000
    ramp_seconds: float = 1.0  # in which streams begin
    settle_seconds: float = 0.5
    stream_seconds: float = 3.0  # that are measured
    events_per_second: int = 20
    quick: bool = False
    references_only: bool = False
    show: Callable[[str], None] = field(default=print)

    @property
    def stream_length_seconds(self) -> float:
        """So that the first stream ends when what is measured does, and all of them are there meanwhile."""
        return self.ramp_seconds + self.settle_seconds + self.stream_seconds


@dataclass(frozen=True)
class Load:
    """Requests that are answered whole. With a rate they are due at fixed times, else each connection sends its next one at once."""

    request_bytes: int = 500
    answer_bytes: tuple[int, int] = (700, 700)  # the gateway may add up to 1 KB
    make_body: Callable[[str, int], bytes] = bodies.chat
    connections: int = 0  # 0: as many as the run was asked for
    rate: float = 0
    share_of_seconds: float = 1.0

    def requests(self, subject: Subject) -> bytes:
        return subject.request(self.make_body(subject.model, self.request_bytes))


def requests_round(bench: Bench, subject: Subject, load: Load) -> Round:
    file = bench.directory / "requests.http"
    file.write_bytes(load.requests(subject))
    warm_up = _send(bench, subject, load, file, WARM_UP_SECONDS)
    load_core, proxy_core = CoreMeter(LOAD_CORE), CoreMeter(PROXY_CORE)
    before = subject.process.cpu_seconds() if subject.process else 0.0
    measured = _send(bench, subject, load, file, bench.seconds * load.share_of_seconds)
    measured["load_core"] = load_core.busy()
    measured["warm_up_requests"] = warm_up["requests"]
    if subject.process:
        measured["proxy_core"] = proxy_core.busy()
        cpu = subject.process.cpu_seconds() - before
        measured["cpu_us"] = cpu * 1e6 / max(1, measured["requests"] + measured["errors"])
        measured["rps_per_core"] = measured["requests"] / cpu if cpu else 0.0  # of the time that it was given, whoever set the pace
        measured["rss_mb"] = subject.process.resident_bytes() / 1e6
    return measured


def start_load(bench: Bench, subject: Subject, load: Load, file: Path, seconds: float) -> Process:
    """Its one line of JSON comes when it is done."""
    least, most = load.answer_bytes
    command = [str(bench.tools / "load_gen"), "--port", str(subject.port), "--request", str(file), "--seconds", str(seconds),
               "--connections", str(load.connections or bench.connections), "--expect", bodies.ANSWER_MARK,
               "--min-length", str(least), "--max-length", str(most if subject.passes_bytes_on else most + 1024)]
    if load.rate:
        command += ["--rate", f"{load.rate:.0f}"]
    return Process(command, LOAD_CORE, bench.directory, talks=True)


def outcome_of(load: Process) -> Round:
    line = load.line()
    load.stop()
    if not line:
        raise RuntimeError(f"the load generator gave no result: {load.log()}")
    return json.loads(line)


def _send(bench: Bench, subject: Subject, load: Load, file: Path, seconds: float) -> Round:
    return outcome_of(start_load(bench, subject, load, file, seconds))


def streams_round(bench: Bench, subject: Subject, streams: int, events: int, first: bool) -> Round:
    """`events` is how many each stream has to bring."""
    file = bench.directory / "stream.http"
    file.write_bytes(subject.request(bodies.chat(subject.model, 500, stream=True)))
    idle = subject.process.resident_bytes() if subject.process else 0
    load = Process([str(bench.tools / "stream_load"), "--port", str(subject.port), "--request", str(file), "--streams", str(streams),
                    "--ramp", str(bench.ramp_seconds), "--settle", str(bench.settle_seconds), "--measure", str(bench.stream_seconds),
                    "--events", str(events)], LOAD_CORE, bench.directory, talks=True)
    window: Round = {}
    _await_line(load, "measuring")
    load_core, proxy_core = CoreMeter(LOAD_CORE), CoreMeter(PROXY_CORE)
    before = subject.process.cpu_seconds() if subject.process else 0.0
    _await_line(load, "measured")
    window["load_core"] = load_core.busy()
    cpu = subject.process.cpu_seconds() - before if subject.process else 0.0
    if subject.process:
        window["proxy_core"] = proxy_core.busy()
        window["rss_mb"] = subject.process.resident_bytes() / 1e6
        if first:  # memory once used is kept: only a fresh process shows what a stream takes
            window["stream_kib"] = (subject.process.resident_bytes() - idle) / 1024 / streams
    measured = outcome_of(load)
    if subject.process:
        window["cpu_us"] = cpu * 1e6 / max(1, measured["events"])  # that were sent within the window
    return {**measured, **window}


def _await_line(load: Process, expected: str) -> None:
    line = load.line()
    if line.strip() != expected:
        raise RuntimeError(f"the load generator said {line!r} instead of {expected!r}: {load.log()}")
