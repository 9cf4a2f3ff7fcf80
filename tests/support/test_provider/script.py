"""The queue of scripted behaviours: which request gets which."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from .behaviour import Behaviour
from .http_wire import Request

_MATCHABLE = ("model", "key", "path", "header", "body")


@dataclass
class Rule:
    match: dict
    behaviour: Behaviour
    left: int | None  # None: for ever

    def fits(self, request: Request, model: str) -> bool:
        want = self.match
        return (
            fnmatchcase(model, want.get("model", "*"))
            and fnmatchcase(request.key, want.get("key", "*"))
            and fnmatchcase(request.path, want.get("path", "*"))
            and want.get("body", "") in request.body.decode("utf-8", "replace")
            and all(fnmatchcase(request.header(name), value) for name, value in want.get("header", {}).items())
        )


class Script:
    """First pushed, first used: pushing a failure once and then nothing scripts `fails, then works`."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def push(self, entry: object) -> None:
        if not isinstance(entry, dict) or set(entry) - {"match", "times", "behaviour"}:
            raise ValueError("a script entry has match, times and behaviour")
        match, times = entry.get("match", {}), entry.get("times", 1)
        if unknown := set(match) - set(_MATCHABLE):
            raise ValueError(f"cannot match on {sorted(unknown)[0]!r}; known: {', '.join(_MATCHABLE)}")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise ValueError("times is a positive number, or null for ever")
        self._rules.append(Rule(match, Behaviour.parse(entry.get("behaviour", {})), times))

    def take(self, request: Request, model: str) -> Behaviour | None:
        for rule in self._rules:
            if rule.fits(request, model):
                return self._use(rule)
        return None

    def take_unread(self, request: Request) -> Behaviour | None:
        """A behaviour that must start before the body is read, when nothing but the head can be matched."""
        for rule in self._rules:
            if rule.behaviour.stall == "read" and rule.fits(request, "*"):
                return self._use(rule)
        return None

    def _use(self, rule: Rule) -> Behaviour:
        if rule.left is not None:
            rule.left -= 1
            if rule.left == 0:
                self._rules.remove(rule)
        return rule.behaviour

    def clear(self) -> None:
        self._rules.clear()

    def as_json(self) -> list[dict]:
        return [{"match": r.match, "times": r.left, "behaviour": r.behaviour.as_json()} for r in self._rules]
