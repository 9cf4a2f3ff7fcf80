"""kill -9 of replicas under load on PostgreSQL and Redis (spec 14): an answer that a client has received whole has its receipt, once,
and the sums are what the provider counted, whatever the moment of the kill."""

import random
import threading
import time
from collections import Counter
from decimal import Decimal
from functools import partial

import pytest
from gateway import Gateway
from ledger import receipts_of
from load import Load, chat_request, statuses
from provider_process import until

KILLS = 200
REPLICAS = 2  # killed at once, each on its own; a third one is left alone and takes part in loading and summing up
CLIENTS = 3  # for each replica
COST_OF = {"prompt": Decimal("0.000001"), "completion": Decimal("0.000002")}


class Victim:
    """A replica under load that is killed again and again."""

    def __init__(self, gateway: Gateway, key: str, kills: int) -> None:
        self.gateway = gateway
        self._kills = kills
        self.load = Load([gateway.port], chat_request(key), clients=CLIENTS)
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Victim":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            with self.load:
                for _ in range(self._kills):
                    self._live_and_die()
        except BaseException as failure:  # the thread has no other way to tell
            self.failure = failure

    def _live_and_die(self) -> None:
        self.gateway.start()
        goal = len(self.load.answers) + random.randrange(1, 80)
        until("answers to be delivered", partial(self._has_answers, goal), 30)
        time.sleep(random.random() * 0.05)  # not a wait: the moment of the kill is to be any
        self.gateway.kill()

    def _has_answers(self, count: int) -> bool:
        return len(self.load.answers) >= count


def delivered_to(victims: list[Victim]) -> dict[str, int]:
    """Request id to tokens, of the answers that clients have received to the last byte."""
    return {answer.request_id: answer.tokens for victim in victims for answer in victim.load.answers if answer.status == 200}


def turned_away(victims: list[Victim]) -> int:
    """Answers of 503, which are right while a budget is being rebuilt: a replica that came back or was too slow for Redis makes all of
    them wait for that, and they do it again and again here. Nothing else is right."""
    other = statuses(answer for victim in victims for answer in victim.load.answers if answer.status not in (0, 200))
    assert other.keys() <= {(503, "store_unavailable")}, other
    return other.total()


@pytest.mark.timeout(300)
def test_no_delivered_answer_is_without_its_receipt_and_the_sums_are_true_after_two_hundred_kills(replicas, postgresql, provider, say):
    made = replicas(REPLICAS + 1, start=False)
    witness = made[-1].start()
    key = witness.create_key("--budget-monthly", "1000", "--rate-limit", "1000000")["key"]  # every store has its part in a request
    victims = [Victim(gateway, key, KILLS // REPLICAS) for gateway in made[:REPLICAS]]
    began = time.monotonic()
    for victim in victims:
        victim.__enter__()
    for victim in victims:
        victim.__exit__()
    assert [victim.failure for victim in victims] == [None] * REPLICAS
    for gateway in made[:REPLICAS]:
        gateway.start()
    delivered = delivered_to(victims)
    until("every delivered answer's receipt", lambda: delivered.keys() <= ids_in(postgresql), 30)
    receipts = receipts_of(witness)
    times = Counter(receipt["request_id"] for receipt in receipts)
    lost, doubled = delivered.keys() - times.keys(), [one for one, count in times.items() if count > 1]
    refused = turned_away(victims)
    say(f"kill -9 on PostgreSQL: {KILLS} kills in {time.monotonic() - began:.0f} s, {len(delivered)} answers delivered, {len(lost)} lost, "
        f"{len(doubled)} doubled, {len(receipts)} receipts, {refused} answers of 503 while budgets were rebuilt")
    assert len(delivered) > 5 * KILLS and not lost and not doubled and refused < len(delivered) / 50
    by_id = {receipt["request_id"]: receipt for receipt in receipts}
    assert all(by_id[one]["execution"]["tokens"]["total"] == tokens for one, tokens in delivered.items())
    check_sums(witness, receipts, provider, len(delivered))


def ids_in(postgresql) -> set[str]:
    return {row[0] for row in postgresql.query("SELECT request_id FROM spidergate.receipts", database="gate")}


def check_sums(witness, receipts, provider, delivered: int) -> None:
    """The hourly sums are those of the receipts, and what the provider counted bounds them: it may have answered a request whose
    replica was killed before the receipt was written, and no receipt is without a call."""
    of = {kind: sum(receipt["execution"]["tokens"][kind] for receipt in receipts) for kind in ("prompt", "completion")}
    cost = sum(Decimal(str(receipt["cost"]["total_usd"])) for receipt in receipts)
    assert cost == sum(of[kind] * price for kind, price in COST_OF.items())
    usage = witness.manage("GET", "/usage").json["data"][0]
    assert (usage["requests"], usage["prompt_tokens"], usage["completion_tokens"]) == (len(receipts), of["prompt"], of["completion"])
    assert Decimal(str(usage["cost_usd"])) == cost
    billed, called = provider.counters()["tokens_billed"], provider.counters()["requests"]
    assert delivered <= len(receipts) <= called
    for kind, each in (("prompt", 2), ("completion", 4)):
        assert of[kind] <= billed[kind] and of[kind] == each * sum(receipt["status"] == "ok" for receipt in receipts)
