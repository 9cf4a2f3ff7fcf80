"""What the provider says in Anthropic's dialect when nothing is scripted, and what it refuses."""

import json

import pytest
from wire import Wire, events


def message(text="good morning world", **more):
    return {"model": "claude-x", "max_tokens": 50, "messages": [{"role": "user", "content": text}], **more}


def ask(provider, body, path="/v1/messages", headers="anthropic-version: 2023-06-01\r\n"):
    with Wire(provider.port) as wire:
        wire.post(body, path, headers=headers)
        status, _, data = wire.answer()
    return status, data


def test_a_message_echoes_the_user(provider):
    status, data = ask(provider, message())
    answer = json.loads(data)
    assert status == 200 and answer["content"] == [{"type": "text", "text": "You said: good morning world"}]
    assert answer["stop_reason"] == "end_turn" and answer["usage"]["output_tokens"] == 5


def test_a_stream_has_its_events_in_order(provider):
    _, data = ask(provider, message("a b", stream=True))
    kinds = [event["type"] for event in events(data)]
    assert kinds[:3] == ["message_start", "ping", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


def test_vertex_names_the_model_in_the_path(provider):
    body = message()
    del body["model"]
    status, data = ask(provider, {**body, "anthropic_version": "vertex-2023-10-16"}, "/v1/models/claude-x@1:rawPredict")
    assert status == 200 and json.loads(data)["model"] == "claude-x@1"


@pytest.mark.parametrize("wrong", [{"messages": []}, {"messages": [{"role": "user", "content": " "}]}, {"seed": 1}, {"temperature": 2},
                                   {"messages": [{"role": "assistant", "content": "x"}]},
                                   {"thinking": {"type": "enabled", "budget_tokens": 10}}])
def test_it_refuses_what_the_real_one_refuses(provider, wrong):
    status, data = ask(provider, message(**wrong))
    assert status == 400 and json.loads(data)["error"]["type"] == "invalid_request_error"
