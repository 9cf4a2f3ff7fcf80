"""Limits (spec 8): what is let through, what the headers promise, and that a refusal costs nothing upstream."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from provider_process import until
from wire import Wire


def test_requests_per_minute_are_counted_and_the_headers_tell_the_truth(gateway, provider):
    key = gateway.create_key("--rate-limit", "3")["key"]
    replies = [gateway.chat(key=key) for _ in range(5)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    assert [reply.headers["x-ratelimit-remaining"] for reply in replies] == ["2", "1", "0", "0", "0"]
    for reply in replies:
        assert reply.headers["x-ratelimit-limit"] == reply.headers["x-ratelimit-limit-requests"] == "3"
        assert 0 <= int(reply.headers["x-ratelimit-reset"]) - time.time() <= 121
        assert reply.headers["x-ratelimit-remaining-requests"] == reply.headers["x-ratelimit-remaining"]
        assert reply.headers["x-ratelimit-reset-requests"]
    refused = replies[3]
    assert refused.error["code"] == "rate_limit_exceeded" and "minute" in refused.error["message"]
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert 0 < int(refused.headers["retry-after-ms"]) <= 1000 * int(refused.headers["retry-after"])
    assert len(provider.requests()) == 3, "a refused request reaches no provider"


def test_a_refused_request_has_its_receipt(gateway):
    key = gateway.create_key("--rate-limit", "1")["key"]
    gateway.chat(key=key)
    refused = gateway.chat(key=key)
    receipt = gateway.receipt(refused.request_id)
    assert receipt["status"] == "refused" and float(receipt["cost"]["total_usd"]) == 0


def test_the_limit_holds_under_concurrency(gateway, provider):
    key = gateway.create_key("--rate-limit", "10")["key"]
    with ThreadPoolExecutor(16) as crowd:
        statuses = list(crowd.map(lambda _: gateway.chat(key=key).status, range(40)))
    assert statuses.count(200) == 10 and statuses.count(429) == 30
    assert len(provider.requests()) == 10


def test_the_limit_holds_over_several_threads_of_the_gateway(fresh, provider):
    gateway = fresh(server={"threads": 4})
    key = gateway.create_key("--rate-limit", "10")["key"]
    with ThreadPoolExecutor(16) as crowd:
        statuses = list(crowd.map(lambda _: gateway.chat(key=key).status, range(40)))
    assert statuses.count(200) == 10 and len(provider.requests()) == 10


def test_requests_per_day_are_counted(gateway):
    key = gateway.create_key("--rpd", "2")["key"]
    assert [gateway.chat(key=key).status for _ in range(3)] == [200, 200, 429]
    refused = gateway.chat(key=key)
    assert "day" in refused.error["message"] and int(refused.headers["retry-after"]) <= 86_400


def test_tokens_per_minute_are_counted_by_what_was_used(gateway, provider):
    key = gateway.create_key("--tpm", "2000")["key"]
    provider.script({"usage": {"prompt_tokens": 900, "completion_tokens": 1000, "total_tokens": 1900}}, times=None)
    first = gateway.chat(key=key, max_tokens=10)
    assert first.status == 200 and first.headers["x-ratelimit-limit-tokens"] == "2000"
    second = gateway.chat(key=key, text="word " * 300, max_tokens=100)
    assert (second.status, second.error["code"]) == (429, "rate_limit_exceeded") and "token" in second.error["message"]
    assert int(second.headers["x-ratelimit-remaining-tokens"]) <= 100


def test_parallel_requests_are_bounded_and_freed_when_they_end(gateway, provider):
    key = gateway.create_key("--max-parallel", "2")["key"]
    provider.script({"stall": "head"}, times=2)
    with ThreadPoolExecutor(2) as crowd:
        held = [crowd.submit(gateway.chat, key=key, spidergate_options={"timeout_ms": 1500}) for _ in range(2)]
        provider.wait_for_requests(2)
        refused = gateway.chat(key=key)
        assert (refused.status, refused.error["code"]) == (429, "concurrency_limit_exceeded") and refused.headers["retry-after"]
        assert {reply.result().status for reply in held} == {504}
    assert gateway.chat(key=key).status == 200


def test_a_stream_that_the_client_leaves_frees_its_place(gateway, provider):
    key = gateway.create_key("--max-parallel", "1")["key"]
    provider.script({"endless": True, "event_pause_ms": 10})
    with Wire(gateway.port) as wire:
        wire.post({"model": "tp/echo", "stream": True, "messages": [{"role": "user", "content": "x"}]}, headers=f"Authorization: Bearer {key}\r\n")
        wire.until(b"and so on")
        assert gateway.chat(key=key).status == 429
    until("the place to be free", lambda: gateway.chat(key=key).status == 200, 2)


def test_the_configured_default_applies_to_keys_without_a_limit_of_their_own(fresh):
    gateway = fresh(limits={"default_rpm": 2})
    assert [gateway.chat().status for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions"])
def test_every_answer_to_a_known_key_carries_the_limit(gateway, path):
    reply = gateway.get(path) if path == "/v1/models" else gateway.post(path, {"model": "no-such-model", "messages": [{"role": "user", "content": "x"}]})
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(reply.headers)
