"""Streams towards the client: their exact form, what becomes of a provider's oddities, and how a stream may end."""

import json
import re

import pytest
from provider_process import until
from wire import Wire

TOOL = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}}]


def test_a_stream_has_the_documented_headers_and_nothing_but_data_lines(gateway):
    reply = gateway.chat(stream=True)
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers["cache-control"] == "no-cache" and reply.headers["x-accel-buffering"] == "no"
    assert re.fullmatch(rb"(data: [^\n]+\n\n)+data: \[DONE\]\n\n", reply.body), reply.body
    assert reply.headers["x-spidergate-provider"] == "tp" and "x-spidergate-cost-usd" not in reply.headers


@pytest.mark.parametrize("oddity", [
    {"line_end": "\r\n"}, {"line_end": "\r"}, {"comments": True}, {"multi_line": True}, {"write_size": 1}, {"chunk_size": 1}, {"write_size": 7, "chunk_size": 3},
    {"framing": "close"}, {"framing": "sized"}, {"role_first": False}, {"done": False}, {"line_end": "\r\n", "comments": True, "multi_line": True, "write_size": 5}],
    ids=lambda oddity: "-".join(oddity))
def test_however_the_provider_writes_it_the_client_gets_the_same_stream(gateway, provider, oddity):
    provider.script({"answer": "naïve café 蜘蛛 🕷 done", **oddity})
    reply = gateway.chat(stream=True)
    assert reply.streamed_text == "naïve café 蜘蛛 🕷 done"
    assert reply.events[-1] == "[DONE]" and reply.events[-2]["choices"][0]["finish_reason"] == "stop"
    assert re.fullmatch(rb"(data: [^\n]+\n\n)+", reply.body), "one form towards the client, whatever came"


def test_events_are_passed_on_as_they_come(gateway, provider):
    provider.script({"stall": "event:3"})
    with Wire(gateway.port) as wire:
        wire.post({"model": "tp/echo", "stream": True, "messages": [{"role": "user", "content": "a b c"}]}, headers=f"Authorization: Bearer {gateway.key}\r\n")
        assert b'" said:"' in wire.until(b'" said:"'), "the event is here while the provider still holds the rest"
        assert provider.requests()[0]["finished_at"] is None


@pytest.mark.parametrize("asked", [True, False])
def test_usage_is_always_asked_of_the_provider_and_forwarded_only_if_the_client_asked(gateway, provider, asked):
    more = {"stream_options": {"include_usage": True}} if asked else {}
    reply = gateway.chat(stream=True, **more)
    assert provider.requests()[0]["json"]["stream_options"] == {"include_usage": True}
    chunks = reply.events[:-1]
    assert (chunks[-1]["choices"] == []) is asked
    assert any(chunk.get("usage") for chunk in chunks) is asked


def test_other_stream_options_survive_the_injection(gateway, provider):
    gateway.chat(stream=True, stream_options={"include_obfuscation": False})
    assert provider.requests()[0]["json"]["stream_options"] == {"include_obfuscation": False, "include_usage": True}


def test_the_request_travels_byte_for_byte_but_for_what_routing_changes(gateway, provider):
    body = ('{ "temperature":1.0e0,"model" : "tp/echo" ,\n\t"messages":[ {"content":"\\u0068i \\ud83d\\ude00","role":"user","x":1E2} ], '
            '"unknown":{"deep":[1,2.50,-0,null]},"seed":12345678901234567890 }')
    assert gateway.post("/v1/chat/completions", body).status == 200
    assert provider.requests()[0]["body"] == body.replace('"tp/echo"', '"echo"')


def test_the_answer_travels_with_its_unknown_members_and_number_forms(gateway, provider):
    text = ('{"id":"x","object":"chat.completion","created":1,"model":"echo","choices":[{"index":0,"message":{"role":"assistant","content":"h\\u0069"},'
            '"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2},"odd":{"n":1.50,"e":1E2,"u":"\\u00e9"}}')
    provider.script({"body": text})
    reply = gateway.chat()
    assert '"odd":{"n":1.50,"e":1E2,"u":"\\u00e9"}' in reply.body.decode() and '"h\\u0069"' in reply.body.decode()
    assert json.loads(reply.body)["model"] == "echo"


@pytest.mark.parametrize("oddity", ["no_id", "no_type", "no_index", "null_arguments", "object_arguments", "repeat_id", "whole"])
def test_tool_call_deltas_are_normalised(gateway, provider, oddity):
    calls = [{"name": "f", "arguments": '{"a": 12345}'}]
    provider.script({"tool_calls": calls, "tool_oddities": [oddity]})
    reply = gateway.chat(stream=True, tools=TOOL)
    deltas = [call for event in reply.events[:-1] for call in (event["choices"][0]["delta"].get("tool_calls") or [])]
    first = deltas[0]
    assert isinstance(first["id"], str) and first["id"] and first["type"] == "function" and first["function"]["name"] == "f"
    assert all(delta["index"] == 0 and isinstance(delta["function"].get("arguments", ""), str) for delta in deltas)
    assert json.loads("".join(delta["function"].get("arguments") or "" for delta in deltas)) == {"a": 12345}


