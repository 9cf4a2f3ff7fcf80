"""Receipts and usage (spec 12, 14): exact cost, everything in its place, nothing lost over a restart."""

import json
from decimal import Decimal

import pytest

# "one two three" is 3 tokens, "You said: one two three" 5; at 1 and 2 dollars per million that is 13 micro-dollars.
TEXT, COST = "one two three", Decimal("0.000013")


def test_the_receipt_of_a_request_has_everything_and_the_exact_cost(gateway):
    reply = gateway.chat("test/chain", TEXT, spidergate_options={"tags": ["blue"], "metadata": {"job": "7"}})
    receipt = gateway.receipt(reply.request_id)
    assert receipt["request_id"] == reply.request_id and receipt["status"] == "ok" and receipt["timestamp"]
    assert receipt["routing"]["strategy"] == "alias" and receipt["routing"]["candidates_evaluated"] == 2
    assert receipt["routing"]["winner"] == "tp/echo" and receipt["routing"]["reason"]
    execution = receipt["execution"]
    assert (execution["provider"], execution["model"]) == ("tp", "echo") and execution["latency_ms"] >= 0 and "routing_overhead_ms" in execution
    assert execution["tokens"].items() >= {"prompt": 3, "cached": 0, "completion": 5, "reasoning": 0, "total": 8, "estimated": False}.items()
    assert Decimal(str(receipt["cost"]["total_usd"])) == Decimal(str(receipt["cost"]["provider_cost_usd"])) == COST
    assert receipt["fallback"]["used"] is False and len(receipt["fallback"]["attempts"]) == 1
    assert receipt["tags"] == ["blue"] and receipt["client_id"].startswith("cli_") and receipt["token_id"]


def test_headers_say_the_same_as_the_receipt(gateway):
    reply = gateway.chat("tp/echo", TEXT)
    compact = json.loads(reply.headers["x-llm-gateway"])
    assert set(compact) == {"request_id", "routing_decision", "cost_usd", "latency_ms", "fallback_used"}
    assert compact["request_id"] == reply.request_id and compact["fallback_used"] is False
    assert Decimal(reply.headers["x-spidergate-cost-usd"]) == Decimal(str(compact["cost_usd"])) == COST


def test_the_receipt_is_in_the_body_when_asked(gateway):
    reply = gateway.chat("tp/echo", TEXT, query="?include_receipt=true")
    assert Decimal(str(reply.json["x-llm-gateway"]["cost_usd"])) == COST
    assert reply.json["choices"][0]["message"]["content"] == "You said: one two three"
    assert "x-llm-gateway" not in gateway.chat("tp/echo", TEXT).json


def test_the_receipt_is_in_the_last_chunk_of_a_stream_when_asked(gateway):
    reply = gateway.chat("tp/echo", TEXT, query="?include_receipt=true", stream=True)
    with_receipt = [index for index, event in enumerate(reply.events[:-1]) if "x-llm-gateway" in event]
    assert with_receipt == [len(reply.events) - 2]
    assert Decimal(str(reply.events[-2]["x-llm-gateway"]["cost_usd"])) == COST


def test_a_stream_has_the_same_receipt_as_a_whole_answer(gateway):
    reply = gateway.chat("tp/echo", TEXT, stream=True)
    receipt = gateway.receipt(reply.request_id)
    assert receipt["execution"]["tokens"]["total"] == 8 and receipt["execution"]["tokens"]["estimated"] is False
    assert Decimal(str(receipt["cost"]["total_usd"])) == COST and receipt["execution"]["time_to_first_token_ms"] >= 0


