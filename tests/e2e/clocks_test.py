"""The six clocks (spec 10): each fires on its own setting, is named in the error, and leaves the request to the next candidate."""

import time

import dead_ends
import pytest
from gateway import Gateway


def provider_at(url):
    return {"dialect": "openai", "base_url": url, "auth": "none", "models": [{"name": "x"}]}


def failure(gateway: Gateway, model="slow/x", **more):
    began = time.monotonic()
    reply = gateway.chat(model, **more)
    return reply, time.monotonic() - began


def test_the_connect_clock(fresh):
    with dead_ends.unanswered() as url:
        gateway = fresh(providers={"slow": provider_at(url)}, engine={"connect_timeout": "300ms", "retry_count": 0})
        reply, took = failure(gateway)
    assert reply.status == 502 and "connect" in reply.error["message"] and 0.25 < took < 2


def test_the_tls_clock(fresh):
    with dead_ends.mute("https") as url:
        gateway = fresh(providers={"slow": provider_at(url)}, engine={"tls_timeout": "300ms", "retry_count": 0})
        reply, took = failure(gateway)
    assert reply.status == 502 and "tls" in reply.error["message"].lower() and 0.25 < took < 2


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_response_head_clock(fresh, provider, stream):
    gateway = fresh(engine={"first_byte_timeout": "300ms", "retry_count": 0})
    provider.script({"stall": "head"}, path="/tp/*")
    reply, took = failure(gateway, "tp/echo", stream=stream)
    assert reply.status == 502 and "response_head" in reply.error["message"] and 0.25 < took < 2


def test_the_response_head_clock_runs_for_a_provider_that_never_reads(fresh):
    with dead_ends.mute("http") as url:
        gateway = fresh(providers={"slow": provider_at(url)}, engine={"first_byte_timeout": "300ms", "retry_count": 0})
        reply, took = failure(gateway, text="x" * 8_000_000)
    assert reply.status == 502 and "response_head" in reply.error["message"] and took < 5


@pytest.mark.parametrize("stall", ["body", "first_content"])
@pytest.mark.parametrize("comments_ms", [0, 50], ids=["silent", "with_comments"])
def test_the_first_content_clock(fresh, provider, stall, comments_ms):
    gateway = fresh(engine={"first_content_timeout": "300ms", "retry_count": 0})
    provider.script({"stall": stall, "stall_comment_ms": comments_ms}, path="/tp/*")
    reply, took = failure(gateway, "tp/echo", stream=True)
    assert reply.status == 502 and "first_content" in reply.error["message"] and 0.25 < took < 2


@pytest.mark.parametrize("comments_ms", [0, 50], ids=["silent", "with_comments"])
def test_the_stream_idle_clock_is_not_reset_by_comments(fresh, provider, comments_ms):
    gateway = fresh(engine={"stream_idle_timeout": "300ms", "retry_count": 0})
    provider.script({"stall": "event:3", "stall_comment_ms": comments_ms}, path="/tp/*")
    reply, took = failure(gateway, "tp/echo", stream=True)
    assert reply.status == 200 and 0.25 < took < 2
    assert "stream_idle" in reply.events[-1]["error"]["message"] and b"[DONE]" not in reply.body


@pytest.mark.parametrize("stall", ["head", "body", "first_content"])
def test_the_total_clock_bounds_all_attempts_together(fresh, provider, stall):
    gateway = fresh()
    provider.script({"stall": stall}, times=None)
    reply, took = failure(gateway, "test/chain", stream=stall == "first_content", spidergate_options={"timeout_ms": 400, "retry_count": 3})
    assert (reply.status, reply.error["code"], reply.error["type"]) == (504, "deadline_exceeded", "timeout_error")
    assert "total" in reply.error["message"] and 0.35 < took < 2


def test_the_total_clock_has_a_setting_too(fresh, provider):
    gateway = fresh(engine={"timeout": "400ms"})
    provider.script({"stall": "head"})
    reply, took = failure(gateway, "tp/echo")
    assert (reply.status, reply.error["code"]) == (504, "deadline_exceeded") and took < 2


def test_a_stream_that_outlives_the_total_clock_ends_with_an_error_frame(fresh, provider):
    gateway = fresh()
    provider.script({"endless": True, "event_pause_ms": 20})
    reply, took = failure(gateway, "tp/echo", stream=True, spidergate_options={"timeout_ms": 500})
    assert reply.events[-1]["error"]["code"] == "deadline_exceeded" and b"[DONE]" not in reply.body and took < 3


def test_every_clock_before_the_first_content_leaves_time_for_the_next_candidate(fresh, provider):
    gateway = fresh(engine={"first_byte_timeout": "300ms", "first_content_timeout": "300ms", "retry_count": 0})
    for stall in ("head", "body", "first_content"):
        provider.script({"stall": stall}, path="/tp/*")
        reply = gateway.chat("test/chain", stream=True)
        assert reply.streamed_text == "You said: hi there" and reply.events[-1] == "[DONE]"


def test_retry_after_that_does_not_fit_into_the_deadline_goes_to_the_next_candidate_at_once(fresh, provider):
    gateway = fresh()
    provider.script({"status": 503, "headers": {"Retry-After": "30"}}, path="/tp/*", times=None)
    reply, took = failure(gateway, "test/chain", spidergate_options={"retry_count": 2, "timeout_ms": 5000})
    assert reply.status == 200 and took < 2


def test_retry_after_that_fits_is_waited_for(fresh, provider):
    gateway = fresh()
    provider.script({"status": 503, "headers": {"retry-after-ms": "700"}}, path="/tp/*", times=1)
    reply, took = failure(gateway, "tp/echo", spidergate_options={"retry_count": 1, "timeout_ms": 10_000})
    assert reply.status == 200 and 0.65 < took < 3
