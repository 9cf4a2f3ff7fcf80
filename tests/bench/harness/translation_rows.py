"""OpenAI's form in, Anthropic's or Gemini's at the provider, against the gateway where nothing is to be translated."""

from __future__ import annotations

from dataclasses import replace

import upstreams
from dialects import ANTHROPIC, GEMINI, OPENAI
from measuring import Bench, Load, Result, streams_round
from rows import Goal, Row, Stand, alternate, compare_requests
from subjects import SpiderGate

UNTRANSLATED = "untranslated"
NAMES = {UNTRANSLATED: OPENAI, "Anthropic": ANTHROPIC, "Gemini": GEMINI}


def _run_whole(bench: Bench) -> Result:
    with Stand(bench) as stand:
        subjects = []
        for name, dialect in NAMES.items():
            upstream = stand.keep(upstreams.fixed(stand.directory(), bench.tools, dialect.answer))
            subjects.append(stand.subject(SpiderGate, upstream, name=name, dialect=dialect))
        return compare_requests(bench, "translated", subjects, Load(answer_bytes=(500, 1000)))


def _run_streams(bench: Bench) -> Result:
    """A fifth of the streams of `streams`, for two thirds of the time."""
    bench = replace(bench, streams=max(1, bench.streams // 5), stream_seconds=bench.stream_seconds * 2 / 3)
    with Stand(bench) as stand:
        subjects, events = [], 0
        for name, dialect in NAMES.items():
            upstream = stand.keep(upstreams.streaming(stand.directory(), bench.tools, bench.events_per_second, bench.stream_length_seconds, dialect))
            subjects.append(stand.subject(SpiderGate, upstream, name=name, dialect=dialect))
            events = upstream.events
        return alternate(bench, "translated-streams", subjects, lambda subject, number: streams_round(
            bench, subject, bench.streams, events, first=number == 0))


def _goals(what: str) -> tuple[Goal, ...]:
    return tuple(Goal(f"{what}, {name}", "cpu_us", UNTRANSLATED, 2.0, 1.5, subject=name) for name in NAMES if name != UNTRANSLATED)


TRANSLATED = [
    Row("translated", "OpenAI's form in, another at the provider, whole answers", "requests", UNTRANSLATED, _goals("CPU per request"), _run_whole),
    Row("translated-streams", "the same as streams: 200, 20 events a second each", "streams", UNTRANSLATED, _goals("CPU per event"), _run_streams),
]
