"""The oddities of dialect that a gateway has to survive, the script that asks for them, and the record kept."""

import json

import pytest
from test_provider import recordings
from wire import Wire, chat, events


def stream_of(provider, behaviour, **more):
    provider.script(behaviour)
    with Wire(provider.port, timeout=10) as wire:
        wire.post(chat(stream=True, stream_options={"include_usage": True}, **more))
        return wire.answer()[2]


def test_done_and_usage_can_be_missing(provider):
    seen = events(stream_of(provider, {"done": False, "usage": "missing"}))
    assert seen[-1]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("usage", [{"prompt_tokens": -5, "completion_tokens": "many", "total_tokens": 10**30}, {}, 7])
def test_absurd_usage_is_sent_as_scripted_and_billed_as_nothing(provider, usage):
    assert events(stream_of(provider, {"usage": usage}))[-2]["usage"] == usage
    assert provider.counters()["tokens_billed"] == {"prompt": 0, "completion": 0}


def test_an_error_event_takes_the_place_of_the_rest(provider):
    seen = events(stream_of(provider, {"error_at": 2, "error": {"message": "boom", "type": "server_error"}}))
    assert len(seen) == 3 and seen[2] == {"error": {"message": "boom", "type": "server_error"}}


def test_an_error_can_come_with_status_200(provider):
    provider.script({"error": {"message": "boom"}})
    with Wire(provider.port) as wire:
        wire.post(chat())
        status, _, body = wire.answer()
    assert status == 200 and json.loads(body) == {"error": {"message": "boom"}}


def test_line_ends_comments_and_multi_line_data_mean_the_same(provider):
    body = stream_of(provider, {"line_end": "\r\n", "comments": True, "multi_line": True})
    assert b": a comment\r\n\r\n" in body and body.count(b"data: ") > 20 and events(body)[-1] == "[DONE]"


def test_one_event_can_be_larger_than_a_mebibyte(provider):
    body = stream_of(provider, {"big_event_bytes": 1 << 21})
    assert max(len(event) for event in body.split(b"\n\n")) > 1 << 21


def test_frames_are_sent_verbatim(provider):
    assert stream_of(provider, {"frames": ["data: {bad\n\n", "event: x\n"]}) == b"data: {bad\n\nevent: x\n"


@pytest.mark.parametrize(("oddity", "check"), [
    ("no_id", lambda first: "id" not in first),
    ("no_type", lambda first: "type" not in first),
    ("no_index", lambda first: "index" not in first),
    ("null_arguments", lambda first: first["function"]["arguments"] is None),
    ("object_arguments", lambda first: first["function"]["arguments"] == {"a": 1}),
    ("whole", lambda first: first["function"]["arguments"] == '{"a": 1}'),
])
def test_tool_deltas_can_be_odd(provider, oddity, check):
    seen = events(stream_of(provider, {"tool_calls": [{"name": "f", "arguments": '{"a": 1}'}], "tool_oddities": [oddity]}))
    deltas = [c["choices"][0]["delta"]["tool_calls"][0] for c in seen[:-1] if c["choices"] and c["choices"][0]["delta"].get("tool_calls")]
    assert check(deltas[0])


def test_scripts_are_used_in_order_and_only_where_they_fit(provider):
    provider.script({"status": 500}, model="a*", times=2)
    provider.script({"status": 418}, key="other")
    with Wire(provider.port) as wire:
        statuses = []
        for model, headers in (("b", ""), ("a1", ""), ("a2", ""), ("a3", ""), ("b", "Authorization: Bearer other\r\n")):
            wire.post(chat(model=model), headers=headers)
            statuses.append(wire.answer()[0])
    assert statuses == [200, 500, 500, 200, 418]


def test_a_misspelt_behaviour_is_an_error_that_names_it(provider):
    with pytest.raises(ValueError, match="unknown behaviour field 'dealy_ms'"):
        provider.script({"dealy_ms": 5})
    with pytest.raises(ValueError, match="stall"):
        provider.script({"stall": "sometimes"})


def test_the_record_holds_what_was_received_byte_for_byte(provider):
    body = b'{ "model" : "echo", "x":1.0,"messages":[{"role":"user","content":"\\u00e9"}]}'
    with Wire(provider.port) as wire:
        wire.send(b"POST /p/v1/chat/completions?q=1 HTTP/1.1\r\nHost: x\r\nX-Odd: Va lue\r\nAuthorization: Bearer k1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        wire.answer()
    seen = provider.requests(key="k1")[0]
    assert seen["body"] == body.decode() and seen["target"] == "/p/v1/chat/completions?q=1" and ["X-Odd", "Va lue"] in seen["headers"]
    counters = provider.counters()
    assert counters["per_key"] == {"k1": 1} and counters["per_model"] == {"echo": 1} and counters["open_connections"] >= 1


def test_recorded_exchanges_are_replayed_or_said_to_be_missing(provider):
    provider.script({"replay": "no-such-id"})
    with Wire(provider.port) as wire:
        wire.post(chat())
        status, _, body = wire.answer()
    assert status == 500 and ("no recorded exchange 'no-such-id'" in body.decode() or "no recordings" in body.decode())


@pytest.mark.skipif(not recordings.directory().is_dir(), reason="no recordings; set SPIDERGATE_WIRE_DIR")
def test_a_replayed_stream_is_the_recorded_one_byte_for_byte(provider):
    folder = recordings.directory()
    record = next(r for r in map(json.loads, (folder / "openai-chat.jsonl").open()) if r["stream"])
    assert stream_of(provider, {"replay": record["id"]}).decode() == record["response_body"]
