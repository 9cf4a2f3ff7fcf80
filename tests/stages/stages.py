"""What can be run: each stage names the build it needs and gives counts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import ctest
import running
import tidy
from counting import Counts, from_output


@dataclass(frozen=True)
class Stage:
    about: str
    run: Callable[[float | None], Counts]
    preset: str | None = None
    alone: bool = False  # waits until every build is done
    named_only: bool = False


def _program(command: list[str]) -> Callable[[float | None], Counts]:
    def run(_limit: float | None) -> Counts:
        code, output = running.show(command)
        counts = from_output(output)
        return counts + Counts(failed=1) if code != 0 and not counts.failed else counts

    return run


_ASAN = {"ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}

ALL = {
    "lint": Stage("formatting, layering, names, sizes, headers that compile alone", _program(["scripts/lint"])),
    "dev": Stage("unit, contract and replay tests, without sanitizers (named only, or with --quick)", lambda _: ctest.run("dev"), "dev",
                 named_only=True),
    "asan": Stage("unit, contract and replay tests and the fuzz corpora, with address and undefined-behaviour sanitizers",
                  lambda _: ctest.run("asan", **_ASAN), "asan"),
    "tsan": Stage("unit, contract and replay tests with the thread sanitizer (named only)", lambda _: ctest.run("tsan"), "tsan",
                  named_only=True),
    "e2e": Stage("the released binary under the official SDKs", _program(["tests/e2e/run"]), "release", alone=True),
    "bench": Stage("a short benchmark run: ratios are shown, times are not judged",
                   _program([sys.executable, "-B", "tests/bench/run", "--quick"]), "release", alone=True),
    "instructions": Stage("instructions per request and event, against a committed baseline",
                          _program([sys.executable, "-B", "tests/bench/instructions"]), "release", alone=True),
    "tidy": Stage("clang-tidy, changed files first, as far as the time allows", tidy.run, tidy.PRESET, alone=True),
}
