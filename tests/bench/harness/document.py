"""docs/performance.md: written by people, but for what stands between its markers, which is made from a record."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import chart
import records
import report
import table

PAGE, CHART = "performance.md", "performance.svg"


def update(folder: Path, record: dict) -> None:
    """Replaces the generated parts of the page and draws the chart anew. Rows that the record does not have are left out."""
    rows, results = table.ALL, record["rows"]
    parts = {
        "machine": f"Measured on {record.get('date', 'an unknown day')}: {record.get('machine', 'an unknown machine')}; {record.get('versions', '')}.",
        "summary": f"![How much of what its goal allows each row takes]({CHART})\n\n{report.summary(rows, results)}",
        "tables": "\n".join(report.table(row, results[row.name]) for row in rows if row.name in results and row.name != "peers").rstrip(),
        "peers": "\n".join(_peers(record)) or "Not measured.",
    }
    page = (folder / PAGE).read_text()
    for name, content in parts.items():
        page = _between(page, name, content)
    (folder / PAGE).write_text(page)
    (folder / CHART).write_text(chart.svg(report.judged(rows, results)))


def _peers(record: dict) -> list[str]:
    parts = []
    for name, result in record["rows"].items():
        if name.startswith(table.PEERS.name):
            connections = name.removeprefix(table.PEERS.name).removeprefix("-") or str(records.PEERS_CONNECTIONS)
            parts += [*report.table(replace(table.PEERS, name=f"{connections} connections"), result).splitlines(), ""]
    parts += [f"- {name}: {about}" for name, about in record.get("peers_about", {}).items()]
    return parts + [f"- {name} could not be measured: {why}" for name, why in record.get("peers_absent", {}).items()]


def _between(page: str, name: str, content: str) -> str:
    begin, end = f"<!-- bench: {name} -->", f"<!-- end: {name} -->"
    changed, count = re.subn(rf"{begin}.*?{end}", lambda _: f"{begin}\n{content}\n{end}", page, flags=re.S)
    if count != 1:
        raise RuntimeError(f"{PAGE} has {count} places for {name!r}; they begin with {begin} and end with {end}")
    return changed
