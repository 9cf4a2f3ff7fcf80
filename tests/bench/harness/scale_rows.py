"""The gateway with much loaded, against itself with little."""

from __future__ import annotations

from dataclasses import dataclass

import bodies
import upstreams
from measuring import Bench, Load, Result, requests_round
from population import Population, alias
from rows import Goal, Row, Stand, alternate
from subjects import SpiderGate, Subject

FEW = Population(tokens=10, providers=1, keys_each=10, aliases=10)
MANY = Population(tokens=100_000, providers=200, keys_each=10, aliases=200)
SOME = Population(tokens=5_000, providers=20, keys_each=10, aliases=20)  # for a smoke run

FEW_LOADED, MANY_LOADED = "few loaded", "many loaded"


@dataclass(frozen=True)
class Asked(Load):
    """Requests with each of these tokens in turn, each for the next alias."""

    tokens: tuple[str, ...] = ()
    aliases: int = 10

    def requests(self, subject: Subject) -> bytes:
        made = []
        for number, token in enumerate(self.tokens):
            subject.token = token
            made.append(subject.request(bodies.chat(alias(number % self.aliases), self.request_bytes)))
        return b"".join(made)


def _run(bench: Bench) -> Result:
    many = SOME if bench.quick else MANY
    with Stand(bench) as stand:
        upstream = stand.keep(upstreams.fixed(stand.directory(), bench.tools, bodies.answer(700)))
        base_url = f"http://127.0.0.1:{upstream.port}/v1"
        loads, subjects = {}, []
        for name, population in ((FEW_LOADED, FEW), (MANY_LOADED, many)):
            bench.show(f"scale: making {name}")
            gateway = stand.subject(SpiderGate, upstream, name=name, sections=population.sections(base_url))
            tokens = population.fill(gateway)
            subjects.append(gateway)
            loads[name] = Asked(tokens=tuple(tokens[-10:]))
        spread = _Spread(gateway, f"{MANY_LOADED}, 1,000 tokens ask")
        loads[spread.name] = Asked(tokens=tuple(tokens[::max(1, len(tokens) // 1000)]), aliases=many.aliases)
        subjects.append(spread)
        return alternate(bench, "scale", subjects, lambda subject, _: requests_round(bench, subject, loads[subject.name]))


class _Spread(Subject):
    """The same process as another subject, asked by more of its tokens."""

    passes_bytes_on = False

    def __init__(self, gateway: SpiderGate, name: str) -> None:
        self.name, self.port, self.process = name, gateway.port, gateway.process


SCALE = Row("scale", "100,000 tokens, 2,000 integrations and 200 aliases loaded against 10 of each, asked by 10 tokens", "requests", FEW_LOADED,
            (Goal("CPU per request", "cpu_us", FEW_LOADED, 1.1, 1.02, subject=MANY_LOADED),), _run)
