"""What a row of the table is: something to measure, in rounds that go round its subjects, and the goals for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from measuring import Bench, Load, Result, Round, requests_round
from subjects import Direct, HAProxy, Nginx, SpiderGate, Subject


@dataclass(frozen=True)
class Goal:
    """`reach` and `moonshot` bound a metric: as a ratio to the reference's in the same round, or by itself where there is no reference."""

    what: str
    metric: str
    reference: str
    reach: float
    moonshot: float
    subject: str = "SpiderGate"
    unit: str = ""  # of a metric by itself
    at_least: bool = False


@dataclass(frozen=True)
class Row:
    """Made by one of the modules of rows; run() gives the rounds of each subject."""

    name: str
    about: str
    columns: str  # which kind of table shows it: see report
    base: str  # the subject that the others are compared with
    goals: tuple[Goal, ...]
    run: Callable[[Bench], Result]
    needs_gateway: bool = True


class Stand:
    """Starts subjects and upstreams for a row and stops them all at its end."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._stack = ExitStack()

    def __enter__(self) -> "Stand":
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def directory(self) -> Path:
        made = self.bench.directory / f"place-{len(list(self.bench.directory.glob('place-*')))}"
        made.mkdir()
        return made

    def keep(self, server):
        """Whatever has a stop()."""
        self._stack.callback(server.stop)
        return server

    def subject(self, make: type[Subject], upstream, **options: object) -> Subject:
        return self.keep(make(self.directory(), upstream.port, **options))

    def proxies(self, upstream) -> list[Subject]:
        """The gateway and what it is compared with."""
        kinds = [Direct, HAProxy, Nginx, *([] if self.bench.references_only else [SpiderGate])]
        return [self.subject(kind, upstream) for kind in kinds]


def alternate(bench: Bench, title: str, subjects: list[Subject], measure: Callable[[Subject, int], Round], rounds: int = 0) -> Result:
    """The subjects take turns: what disturbs the machine for some seconds disturbs all of them."""
    result: Result = {subject.name: [] for subject in subjects}
    for number in range(rounds or bench.rounds):
        for subject in subjects:
            bench.show(f"{title}: round {number + 1}, {subject.name}")
            result[subject.name].append(measure(subject, number))
    return result


def compare_requests(bench: Bench, title: str, subjects: list[Subject], load: Load) -> Result:
    return alternate(bench, title, subjects, lambda subject, _: requests_round(bench, subject, load))
