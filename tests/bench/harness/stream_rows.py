"""Many slow streams side by side, through the gateway and through plain reverse proxies."""

from __future__ import annotations

import upstreams
from measuring import Bench, Result, streams_round
from rows import Goal, Row, Stand, alternate
from subjects import Direct


def _run(bench: Bench) -> Result:
    with Stand(bench) as stand:
        upstream = stand.keep(upstreams.streaming(stand.directory(), bench.tools, bench.events_per_second, bench.stream_length_seconds))
        result = alternate(bench, "streams", stand.proxies(upstream), lambda subject, number: streams_round(
            bench, subject, bench.streams, upstream.events, first=number == 0))
    _subtract_direct(result)
    return result


def _subtract_direct(result: Result) -> None:
    """What a proxy adds to an event's time is what it took beyond the same round without one."""
    for name, rounds in result.items():
        if name != Direct.name:
            for own, direct in zip(rounds, result[Direct.name]):
                for metric in ("p50_us", "p99_us"):
                    own[f"added_{metric}"] = max(1.0, own[metric] - direct[metric])


STREAMS = Row("streams", "1,000 streams, 20 events a second each", "streams", "nginx",
              (Goal("CPU per event", "cpu_us", "nginx", 1.0, 0.6), Goal("added p99 per event", "added_p99_us", "nginx", 1.0, 0.6),
               Goal("RSS per stream", "stream_kib", "", 24, 12, unit="KiB")), _run, needs_gateway=False)
