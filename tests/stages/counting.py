"""How many tests passed, failed and were skipped: a value, and how to read it from what test runners print."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_WORDS = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)\b")
_UNITTEST = re.compile(r"^Ran (\d+) tests? in", re.M)
_UNITTEST_END = re.compile(r"^(?:OK|FAILED)(?: \((.*)\))?$", re.M)


def from_output(text: str) -> Counts:
    """Reads the last summary in the output of unittest, of pytest, or of any program that prints `N passed, N failed`."""
    text = _ANSI.sub("", text)
    if ran := _UNITTEST.search(text):
        return _from_unittest(int(ran[1]), _UNITTEST_END.findall(text)[-1:])
    for line in reversed(text.splitlines()):
        found = {word: int(number) for number, word in _WORDS.findall(line)}
        if found:
            failed = found.get("failed", 0) + found.get("error", 0) + found.get("errors", 0)
            return Counts(found.get("passed", 0) + found.get("xfailed", 0), failed + found.get("xpassed", 0), found.get("skipped", 0))
    return Counts()


def _from_unittest(ran: int, end: list[str]) -> Counts:
    details = dict(re.findall(r"(\w+)=(\d+)", end[0])) if end else {"failures": "1"}
    failed = int(details.get("failures", 0)) + int(details.get("errors", 0))
    skipped = int(details.get("skipped", 0))
    return Counts(max(0, ran - failed - skipped), failed, skipped)
