"""Medians over rounds, and ratios taken inside each round before their median; with the lowest and the highest."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from measuring import Result, Round
from rows import Goal

LOAD_IS_FULL = 0.97  # from here on, the load generator and the upstream bound what can be seen


@dataclass(frozen=True)
class Spread:
    middle: float
    least: float
    most: float

    def __str__(self) -> str:
        if self.least == self.most:
            return _short(self.middle)
        return f"{_short(self.middle)} ({_short(self.least)}–{_short(self.most)})"


def spread(values: list[float]) -> Spread | None:
    return Spread(median(values), min(values), max(values)) if values else None


def values(rounds: list[Round], metric: str) -> list[float]:
    return [one[metric] for one in rounds if metric in one]


def ratios(rounds: list[Round], reference: list[Round], metric: str) -> list[float]:
    return [own[metric] / other[metric] for own, other in zip(rounds, reference) if metric in own and other.get(metric)]


def errors(result: Result) -> int:
    return int(sum(one["errors"] for rounds in result.values() for one in rounds))


@dataclass(frozen=True)
class Reached:
    """How a goal was met."""

    goal: Goal
    figure: Spread  # the ratio, or the metric by itself
    bounded: bool  # by a load core that had nothing left
    per_core: Spread | None = None  # of requests/s: the ratio of what a second of processor time serves

    @property
    def share(self) -> float:
        """Of what the goal allows: at most 1 is good, whichever direction the goal has."""
        return self.share_of(self.goal.reach)

    def share_of(self, bound: float) -> float:
        return bound / max(self.figure.middle, 1e-9) if self.goal.at_least else self.figure.middle / bound

    @property
    def verdict(self) -> str:
        if self.share_of(self.goal.moonshot) <= 1:
            return "moonshot"
        return "reached" if self.share <= 1 else "not reached"

    @property
    def remark(self) -> str:
        """Requests/s are the load's own where its core had nothing left."""
        if not self.bounded or self.goal.metric != "rps" or self.verdict == "moonshot":
            return ""
        return f"the load's core was full; {self.per_core} × per second of processor time" if self.per_core else "the load's core was full"


def judge(goal: Goal, result: Result) -> Reached | None:
    """None where what the goal is about was not measured."""
    own, reference = result.get(goal.subject, []), result.get(goal.reference, [])
    found = spread(ratios(own, reference, goal.metric) if goal.reference else values(own, goal.metric))
    load = values(own, "load_core")
    per_core = spread(ratios(own, reference, "rps_per_core"))
    return Reached(goal, found, bool(load) and median(load) >= LOAD_IS_FULL, per_core) if found else None


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"
