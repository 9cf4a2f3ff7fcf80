"""What the provider says in the OpenAI dialect when nothing is scripted."""

import base64
import json
import struct

from wire import Wire, chat, events


def ask(provider, body, path="/v1/chat/completions"):
    with Wire(provider.port) as wire:
        wire.post(body, path)
        status, headers, data = wire.answer()
    return status, headers, data


def test_chat_echoes_the_last_user_message_and_bills_words(provider):
    status, headers, data = ask(provider, chat("good morning world"))
    answer = json.loads(data)
    assert status == 200 and headers["content-type"] == "application/json"
    assert answer["choices"][0]["message"]["content"] == "You said: good morning world"
    assert answer["usage"] == {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}


def test_stream_ends_with_finish_usage_if_asked_and_done(provider):
    _, headers, data = ask(provider, chat("a b", stream=True, stream_options={"include_usage": True}))
    seen = events(data)
    assert headers["content-type"].startswith("text/event-stream")
    assert seen[0]["choices"][0]["delta"]["role"] == "assistant"
    assert "".join(c["choices"][0]["delta"].get("content") or "" for c in seen[:-2]) == "You said: a b"
    assert seen[-3]["choices"][0]["finish_reason"] == "stop"
    assert seen[-2]["choices"] == [] and seen[-2]["usage"]["total_tokens"] == 6
    assert seen[-1] == "[DONE]"


def test_stream_has_no_usage_unless_asked(provider):
    seen = events(ask(provider, chat(stream=True))[2])
    assert all("usage" not in chunk for chunk in seen[:-1])


def test_n_gives_that_many_choices(provider):
    assert len(json.loads(ask(provider, chat(n=3))[2])["choices"]) == 3


TOOLS = [{"type": "function", "function": {"name": name, "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}}} for name in ("weather", "news")]


def test_tools_are_called_one_by_default_all_when_the_user_says_parallel(provider):
    one = json.loads(ask(provider, chat("weather?", tools=TOOLS))[2])["choices"][0]
    both = json.loads(ask(provider, chat("in parallel please", tools=TOOLS))[2])["choices"][0]
    assert one["finish_reason"] == "tool_calls" and len(one["message"]["tool_calls"]) == 1
    assert json.loads(one["message"]["tool_calls"][0]["function"]["arguments"]) == {"city": "Paris", "days": 3}
    assert [c["function"]["name"] for c in both["message"]["tool_calls"]] == ["weather", "news"]
    assert both["message"]["tool_calls"][0]["id"] != both["message"]["tool_calls"][1]["id"]


def test_streamed_tool_arguments_arrive_in_pieces_that_join_to_json(provider):
    seen = events(ask(provider, chat("in parallel please", tools=TOOLS, stream=True))[2])
    arguments = {0: "", 1: ""}
    for chunk in seen[:-1]:
        for call in chunk["choices"][0]["delta"].get("tool_calls", []):
            arguments[call["index"]] += call["function"]["arguments"]
    assert [json.loads(text) for text in arguments.values()] == [{"city": "Paris", "days": 3}] * 2


def test_json_schema_is_answered_with_an_instance_of_it(provider):
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"enum": ["x", "y"]}}}}
    form = {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema}}
    content = json.loads(ask(provider, chat(response_format=form))[2])["choices"][0]["message"]["content"]
    assert json.loads(content) == {"name": "Paris", "tags": ["x"]}


def test_images_are_counted(provider):
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    body = {"model": "echo", "messages": [{"role": "user", "content": parts}]}
    assert "I see 1 image(s)" in json.loads(ask(provider, body)[2])["choices"][0]["message"]["content"]


def test_embeddings_in_base64_and_floats_are_the_same_numbers(provider):
    body = {"model": "embed", "input": ["one", "two"], "dimensions": 4}
    floats = json.loads(ask(provider, body, "/v1/embeddings")[2])["data"]
    packed = json.loads(ask(provider, {**body, "encoding_format": "base64"}, "/v1/embeddings")[2])["data"]
    for plain, coded in zip(floats, packed, strict=True):
        assert list(struct.unpack("<4f", base64.b64decode(coded["embedding"]))) == plain["embedding"]
    assert floats[0]["embedding"] != floats[1]["embedding"]


def test_a_provider_without_base64_answers_floats_whatever_was_asked(provider):
    provider.script({"base64": False}, model="embed")
    answer = json.loads(ask(provider, {"model": "embed", "input": "x", "encoding_format": "base64"}, "/v1/embeddings")[2])
    assert isinstance(answer["data"][0]["embedding"], list)


def test_completions_moderations_and_models_answer_under_any_prefix(provider):
    assert json.loads(ask(provider, {"model": "echo", "prompt": "hi"}, "/a/b/v1/completions")[2])["choices"][0]["text"] == "You said: hi"
    flagged = json.loads(ask(provider, {"model": "m", "input": "violence"}, "/v1/moderations")[2])["results"][0]["flagged"]
    assert flagged is True
    with Wire(provider.port) as wire:
        wire.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        names = [m["id"] for m in json.loads(wire.answer()[2])["data"]]
        wire.send(b"GET /v1/models/test/echo HTTP/1.1\r\nHost: x\r\n\r\n")
        one = json.loads(wire.answer()[2])
    assert "test/echo" in names and one["id"] == "test/echo"


def test_wrong_requests_get_errors_in_the_dialects_shape(provider):
    for body, path, status in ((chat(), "/v1/nothing", 404), ({"messages": []}, "/v1/chat/completions", 400), ({"model": "echo"}, "/v1/chat/completions", 400)):
        got, _, data = ask(provider, body, path)
        assert got == status and set(json.loads(data)["error"]) == {"message", "type", "param", "code"}


def test_a_models_name_can_ask_for_failure_or_delay(provider):
    assert ask(provider, chat(model="fail-503"))[0] == 503
    status, headers, _ = ask(provider, chat(model="status-429-retry-2"))
    assert (status, headers["retry-after"]) == (429, "2")
    ask(provider, chat(model="slow-200ms"))
    slow = provider.requests(model="slow-200ms")[0]
    assert slow["head_sent_at"] - slow["arrived_at"] >= 0.2
