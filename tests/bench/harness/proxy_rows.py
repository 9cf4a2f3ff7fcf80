"""Requests of several sizes through the gateway and through plain reverse proxies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import median

import bodies
import upstreams
from measuring import Bench, Load, Result, requests_round
from rows import Goal, Row, Stand, compare_requests
from subjects import HAProxy

LOADS = {
    "chat": Load(),
    "10k": Load(10_000, (10_000, 10_000), share_of_seconds=0.6),
    "50k": Load(50_000, share_of_seconds=0.6),
    "image": Load(1_000_000, make_body=bodies.image, connections=16, share_of_seconds=0.6),
}


def _compare(name: str) -> Callable[[Bench], Result]:
    def run(bench: Bench) -> Result:
        load = LOADS[name]
        with Stand(bench) as stand:
            upstream = stand.keep(upstreams.fixed(stand.directory(), bench.tools, bodies.answer(load.answer_bytes[0])))
            return compare_requests(bench, name, stand.proxies(upstream), load)

    return run


def _run_half(bench: Bench) -> Result:
    with Stand(bench) as stand:
        upstream = stand.keep(upstreams.fixed(stand.directory(), bench.tools, bodies.answer(700)))
        subjects = stand.proxies(upstream)
        rate = half_of_haproxy(bench, next(subject for subject in subjects if isinstance(subject, HAProxy)))
        return compare_requests(bench, f"half ({rate:,.0f} req/s)", subjects, replace(LOADS["chat"], rate=rate))


def half_of_haproxy(bench: Bench, haproxy: HAProxy) -> float:
    """Half of the most requests a second that it takes here and now."""
    return median(requests_round(bench, haproxy, replace(LOADS["chat"], share_of_seconds=0.5))["rps"] for _ in range(min(3, bench.rounds))) / 2


def _row(name: str, about: str, *goals: Goal) -> Row:
    return Row(name, about, "requests", "HAProxy", goals, _compare(name), needs_gateway=False)


_CPU = Goal("CPU per request", "cpu_us", "HAProxy", 0.9, 0.7)

CHAT = _row("chat", "0.5 KB in, 0.7 KB out, as fast as it goes", replace(_CPU, reach=0.70, moonshot=0.50),
            Goal("requests/s", "rps", "HAProxy", 1.4, 2.0, at_least=True))

HALF = Row("half", "the same at half of HAProxy's greatest rate, open loop", "requests", "HAProxy",
           (Goal("p99", "p99_us", "HAProxy", 1.0, 0.7),), _run_half, needs_gateway=False)

SIZES = [_row("10k", "10 KB in, 10 KB out", _CPU), _row("50k", "50 KB in, 0.7 KB out", _CPU),
         _row("image", "a picture of 1 MB in base64 in, 0.7 KB out, 16 connections", _CPU)]