@pytest.mark.parametrize("oddity", [[], ["no_index"], ["no_index", "whole"], ["no_id"]], ids=lambda odd: "-".join(odd) or "plain")
def test_parallel_tool_calls_have_their_own_indexes(gateway, provider, oddity):
    provider.script({"tool_calls": [{"name": "f", "arguments": '{"a": 1}'}, {"name": "g", "arguments": '{"b": 2}'}], "tool_oddities": oddity})
    reply = gateway.chat(stream=True, tools=TOOL)
    joined = {}
    for event in reply.events[:-1]:
        for call in event["choices"][0]["delta"].get("tool_calls") or []:
            known = joined.setdefault(call["index"], {"name": "", "arguments": "", "id": call.get("id")})
            known["name"] += call["function"].get("name") or ""
            known["arguments"] += call["function"].get("arguments") or ""
    assert [(call["name"], json.loads(call["arguments"])) for _, call in sorted(joined.items())] == [("f", {"a": 1}), ("g", {"b": 2})]
    assert len({call["id"] for call in joined.values()}) == 2


# how a stream may end

@pytest.mark.parametrize("ending", [
    {"cut": {"events": 3}}, {"cut": {"events": 3, "how": "rst"}}, {"cut": {"bytes": 700}}, {"error_at": 3},
    {"cut": {"events": 3}, "framing": "close"}], ids=["fin", "reset", "inside_an_event", "error_event", "end_without_finish"])
def test_a_stream_that_dies_midway_ends_with_an_error_frame_and_no_done_and_no_failover(fresh, provider, ending):
    gateway = fresh()
    # The pause lets content out before the end comes: what arrives together with an error is still taken back.
    provider.script({"event_pause_ms": 20, **ending}, path="/tp/*")
    with Wire(gateway.port) as wire:
        wire.post({"model": "test/chain", "stream": True, "messages": [{"role": "user", "content": "a b c d e"}]}, headers=f"Authorization: Bearer {gateway.key}\r\n")
        head = wire.until(b"\r\n\r\n")
        try:
            body = wire.to_end()
        except ConnectionResetError:
            body = wire.held
    assert head.startswith(b"HTTP/1.1 200 ") and b"You" in body
    frame = json.loads(body[body.rindex(b"data: ") + 6 :].split(b"\n")[0])
    assert {"message", "type", "param", "code"} <= set(frame["error"]) and frame["error"]["code"] == "provider_error"
    assert b"[DONE]" not in body and len(provider.requests()) == 1, "content had gone out: no failover"
    assert body.endswith(b"0\r\n\r\n"), "the frame can be read by clients that raise on a torn body; to_end() saw the connection close"


def test_an_error_event_before_the_first_content_fails_over(fresh, provider):
    gateway = fresh()
    for place in (0, 1):
        provider.script({"error_at": place}, path="/tp/*")
        reply = gateway.chat("test/chain", stream=True)
        assert reply.streamed_text == "You said: hi there" and reply.events[-1] == "[DONE]"
        assert b"crashed" not in reply.body and reply.headers["x-spidergate-fallback-from"] == "tp/echo"


def test_a_stream_cut_before_the_first_content_fails_over_and_leaves_no_trace_of_the_first(fresh, provider):
    gateway = fresh()
    provider.script({"cut": {"events": 1}}, path="/tp/*")
    reply = gateway.chat("test/chain", stream=True)
    roles = [event for event in reply.events[:-1] if event["choices"] and event["choices"][0]["delta"].get("role")]
    assert reply.streamed_text == "You said: hi there" and len(roles) == 1 and reply.events[0]["model"] == "backup"


def test_an_event_above_a_mebibyte_is_refused_not_swallowed(fresh, provider):
    gateway = fresh()
    before = gateway.resident_bytes()
    provider.script({"big_event_bytes": 64 << 20}, path="/tp/*")
    reply = gateway.chat("test/chain", stream=True)
    assert reply.status == 200 and reply.headers["x-spidergate-provider"] == "tq"
    assert gateway.resident_bytes() - before < 24 << 20


def test_a_large_event_within_the_bound_passes(gateway, provider):
    provider.script({"big_event_bytes": 900_000})
    assert len(gateway.chat(stream=True).streamed_text) > 900_000


def test_silence_is_filled_with_keep_alive_comments(fresh, provider):
    gateway = fresh(engine={"stream_keep_alive": "200ms"})
    provider.script({"first_content_delay_ms": 900})
    reply = gateway.chat(stream=True)
    assert reply.body.count(b": keep-alive\n\n") >= 3 and reply.streamed_text == "You said: hi there" and reply.events[-1] == "[DONE]"
    assert not [line for line in reply.body.split(b"\n") if line.startswith((b"event:", b"id:"))]


def test_a_failure_after_keep_alives_went_out_still_fails_over(fresh, provider):
    gateway = fresh(engine={"stream_keep_alive": "200ms"})
    provider.script({"status": 500, "delay_ms": 600}, path="/tp/*")
    reply = gateway.chat("test/chain", stream=True)
    assert reply.streamed_text == "You said: hi there" and reply.events[-1] == "[DONE]"


def test_a_slow_reader_slows_the_provider_down_and_memory_stays_bounded(fresh, provider):
    gateway = fresh()
    gateway.chat(stream=True)
    before = gateway.resident_bytes()
    provider.script({"endless": True})
    with Wire(gateway.port, timeout=20) as wire:
        wire.post({"model": "tp/echo", "stream": True, "messages": [{"role": "user", "content": "x"}]}, headers=f"Authorization: Bearer {gateway.key}\r\n")
        wire.until(b"and so on")
        written = []

        def stands_still():
            written.append(provider.requests()[-1]["bytes_written"])
            return len(written) > 30 and written[-1] == written[-30]

        until("the provider to be held back", stands_still, 30)
        assert gateway.resident_bytes() - before < 4 << 20
        wire.exactly(8 << 20)
        until("the provider to be let on", lambda: provider.requests()[-1]["bytes_written"] > written[-1], 10)
        assert gateway.resident_bytes() - before < 4 << 20
