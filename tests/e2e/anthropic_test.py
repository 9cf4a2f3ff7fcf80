"""Anthropic's dialect through the official OpenAI SDK: the client speaks OpenAI, the provider the Messages API."""

import json
from contextlib import contextmanager

import pytest
from openai import APIError
from openai_schema import checked_openai
from pydantic import BaseModel

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
SECRET = "sk-ant-secret-0001"
NEW, OLD = "an/claude-sonnet-4-5", "an/claude-3-7-sonnet-20250219"


def model(name, **more):
    return {"name": name, "input_per_mtok_usd": 1.0, "output_per_mtok_usd": 2.0, **more}


@contextmanager
def running(make_gateway, provider, directory):
    """A gateway with a provider of this dialect and a key."""
    models = [model("claude-sonnet-4-5"), model("claude-3-7-sonnet-20250219"), model("claude-opus-4-8")]
    an = {"dialect": "anthropic", "base_url": provider.url("/an/v1"), "auth": "header:x-api-key", "models": models}
    gateway = make_gateway(directory, providers={"an": an}, aliases={"anthropic/chain": [NEW, "tq/backup"]})
    gateway.add_provider_key("an", SECRET, "an-a")
    gateway.start()
    yield gateway
    gateway.end()
    assert SECRET not in gateway.log()


@pytest.fixture(scope="module")
def anthropic(make_gateway, running_provider, tmp_path_factory):
    with running(make_gateway, running_provider, tmp_path_factory.mktemp("anthropic")) as gateway:
        yield gateway


@pytest.fixture
def client(anthropic, provider):
    with checked_openai(anthropic) as made:
        yield made


@pytest.fixture
def breaking(make_gateway, provider, tmp_path):
    """A client of a gateway of the test's own: after a failure its keys rest."""
    with running(make_gateway, provider, tmp_path / "gateway") as gateway, checked_openai(gateway) as made:
        yield made


def user(text):
    return [{"role": "user", "content": text}]


def tool(name):
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters}}


def test_a_chat_is_answered_with_usage(client, provider):
    answer = client.chat.completions.create(model=NEW, messages=[{"role": "developer", "content": "be brief"}, *user("hello spider")])
    assert answer.choices[0].message.content == "You said: hello spider"
    assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens == 6
    assert provider.requests()[-1]["json"]["system"] == "be brief"


def test_a_stream_arrives_in_pieces_with_usage_at_its_end(client):
    chunks = list(client.chat.completions.create(model=NEW, messages=user("one two"), stream=True, stream_options={"include_usage": True}))
    deltas = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(deltas) == "You said: one two" and len(deltas) == 4
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 6


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_loop_with_parallel_calls_goes_round(client, streamed):
    asked, tools = user("weather, in parallel please"), [tool("weather"), tool("news")]
    request = {"model": NEW, "messages": asked, "tools": tools}
    if streamed:
        with client.chat.completions.stream(**request) as stream:
            first = stream.get_final_completion().choices[0]
    else:
        first = client.chat.completions.create(**request).choices[0]
    calls = first.message.tool_calls
    assert first.finish_reason == "tool_calls" and [c.function.name for c in calls] == ["weather", "news"]
    assert [json.loads(c.function.arguments) for c in calls] == [{"city": "Paris"}] * 2
    turn = {"role": "assistant", "content": None,
            "tool_calls": [{"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}} for c in calls]}
    results = [{"role": "tool", "tool_call_id": c.id, "content": f"result {i}"} for i, c in enumerate(calls)]
    second = client.chat.completions.create(model=NEW, messages=[*asked, turn, *results], tools=tools)
    assert second.choices[0].message.content == "The tool said: result 0"


def test_signed_thinking_travels_through_a_tool_loop(client, provider):
    asked, tools = user("weather?"), [tool("weather")]
    first = client.chat.completions.create(model=NEW, messages=asked, tools=tools, reasoning_effort="low").choices[0].message
    assert first.reasoning_content == "hm" and first.reasoning_details[0]["signature"] == "c2lnbmVk"
    result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "sun"}
    client.chat.completions.create(model=NEW, messages=[*asked, first.model_dump(exclude_none=True), result], tools=tools, reasoning_effort="low")
    sent = provider.requests()[-1]["json"]
    assert sent["messages"][1]["content"][0] == {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"}
    assert sent["thinking"]["type"] == "enabled"


class Place(BaseModel):
    name: str
    people: int


@pytest.mark.parametrize("name", [NEW, OLD])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_schema_is_kept_to_natively_or_through_a_tool(client, provider, name, streamed):
    request = {"model": name, "messages": user("where?"), "response_format": Place}
    if streamed:
        with client.chat.completions.stream(**request) as stream:
            answer = stream.get_final_completion()
    else:
        answer = client.chat.completions.parse(**request)
    assert answer.choices[0].message.parsed == Place(name="Paris", people=3)
    assert answer.choices[0].finish_reason == "stop"
    assert ("tools" in provider.requests()[-1]["json"]) == (name == OLD)


@pytest.mark.parametrize("streamed", [False, True])
def test_any_json_object_comes_without_markdown(client, streamed):
    answer = client.chat.completions.create(model=NEW, messages=user("a b"), response_format={"type": "json_object"}, stream=streamed)
    text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices) if streamed else answer.choices[0].message.content
    assert json.loads(text) == {"said": "a b"}


def test_an_image_is_seen(client):
    content = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    answer = client.chat.completions.create(model=NEW, messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content.endswith("I see 1 image(s).")


def test_what_is_left_out_is_listed(client):
    raw = client.chat.completions.with_raw_response.create(model="an/claude-opus-4-8", messages=user("x"), temperature=0.2, seed=7)
    dropped = raw.headers["x-spidergate-dropped-params"]
    assert "temperature" in dropped and "seed" in dropped


def test_several_choices_are_refused_and_nobody_is_asked(client, provider):
    with pytest.raises(APIError) as refused:
        client.chat.completions.create(model=NEW, messages=user("x"), n=2)
    assert refused.value.code == "unsupported_by_model" and refused.value.param == "n" and provider.requests() == []


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("status", [429, 529])
def test_an_error_moves_on_to_the_next_candidate(breaking, provider, status, streamed):
    provider.script({"status": status}, model="claude-sonnet-4-5")
    answer = breaking.chat.completions.create(model="anthropic/chain", messages=user("a b"), stream=streamed)
    text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices) if streamed else answer.choices[0].message.content
    assert text == "You said: a b"


def test_an_error_in_place_of_a_stream_moves_on(breaking, provider):
    provider.script({"error_at": 1}, model="claude-sonnet-4-5")
    answer = breaking.chat.completions.create(model="anthropic/chain", messages=user("a b"), stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in answer if c.choices) == "You said: a b"


def test_a_stream_that_fails_midway_says_so(breaking, provider):
    provider.script({"error_at": 5, "event_pause_ms": 30})
    with pytest.raises(APIError, match="Overloaded"):
        for _ in breaking.chat.completions.create(model=NEW, messages=user("one two three"), stream=True):
            pass


def test_a_stream_that_is_cut_says_so(breaking, provider):
    provider.script({"cut": {"events": 5}, "event_pause_ms": 30})
    with pytest.raises(APIError):
        for _ in breaking.chat.completions.create(model=NEW, messages=user("one two three"), stream=True):
            pass
