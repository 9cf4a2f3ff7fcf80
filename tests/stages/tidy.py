"""clang-tidy on the sources of the product (src/), each file one test; what tests do with lambdas and strings is their own affair.

A file found clean is remembered by the bytes of everything that it includes from this repository, so that the next run only
looks at what changed. Within a time limit, changed files come first and what was not reached counts as skipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import running
from counting import Counts

PRESET = "release"  # it has every source of the product, and no tests
TREE = running.REPOSITORY / "build" / PRESET
CLEAN = running.REPOSITORY / "build" / "tidy"


def run(limit: float | None) -> Counts:
    end = time.monotonic() + limit if limit else None
    CLEAN.mkdir(parents=True, exist_ok=True)
    included = _included()
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        verdicts = workers.map(lambda source: _check(source, included.get(source, []), end), _sources())
        return sum(verdicts, Counts())


def _sources() -> list[Path]:
    commands = json.loads((TREE / "compile_commands.json").read_text())
    files = {Path(command["file"]) for command in commands if command["file"].endswith(".cpp")}
    product = running.REPOSITORY / "src"
    ours = sorted(file for file in files if file.is_relative_to(product) and not file.is_relative_to(product / "boost"))
    random.Random(_git("rev-parse", "HEAD")).shuffle(ours)  # with a limit, another commit reaches other files
    changed = {running.REPOSITORY / name for name in _changed()}
    return sorted(ours, key=lambda file: file not in changed)


def _changed() -> list[str]:
    base = _git("merge-base", "HEAD", "origin/HEAD") or _git("rev-parse", "HEAD~1")
    return _git("diff", "--name-only", base).splitlines() if base else []


def _git(*arguments: str) -> str:
    code, output = running.ask(["git", *arguments])
    return output.strip() if code == 0 else ""


def _included() -> dict[Path, list[Path]]:
    """Each source with the repository's files that it includes, from Ninja's dependency log."""
    _, listing = running.ask(["ninja", "-C", str(TREE), "-t", "deps"])
    found: dict[Path, list[Path]] = {}
    for block in listing.split("\n\n"):
        files = [Path(os.path.normpath(TREE / line.strip())) for line in block.splitlines()[1:]]
        if files:
            found[files[0]] = [file for file in files if file.is_relative_to(running.REPOSITORY)]
    return found


def _check(source: Path, included: list[Path], end: float | None) -> Counts:
    mark = CLEAN / _fingerprint(source, included)
    if mark.exists():
        return Counts(passed=1)
    if end and time.monotonic() > end:
        return Counts(skipped=1)
    code, output = running.ask(["clang-tidy-19", "--quiet", "-p", str(TREE), "--warnings-as-errors=*", str(source)])
    if code == 0:
        mark.touch()
        return Counts(passed=1)
    shown = "\n".join(line for line in output.splitlines() if "warnings generated" not in line)
    print(f"{source.relative_to(running.REPOSITORY)}:\n{shown}", flush=True)
    return Counts(failed=1)


def _fingerprint(source: Path, included: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted({source, running.REPOSITORY / ".clang-tidy", *included}):
        digest.update(f"{file}\0".encode())
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()
