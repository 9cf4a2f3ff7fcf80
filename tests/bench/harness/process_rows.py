"""The gateway as a process: its memory, its start, its threads."""

from __future__ import annotations

import os
import time

import bodies
import upstreams
from measuring import Bench, Load, Result, Round, outcome_of, start_load
from processes import LOAD_CORE, PROXY_CORE
from rows import Goal, Row, Stand, compare_requests
from subjects import SpiderGate

REQUESTS_PER_SECOND = 3000
IDLE_SECONDS = 1.0


def _run_memory(bench: Bench) -> Result:
    load = Load(rate=REQUESTS_PER_SECOND, share_of_seconds=2.5)
    rounds: list[Round] = []
    with Stand(bench) as outer:
        upstream = outer.keep(upstreams.fixed(outer.directory(), bench.tools, bodies.answer(700)))
        for number in range(bench.rounds):
            bench.show(f"rss: round {number + 1}, SpiderGate")
            with Stand(bench) as stand:
                rounds.append(_memory_round(bench, stand.subject(SpiderGate, upstream), load))
    return {SpiderGate.name: rounds}


def _memory_round(bench: Bench, gateway: SpiderGate, load: Load) -> Round:
    gateway.stop()  # the start with an empty data directory has more to do
    gateway.start()
    time.sleep(IDLE_SECONDS)
    idle = gateway.process.resident_bytes()
    file = bench.directory / "requests.http"
    file.write_bytes(load.requests(gateway))
    running = start_load(bench, gateway, load, file, bench.seconds * load.share_of_seconds)
    most = 0
    end = time.monotonic() + bench.seconds * load.share_of_seconds
    while time.monotonic() < end:
        most = max(most, gateway.process.resident_bytes())
        time.sleep(0.05)
    return {**outcome_of(running), "idle_mb": idle / 1e6, "rss_mb": most / 1e6}


def _run_start(bench: Bench) -> Result:
    """From the start of the process to the end of the first answer of a provider, with a database and with an empty directory."""
    rounds: list[Round] = []
    with Stand(bench) as stand:
        upstream = stand.keep(upstreams.fixed(stand.directory(), bench.tools, bodies.answer(700)))
        gateway = stand.subject(SpiderGate, upstream)
        request = gateway.request(bodies.chat(gateway.model, 500))
        for number in range(max(bench.rounds, 1 if bench.quick else 5)):
            bench.show(f"start: round {number + 1}, SpiderGate")
            gateway.stop()
            began = time.monotonic()
            gateway.launch()
            gateway.await_first_answer(request)
            taken = time.monotonic() - began
            rounds.append({"errors": 0, "start_ms": taken * 1000, "cpu_ms": gateway.process.cpu_seconds() * 1000})
    return {SpiderGate.name: rounds}


def _run_threads(bench: Bench) -> Result:
    """On a machine of two cores, the second thread shares its core with the load."""
    second = sorted(os.sched_getaffinity(0))[1:2]
    with Stand(bench) as stand:
        upstream = stand.keep(upstreams.fixed(stand.directory(), bench.tools, bodies.answer(700)))
        one = stand.subject(SpiderGate, upstream, name="1 thread")
        two = stand.subject(SpiderGate, upstream, name="2 threads", threads=2, cores={PROXY_CORE, *(second or [LOAD_CORE])})
        return compare_requests(bench, "threads", [one, two], Load())


RSS = Row("rss", f"memory of a fresh process: idle for {IDLE_SECONDS:.0f} s, and at {REQUESTS_PER_SECOND:,} requests a second, open loop",
          "memory", "", (Goal("RSS at idle", "idle_mb", "", 20, 12, unit="MB"),
                         Goal(f"RSS at {REQUESTS_PER_SECOND:,} req/s", "rss_mb", "", 40, 25, unit="MB")), _run_memory)

START = Row("start", "from the start of the process to the first answer served, embedded database, catalogue loaded", "start", "",
            (Goal("start to first served request", "start_ms", "", 200, 50, unit="ms"),), _run_start)

THREADS = Row("threads", "2 threads on 2 cores against 1 on 1, as fast as it goes", "requests", "1 thread",
              (Goal("CPU per request", "cpu_us", "1 thread", 1.1, 1.0, subject="2 threads"),), _run_threads)
