"""Markdown tables from results: medians over the rounds, and ratios taken inside each round before their median."""

from __future__ import annotations

from statistics import median

from scenarios import Chat, Result, Settings

Row = list[str]


def table(scenario, result: Result, settings: Settings) -> str:
    make = _chat_row if isinstance(scenario, Chat) else _stream_row
    head = _CHAT_HEAD if isinstance(scenario, Chat) else _STREAM_HEAD
    rows = [make(name, rounds, result) for name, rounds in result.items()]
    title = f"### {scenario.name}: {scenario.about}"
    if not isinstance(scenario, Chat):
        title += f" ({settings.streams:,} × {settings.events_per_second} events/s)"
    elif scenario.half_rate:
        title += f" ({settings.reference_rps / 2:,.0f} req/s)"
    return "\n".join([title, "", _line(head), _line(["---"] + ["--:"] * (len(head) - 1)), *map(_line, rows), ""])


_CHAT_HEAD = ["", "req/s", "p50 µs", "p99 µs", "CPU µs/req", "RSS MB", "load core", "CPU × HAProxy", "req/s × HAProxy", "p99 × HAProxy",
              "errors"]
_STREAM_HEAD = ["", "p50 µs", "p99 µs", "added p50", "added p99", "CPU µs/event", "KiB/stream", "load core", "CPU × nginx",
                "added p99 × nginx", "broken streams"]


def _chat_row(name: str, rounds: list[dict], result: Result) -> Row:
    reference = result.get("HAProxy", [])
    return [name, f"{_mid(rounds, 'rps'):,.0f}", f"{_mid(rounds, 'p50_us'):,.0f}", f"{_mid(rounds, 'p99_us'):,.0f}",
            _number(rounds, "cpu_us", ".1f"), _number(rounds, "rss_mb", ".1f"), f"{_mid(rounds, 'load_core'):.0%}",
            _ratio(rounds, reference, "cpu_us"), _ratio(rounds, reference, "rps"), _ratio(rounds, reference, "p99_us"),
            f"{errors(rounds):,}"]


def _stream_row(name: str, rounds: list[dict], result: Result) -> Row:
    base, reference = result.get("direct", []), result.get("nginx", [])
    added = _added(rounds, base, "p99_us")
    return [name, f"{_mid(rounds, 'p50_us'):,.0f}", f"{_mid(rounds, 'p99_us'):,.0f}",
            "–" if name == "direct" else f"{median(_added(rounds, base, 'p50_us')):,.0f}",
            "–" if name == "direct" else f"{median(added):,.0f}",
            _number(rounds, "cpu_us", ".2f"), _number(rounds[:1], "stream_kib", ".1f"), f"{_mid(rounds, 'load_core'):.0%}",
            _ratio(rounds, reference, "cpu_us"),
            "–" if name == "direct" else _spread([own / max(1.0, other) for own, other in zip(added, _added(reference, base, "p99_us"))]),
            f"{errors(rounds):,}"]


def errors(rounds: list[dict]) -> int:
    return int(sum(one["errors"] for one in rounds))


def _added(rounds: list[dict], base: list[dict], metric: str) -> list[float]:
    return [own[metric] - other[metric] for own, other in zip(rounds, base)] or [0.0]


def _mid(rounds: list[dict], metric: str) -> float:
    return median(one[metric] for one in rounds)


def _number(rounds: list[dict], metric: str, form: str) -> str:
    return format(_mid(rounds, metric), form) if all(metric in one for one in rounds) else "–"


def _ratio(rounds: list[dict], reference: list[dict], metric: str) -> str:
    return _spread([own[metric] / other[metric] for own, other in zip(rounds, reference)
                    if metric in own and other.get(metric)])


def _spread(ratios: list[float]) -> str:
    if not ratios:
        return "–"
    return f"{median(ratios):.2f}" + (f" ({min(ratios):.2f}–{max(ratios):.2f})" if len(ratios) > 1 else "")


def _line(cells: Row) -> str:
    return "| " + " | ".join(cells) + " |"
