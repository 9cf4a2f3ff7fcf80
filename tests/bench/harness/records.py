"""What runs leave behind: a file of JSON with the rounds of every row, read again for a report."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from pathlib import Path

from measuring import Result

PEERS_CONNECTIONS = 64  # of the row whose goals are judged


def machine() -> str:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
                 platform.machine())
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.release()}"


def versions(gateway: Path) -> str:
    """Of everything that is compared."""
    haproxy = _first_line("haproxy", "-v").split(" ")[2:3]
    nginx = _first_line("nginx", "-v").split("/")[-1:]
    ours = _first_line(str(gateway), "version") if gateway.exists() else ""
    commit = _first_line("git", "-C", str(gateway.parent), "rev-parse", "--short", "HEAD")
    ours += f" ({commit})" if ours and commit.isalnum() else ""
    return ", ".join(filter(None, [ours, *(f"HAProxy {word}" for word in haproxy), *(f"nginx {word}" for word in nginx)]))


def _first_line(*command: str) -> str:
    path = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}
    done = subprocess.run(command, capture_output=True, text=True, env=path, check=False)
    return ((done.stdout or done.stderr).splitlines() or [""])[0].strip()


def write(file: Path, results: dict[str, Result], gateway: Path) -> None:
    record = {"machine": machine(), "versions": versions(gateway), "date": time.strftime("%Y-%m-%d", time.gmtime()), "rows": results}
    file.write_text(json.dumps(record, indent=1) + "\n")


def read(files: list[Path]) -> dict:
    """Several records as one: of a row that is in more than one of them, the last. What tests/bench/peers writes is a list."""
    merged: dict = {"rows": {}}
    for file in files:
        record = json.loads(file.read_text())
        if isinstance(record, list):
            record = _of_peers(record)
        rows = {**merged["rows"], **record["rows"]}
        merged = {**merged, **record, "rows": rows}
    for rounds in (rounds for result in merged["rows"].values() for rounds in result.values()):
        for one in rounds:
            one.setdefault("errors", 0)
    return merged


def _of_peers(entries: list[dict]) -> dict:
    """Each entry is a gateway at a number of connections: with its rounds, or with why it is absent."""
    rows: dict[str, Result] = {}
    for one in entries:
        if one.get("rounds"):
            connections = one.get("connections", PEERS_CONNECTIONS)
            row = "peers" if connections == PEERS_CONNECTIONS else f"peers-{connections}"
            rows.setdefault(row, {})[one["name"]] = one["rounds"]
    about = {one["name"]: one["about"] for one in entries if one.get("about")}
    return {"rows": rows, "peers_about": about, "peers_absent": {one["name"]: one["absent"] for one in entries if one.get("absent")}}
