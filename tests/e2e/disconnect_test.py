"""A client that goes away (spec 10): the call at the provider ends within 200 ms, and what was produced is accounted for."""

import time

import pytest
from provider_process import until
from wire import Wire

CHAT = {"model": "tp/echo", "messages": [{"role": "user", "content": "a b c"}]}


def ask_and_leave(gateway, provider, body, leave_after):
    """Sends, waits for `leave_after` (a mark in the answer, or the request's arrival), leaves; gives how long the provider was kept on."""
    wire = Wire(gateway.port)
    wire.post(body, headers=f"Authorization: Bearer {gateway.key}\r\n")
    provider.wait_for_requests(1)
    head = wire.until(leave_after) if leave_after else b""
    left_at = time.time()
    wire.socket.close()
    exchange = provider.wait_for_end(seconds=3)
    assert exchange["disconnected"] is True
    return exchange["disconnected_at"] - left_at, head


@pytest.mark.parametrize("stall", ["head", "body", "first_content"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_providers_call_is_cancelled_before_any_content(gateway, provider, stall, stream):
    provider.script({"stall": "body" if stall == "first_content" and not stream else stall})
    kept_on, _ = ask_and_leave(gateway, provider, {**CHAT, "stream": stream}, None)
    assert kept_on < 0.2


def test_the_providers_call_is_cancelled_in_the_middle_of_a_stream(gateway, provider):
    provider.script({"endless": True, "event_pause_ms": 20})
    kept_on, head = ask_and_leave(gateway, provider, {**CHAT, "stream": True}, b"and so on")
    assert kept_on < 0.2
    request_id = next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"x-request-id")).decode()
    receipt = gateway.receipt(request_id)
    tokens = receipt["execution"]["tokens"]
    assert receipt["status"] == "client_disconnected"
    assert tokens["estimated"] is True and tokens["completion"] > 0 and tokens["prompt"] > 0


def test_a_client_that_left_before_the_answer_has_its_receipt_too(fresh, provider):
    gateway = fresh()
    provider.script({"stall": "head"})
    ask_and_leave(gateway, provider, CHAT, None)
    receipt = until("the receipt", lambda: gateway.manage("GET", "/requests").json["data"])[0]
    assert receipt["status"] == "client_disconnected" and receipt["execution"]["tokens"]["completion"] == 0


def test_a_retry_is_not_started_for_a_client_that_is_gone(fresh, provider):
    gateway = fresh()
    provider.script({"status": 503, "headers": {"retry-after-ms": "1000"}}, times=None)
    wire = Wire(gateway.port)
    wire.post({**CHAT, "spidergate_options": {"retry_count": 3}}, headers=f"Authorization: Bearer {gateway.key}\r\n")
    provider.wait_for_requests(1)
    wire.socket.close()
    receipt = until("the receipt", lambda: gateway.manage("GET", "/requests").json["data"])[0]
    assert receipt["status"] == "client_disconnected"
    assert len(provider.requests()) == 1


def test_a_provider_set_to_drain_is_read_to_its_end_for_the_exact_usage(fresh, provider):
    gateway = fresh(providers={"drained": {"dialect": "openai", "base_url": provider.url("/drained"), "auth": "none", "on_disconnect": "drain",
                                           "models": [{"name": "x", "input_per_mtok_usd": 1, "output_per_mtok_usd": 2}]}})
    provider.script({"event_pause_ms": 30})
    with Wire(gateway.port) as wire:
        wire.post({**CHAT, "model": "drained/x", "stream": True}, headers=f"Authorization: Bearer {gateway.key}\r\n")
        head = wire.until(b'"You"')
    request_id = next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"x-request-id")).decode()
    assert provider.wait_for_end()["disconnected"] is False
    receipt = gateway.receipt(request_id)
    assert receipt["status"] == "client_disconnected" and receipt["execution"]["tokens"]["estimated"] is False
    assert (receipt["execution"]["tokens"]["prompt"], receipt["execution"]["tokens"]["completion"]) == (3, 5)
