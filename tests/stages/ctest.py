"""Runs ctest on one build tree and counts the single tests inside its GoogleTest programs."""

from __future__ import annotations

import os
import shutil
import xml.etree.ElementTree as xml
from pathlib import Path

import running
from counting import Counts


def run(preset: str, **environment: str) -> Counts:
    tree = running.REPOSITORY / "build" / preset
    results = tree / "test-results"
    shutil.rmtree(results, ignore_errors=True)
    junit = results / "ctest.xml"
    results.mkdir(parents=True)
    running.show(["ctest", "--test-dir", str(tree), "--output-on-failure", "--timeout", "300", "--parallel", str(os.cpu_count()),
                  "--output-junit", str(junit)], GTEST_OUTPUT=f"xml:{results}/", GTEST_BRIEF="1", **environment)
    return sum_up(junit)


def sum_up(junit: Path) -> Counts:
    """One program counts as its GoogleTest report says, or as one test if it made none; a crash is a failure in any case."""
    if not junit.exists():
        return Counts(failed=1)
    total = Counts()
    for program in xml.parse(junit).getroot().iter("testcase"):
        skipped = program.find("skipped") is not None or program.get("status") in ("disabled", "notrun")
        good = program.get("status") == "run" and program.find("failure") is None
        inside = _inside(junit.parent / f"{program.get('name')}.xml")
        if inside is None:
            inside = Counts(skipped=1) if skipped else Counts(passed=int(good), failed=int(not good))
        elif not good and not inside.failed:
            inside += Counts(failed=1)
        total += inside
    return total


def _inside(report: Path) -> Counts | None:
    if not report.exists():
        return None
    suites = xml.parse(report).getroot()
    count = {name: int(suites.get(name, 0)) for name in ("tests", "failures", "errors", "disabled")}
    failed = count["failures"] + count["errors"]
    skipped = count["disabled"] + sum(int(suite.get("skipped", 0)) for suite in suites)
    return Counts(count["tests"] - failed - skipped, failed, skipped)
