"""Budgets (spec 8): never overshot, told exactly, kept over restarts and kills; answers clamped to what they pay for."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from provider_process import until

USAGE = {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}
COST = Decimal("0.00011")  # of that usage, by the prices in conftest.py
MICRO = Decimal("0.000001")
ASSUMED_OUTPUT = 16_384  # of a model whose longest answer is not known


def bound(gateway_body: dict) -> Decimal:
    """The most that a call can cost: a token for each byte of its body, and max_tokens."""
    return MICRO * (len(json.dumps(gateway_body)) + 2 * gateway_body["max_tokens"])


def body(**more) -> dict:
    """What Gateway.chat() sends."""
    return {"model": "tp/echo", "messages": [{"role": "user", "content": "hi there"}], **more}


def budget_for(calls: int, **more) -> str:
    """Enough for so many calls of max_tokens 50, one after the other, and for not one more."""
    return str(calls * COST + bound(body(max_tokens=50, **more)) - COST)


def spent(refusal) -> Decimal:
    return Decimal(re.search(r"of which \$([0-9.]+) are spent", refusal.error["message"])[1])


def call(gateway, key, **more):
    return gateway.chat(key=key, **{"max_tokens": 50, **more})


@pytest.fixture
def costing(provider):
    provider.script({"usage": USAGE}, times=None)
    return provider


def test_a_budget_for_twenty_calls_lets_twenty_of_two_hundred_racing_ones_through(gateway, provider):
    provider.script({"usage": USAGE, "delay_ms": 20}, times=None)
    made = gateway.create_key("--budget-daily", budget_for(20))
    with ThreadPoolExecutor(50) as crowd:
        replies = list(crowd.map(lambda _: call(gateway, made["key"]), range(200)))
    delivered = [reply for reply in replies if reply.status == 200]
    assert {reply.status for reply in replies} <= {200, 402} and len(delivered) <= 20
    assert len(provider.requests()) == len(delivered), "a refused request reaches no provider"
    # The race refuses a few whose money was held back and not used: that is still there, and not a cent more.
    rest = [call(gateway, made["key"]) for _ in range(20 - len(delivered) + 3)]
    assert [reply.status for reply in rest] == [200] * (20 - len(delivered)) + [402] * 3
    assert len(provider.requests()) == 20
    receipts = [gateway.receipt(reply.request_id) for reply in delivered + rest if reply.status == 200]
    assert sum(Decimal(str(receipt["cost"]["total_usd"])) for receipt in receipts) == spent(rest[-1]) == 20 * COST


def test_a_refusal_names_the_budget_its_level_and_its_end(gateway, costing):
    key = gateway.create_key("--budget-daily", "1", "--budget-weekly", "0.0001", "--rate-limit", "50")["key"]
    refused = call(gateway, key)
    assert (refused.status, refused.error["type"], refused.error["code"]) == (402, "insufficient_quota", "budget_exceeded")
    message = refused.error["message"]
    now = datetime.now(timezone.utc)
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=7)
    assert "weekly budget of this API key is $0.0001" in message and monday.strftime("%Y-%m-%dT%H:%M:%S") in message
    assert refused.headers["x-should-retry"] == "false" and "retry-after" not in refused.headers
    assert refused.headers["x-ratelimit-limit"] == refused.headers["x-ratelimit-remaining"] == "50", "it moved no counter"
    assert costing.requests() == []
    receipt = gateway.receipt(refused.request_id)
    assert (receipt["status"], Decimal(str(receipt["cost"]["total_usd"]))) == ("refused", 0)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_answer_of_open_length_is_clamped_to_an_eighth_of_what_is_left(gateway, costing, stream):
    key = gateway.create_key("--budget-daily", "0.0128")["key"]
    reply = gateway.chat(key=key, stream=stream)
    assert reply.status == 200
    told = int(reply.headers["x-spidergate-clamped-max-tokens"])
    assert 700 <= told <= 800, "0.0016 dollars, less the prompt, at 2 dollars per million"
    assert costing.requests()[-1]["json"]["max_tokens"] == told


def test_a_length_that_the_client_set_is_never_changed(gateway, costing):
    key = gateway.create_key("--budget-daily", "0.0128")["key"]
    reply = call(gateway, key, max_tokens=4000)
    assert reply.status == 200 and "x-spidergate-clamped-max-tokens" not in reply.headers
    assert costing.requests()[-1]["json"]["max_tokens"] == 4000
    assert call(gateway, key, max_tokens=7000).status == 402, "an explicit length is not made shorter"


def test_without_budgets_nothing_is_clamped_and_with_large_ones_only_what_is_unknown(gateway, costing):
    plain = gateway.chat()
    assert "x-spidergate-clamped-max-tokens" not in plain.headers and "max_tokens" not in costing.requests()[-1]["json"]
    rich = gateway.chat(key=gateway.create_key("--budget-monthly", "1000")["key"])
    assert int(rich.headers["x-spidergate-clamped-max-tokens"]) == ASSUMED_OUTPUT == costing.requests()[-1]["json"]["max_tokens"]


def test_one_request_may_cost_no_more_than_its_own_budget(gateway, costing):
    key = gateway.create_key("--budget-per-request", "0.002")["key"]
    assert call(gateway, key).status == 200
    refused = call(gateway, key, max_tokens=2000)
    assert (refused.status, refused.error["code"]) == (402, "budget_exceeded")
    assert "$0.002 on one request" in refused.error["message"] and refused.headers["x-should-retry"] == "false"
    clamped = gateway.chat(key=key)
    assert clamped.status == 200 and 900 <= int(clamped.headers["x-spidergate-clamped-max-tokens"]) <= 1000
    assert len(costing.requests()) == 2


def test_failed_and_refused_calls_cost_nothing(gateway, provider):
    key = gateway.create_key("--budget-daily", budget_for(1))["key"]
    provider.script({"status": 400, "body": {"error": {"message": "no", "type": "invalid_request_error"}}}, times=3)
    assert [call(gateway, key).status for _ in range(3)] == [400] * 3
    provider.script({"usage": USAGE}, times=None)
    assert [call(gateway, key).status for _ in range(2)] == [200, 402]


def test_clients_and_brands_have_budgets_and_limits_of_their_own(fresh, costing):
    gateway = fresh()

    def limit_shown(key):
        return gateway.get("/v1/models", key=key).headers.get("x-ratelimit-limit")

    keys = [gateway.create_key()["key"] for _ in range(2)]
    client = gateway.manage("GET", "/clients").json["data"][0]["id"]
    gateway.manage("PATCH", f"/clients/{client}", {"budget_daily_usd": budget_for(2), "rpm": 1000})
    until("the client's limits to be known", lambda: limit_shown(keys[0]) == "1000", 3)
    assert [call(gateway, key).status for key in (*keys, *keys)] == [200, 200, 402, 402], "both keys draw on it"
    assert "daily budget of this client" in call(gateway, keys[0]).error["message"]

    gateway.manage("PATCH", f"/clients/{client}", {"budget_daily_usd": None})
    gateway.must("brand", "set", "default", "--budget-monthly", budget_for(3), "--rate-limit", "500")
    until("the brand's limits to be known", lambda: limit_shown(keys[0]) == "500", 3)
    assert [call(gateway, key).status for key in keys] == [200, 402]
    refused = call(gateway, keys[1])
    assert "monthly budget of this brand" in refused.error["message"] and spent(refused) == 3 * COST
    assert refused.headers["x-ratelimit-limit"] == "500", "the tightest of the levels"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_spent_stays_spent_over_a_restart(fresh, costing, end):
    """Exactly, also with Redis: a settlement is on its way there before the answer is, so that a kill leaves no reservation."""
    gateway = fresh()
    key = gateway.create_key("--budget-daily", budget_for(9))["key"]
    for _ in range(6):
        assert call(gateway, key).status == 200
        getattr(gateway, end)()
        gateway.start()
    assert [call(gateway, key).status for _ in range(4)] == [200, 200, 200, 402]
    assert spent(call(gateway, key)) == 9 * COST


def test_what_a_stream_cost_is_settled_when_it_ends(gateway, costing):
    key = gateway.create_key("--budget-daily", budget_for(2, stream=True))["key"]
    assert [call(gateway, key, stream=True).status for _ in range(3)] == [200, 200, 402]