@pytest.mark.parametrize("usage", [
    {"prompt_tokens": -5, "completion_tokens": 3, "total_tokens": -2}, {"prompt_tokens": 10**15, "completion_tokens": 1, "total_tokens": 10**15},
    {"prompt_tokens": "many", "completion_tokens": 1, "total_tokens": 2}, {"prompt_tokens": 1.5, "completion_tokens": None}, {}, 7, "missing"],
    ids=["negative", "huge", "text", "fraction", "empty", "number", "missing"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_usage_that_cannot_be_true_is_estimated_and_flagged(gateway, provider, usage, stream):
    provider.script({"usage": usage})
    reply = gateway.chat("tp/echo", TEXT, stream=stream)
    tokens = gateway.receipt(reply.request_id)["execution"]["tokens"]
    assert tokens["estimated"] is True
    assert 1 <= tokens["prompt"] < 100 and 1 <= tokens["completion"] < 100


def test_zero_is_a_value(gateway, provider):
    provider.script({"usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}})
    tokens = gateway.receipt(gateway.chat().request_id)["execution"]["tokens"]
    assert (tokens["prompt"], tokens["completion"], tokens["estimated"]) == (0, 0, False)


def test_cached_and_reasoning_tokens_are_noted(gateway, provider):
    provider.script({"usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
                               "prompt_tokens_details": {"cached_tokens": 60}, "completion_tokens_details": {"reasoning_tokens": 20}}})
    tokens = gateway.receipt(gateway.chat().request_id)["execution"]["tokens"]
    assert (tokens["cached"], tokens["reasoning"], tokens["total"]) == (60, 20, 150)


def test_a_fallback_is_in_the_receipt(fresh, provider):
    gateway = fresh()
    provider.script({"status": 500}, path="/tp/*")
    receipt = gateway.receipt(gateway.chat("test/chain").request_id)
    assert receipt["fallback"]["used"] is True and receipt["fallback"]["from"] == "tp/echo"
    assert [(a["provider"], a["status"]) for a in receipt["fallback"]["attempts"]] == [("tp", 500), ("tq", 200)]
    assert "pk-secret" not in json.dumps(receipt)


def test_a_failed_request_has_a_receipt_and_costs_nothing(fresh, provider):
    gateway = fresh()
    provider.script({"status": 500}, times=None)
    receipt = gateway.receipt(gateway.chat().request_id)
    assert receipt["status"] == "error" and Decimal(str(receipt["cost"]["total_usd"])) == 0


def test_requests_are_listed_newest_first_and_paged(fresh):
    gateway = fresh()
    sent = [gateway.chat(text=f"number {i}").request_id for i in range(5)]
    for one in sent:
        gateway.receipt(one)
    seen, cursor = [], ""
    for _ in range(3):
        page = gateway.manage("GET", f"/requests?limit=2{cursor}").json
        seen += [item["request_id"] for item in page["data"]]
        cursor = f"&cursor={page['next_cursor']}"
        if not page["has_more"]:
            break
    assert seen == sent[::-1]


def test_usage_adds_up_by_model_and_in_total(fresh):
    gateway = fresh()
    for model in ("tp/echo", "tp/echo", "tq/backup"):
        gateway.receipt(gateway.chat(model, TEXT).request_id)
    total = gateway.manage("GET", "/usage").json["data"]
    assert len(total) == 1 and (total[0]["requests"], total[0]["prompt_tokens"], total[0]["completion_tokens"]) == (3, 9, 15)
    assert Decimal(str(total[0]["cost_usd"])) == 3 * COST
    by_model = {row["key"]: row["requests"] for row in gateway.manage("GET", "/usage?group_by=model").json["data"]}
    assert sorted(by_model.values()) == [1, 2]


def test_receipts_survive_a_restart(fresh):
    gateway = fresh()
    ids = [gateway.chat(text=TEXT, stream=stream).request_id for stream in (True, False) for _ in range(10)]
    gateway.stop()
    gateway.start()
    assert all(Decimal(str(gateway.receipt(one)["cost"]["total_usd"])) == COST for one in ids)


def test_an_unknown_receipt_is_not_found(gateway):
    reply = gateway.get("/v1/receipts/req_doesnotexist")
    assert (reply.status, reply.error["code"]) == (404, "not_found")
