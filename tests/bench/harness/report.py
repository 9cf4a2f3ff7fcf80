"""Markdown tables: one of all goals, and one for each row with every subject."""

from __future__ import annotations

from statistics import median

from figures import LOAD_IS_FULL, Reached, errors, judge, ratios, spread, values
from measuring import Result, Round
from rows import Goal, Row

Cells = list[str]

# Of each kind of table: the columns of numbers (title, metric, format), then those of ratios to the row's base (title, metric).
_COLUMNS = {
    "requests": ([("req/s", "rps", ",.0f"), ("p50 µs", "p50_us", ",.0f"), ("p99 µs", "p99_us", ",.0f"), ("CPU µs/req", "cpu_us", ".1f"), ("req/s per core", "rps_per_core", ",.0f"),
                  ("RSS MB", "rss_mb", ".1f"), ("its core", "proxy_core", ".0%"), ("load core", "load_core", ".0%")],
                 [("CPU", "cpu_us"), ("req/s", "rps"), ("p99", "p99_us")]),
    "streams": ([("p50 µs", "p50_us", ",.0f"), ("p99 µs", "p99_us", ",.0f"), ("added p50", "added_p50_us", ",.0f"),
                 ("added p99", "added_p99_us", ",.0f"), ("CPU µs/event", "cpu_us", ".2f"), ("KiB/stream", "stream_kib", ".1f"),
                 ("load core", "load_core", ".0%")], [("CPU", "cpu_us"), ("added p99", "added_p99_us")]),
    "memory": ([("idle MB", "idle_mb", ".1f"), ("under load MB", "rss_mb", ".1f"), ("req/s", "rps", ",.0f"), ("p99 µs", "p99_us", ",.0f")], []),
    "start": ([("ms", "start_ms", ",.0f"), ("CPU ms", "cpu_ms", ",.0f")], []),
    "peers": ([("req/s", "rps", ",.0f"), ("req/s per core", "rps_per_core", ",.0f"), ("CPU µs/req", "cpu_us", ",.1f"), ("p50 µs", "p50_us", ",.0f"),
               ("p99 µs", "p99_us", ",.0f"), ("RSS MB", "rss_mb", ",.1f"), ("its core", "proxy_core", ".0%"), ("load core", "load_core", ".0%"),
               ("new upstream connections", "upstream_connections", ",.0f")], [("CPU", "cpu_us")]),
}


def table(row: Row, result: Result) -> str:
    numbers, compared = _COLUMNS[row.columns]
    measured = [column for column in numbers if any(values(rounds, column[1]) for rounds in result.values())]
    base = result.get(row.base, [])
    compared = [column for column in compared if any(ratios(rounds, base, column[1]) for rounds in result.values())]
    head = ["", *(title for title, _, _ in measured), *(f"{title} × {row.base}" for title, _ in compared), "errors"]
    lines = [_cells(name, rounds, base, measured, compared) for name, rounds in result.items()]
    rounds = max(map(len, result.values()))
    return "\n".join([f"### {row.name}: {row.about}", "", f"{rounds} round{'s' if rounds != 1 else ''}.", "", *_table(head, lines), *(_notes(result) if row.columns == "requests" else []), ""])


def _cells(name: str, rounds: list[Round], base: list[Round], numbers: list, compared: list) -> Cells:
    found = [format(median(taken), form) if (taken := values(rounds, metric)) else "–" for _, metric, form in numbers]
    against = [str(spread(ratios(rounds, base, metric)) or "–") for _, metric in compared]
    return [name, *found, *against, f"{errors({name: rounds}):,}"]


def _notes(result: Result) -> list[str]:
    """The load shares one core with the upstream: when that core has nothing left, requests/s tell about it and not about the proxy."""
    full = [name for name, rounds in result.items() if (load := values(rounds, "load_core")) and median(load) >= LOAD_IS_FULL]
    if not full:
        return []
    return ["", f"The load's core had nothing left with {', '.join(full)}: the requests/s there are what load and upstream can do; the CPU per "
            "request stands."]


# Units of the metrics that goals compare.
_UNITS = {"cpu_us": ("µs", ".1f"), "p99_us": ("µs", ",.0f"), "added_p99_us": ("µs", ",.0f"), "rps": ("", ",.0f"), "rps_per_core": ("", ",.0f")}


def judged(rows: list[Row], results: dict[str, Result]) -> list[tuple[Row, Reached]]:
    return [(row, reached) for row in rows if row.name in results for goal in row.goals if (reached := judge(goal, results[row.name]))]


def summary(rows: list[Row], results: dict[str, Result]) -> str:
    lines = []
    for row, reached in judged(rows, results):
        result = results[row.name]
        goal = reached.goal
        sign, unit = ("≥" if goal.at_least else "≤"), (f" {goal.unit}" if goal.unit else " ×")
        verdict = reached.verdict + (f" ({reached.remark})" if reached.remark else "")
        lines.append([row.name, goal.what, goal.reference or "–", _absolute(goal, result), f"{reached.figure}{unit}", f"{sign} {goal.reach:g}{unit}",
                      f"{sign} {goal.moonshot:g}{unit}", verdict])
    return "\n".join(_table(["row", "what", "against", "figures", "median (lowest–highest)", "goal", "moonshot", ""], lines))


def _absolute(goal: Goal, result: Result) -> str:
    """Medians of both sides of a ratio: ours, then the reference's."""
    if not goal.reference:
        return ""
    unit, form = _UNITS[goal.metric]
    ours, theirs = (format(median(values(result[name], goal.metric)), form) for name in (goal.subject, goal.reference))
    return f"{ours} : {theirs} {unit}".rstrip()


def _table(head: Cells, lines: list[Cells]) -> list[str]:
    return [_line(head), _line(["---"] + ["--:"] * (len(head) - 1)), *map(_line, lines)]


def _line(cells: Cells) -> str:
    return "| " + " | ".join(cells) + " |"
