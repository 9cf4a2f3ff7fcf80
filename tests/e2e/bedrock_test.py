"""Bedrock's Converse API through the official OpenAI SDK: signed requests, binary event streams; the client speaks OpenAI."""

import json
from contextlib import contextmanager

import pytest
from openai import APIError
from openai_schema import checked_openai
from pydantic import BaseModel
from test_provider.dialects.bedrock import ACCESS_KEY, SECRET_KEY

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
BEARER = "ABSK-test-secret-0001"
CLAUDE, NOVA = "bd/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bd/us.amazon.nova-lite-v1:0"


def model(name, **more):
    return {"name": name, "input_per_mtok_usd": 1.0, "output_per_mtok_usd": 2.0, **more}


@contextmanager
def running(make_gateway, provider, directory):
    """A gateway with a provider of this dialect and a key."""
    chat = [model(name.removeprefix("bd/")) for name in (CLAUDE, NOVA)]
    others = [model("amazon.titan-embed-text-v2:0", mode="embedding"), model("cohere.rerank-v3-5:0", mode="rerank")]
    common = {"dialect": "bedrock", "auth": "sigv4", "models": chat + others}
    providers = {name: {**common, "base_url": provider.url(f"/{name}")} for name in ("bd", "bb")}
    gateway = make_gateway(directory, providers=providers, aliases={"bedrock/chain": [CLAUDE, "tq/backup"]})
    pair = ["--credential", f"access_key_id={ACCESS_KEY}", "--credential", "region=eu-west-1"]
    gateway.add_provider_key("bd", SECRET_KEY, "bd-a", *pair)
    gateway.must("provider", "add", "bb", "--label", "bb-a", "--credential", "region=eu-west-1", "--api-key-stdin", stdin=BEARER)
    gateway.start()
    yield gateway
    gateway.end()
    assert SECRET_KEY not in gateway.log() and BEARER not in gateway.log()


@pytest.fixture(scope="module")
def bedrock(make_gateway, running_provider, tmp_path_factory):
    with running(make_gateway, running_provider, tmp_path_factory.mktemp("bedrock")) as gateway:
        yield gateway


@pytest.fixture
def client(bedrock, provider):
    with checked_openai(bedrock) as made:
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


def text_of(answer, streamed):
    return "".join(c.choices[0].delta.content or "" for c in answer if c.choices) if streamed else answer.choices[0].message.content


def test_a_signed_chat_is_answered_with_usage(client, provider):
    answer = client.chat.completions.create(model=CLAUDE, messages=[{"role": "system", "content": "be brief"}, *user("hello spider")])
    assert answer.choices[0].message.content == "You said: hello spider"
    assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens == 6
    assert provider.requests()[-1]["json"]["system"] == [{"text": "be brief"}]


def test_an_api_key_is_sent_as_bearer(client, provider):
    answer = client.chat.completions.create(model=CLAUDE.replace("bd/", "bb/"), messages=user("hi"))
    assert answer.choices[0].message.content == "You said: hi"


def test_a_stream_arrives_in_pieces_with_usage_at_its_end(client):
    chunks = list(client.chat.completions.create(model=CLAUDE, messages=user("one two"), stream=True, stream_options={"include_usage": True}))
    deltas = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(deltas) == "You said: one two" and len(deltas) == 4
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 6


@pytest.mark.parametrize("size", [1, 7])
def test_frames_cut_anywhere_come_through(client, provider, size):
    provider.script({"chunk_size": size})
    answer = client.chat.completions.create(model=CLAUDE, messages=user("one two"), stream=True)
    assert text_of(answer, True) == "You said: one two"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_loop_with_parallel_calls_goes_round(client, streamed):
    asked, tools = user("weather, in parallel please"), [tool("weather"), tool("news")]
    request = {"model": CLAUDE, "messages": asked, "tools": tools}
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
    second = client.chat.completions.create(model=CLAUDE, messages=[*asked, turn, *results], tools=tools)
    assert second.choices[0].message.content == "The tool said: result 0"


def test_signed_thinking_travels_through_a_tool_loop(client, provider):
    asked, tools = user("weather?"), [tool("weather")]
    first = client.chat.completions.create(model=CLAUDE, messages=asked, tools=tools, reasoning_effort="low").choices[0].message
    assert first.reasoning_content == "hm" and first.reasoning_details[0]["signature"] == "c2lnbmVk"
    result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "sun"}
    client.chat.completions.create(model=CLAUDE, messages=[*asked, first.model_dump(exclude_none=True), result], tools=tools, reasoning_effort="low")
    sent = provider.requests()[-1]["json"]
    assert sent["messages"][1]["content"][0] == {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2lnbmVk"}}}
    assert sent["additionalModelRequestFields"]["thinking"]["type"] == "enabled"


class Place(BaseModel):
    name: str
    people: int


@pytest.mark.parametrize("name", [CLAUDE, NOVA])
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
    assert ("toolConfig" in provider.requests()[-1]["json"]) == (name == NOVA)


def test_an_image_is_seen(client):
    content = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    answer = client.chat.completions.create(model=CLAUDE, messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content.endswith("I see 1 image(s).")


def test_several_choices_are_refused_and_nobody_is_asked(client, provider):
    with pytest.raises(APIError) as refused:
        client.chat.completions.create(model=CLAUDE, messages=user("x"), n=2)
    assert refused.value.code == "unsupported_by_model" and refused.value.param == "n" and provider.requests() == []


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("status", [429, 503])
def test_an_error_moves_on_to_the_next_candidate(breaking, provider, status, streamed):
    provider.script({"status": status}, model=CLAUDE.removeprefix("bd/"))
    answer = breaking.chat.completions.create(model="bedrock/chain", messages=user("a b"), stream=streamed)
    assert text_of(answer, streamed) == "You said: a b"


def test_an_exception_in_place_of_content_moves_on(breaking, provider):
    provider.script({"error_at": 1}, model=CLAUDE.removeprefix("bd/"))
    answer = breaking.chat.completions.create(model="bedrock/chain", messages=user("a b"), stream=True)
    assert text_of(answer, True) == "You said: a b"


def test_a_stream_that_fails_midway_says_so(breaking, provider):
    provider.script({"error_at": 4, "event_pause_ms": 30})
    with pytest.raises(APIError, match="Too many requests"):
        for _ in breaking.chat.completions.create(model=CLAUDE, messages=user("one two three"), stream=True):
            pass


def test_a_stream_that_is_cut_says_so(breaking, provider):
    provider.script({"cut": {"events": 4}, "event_pause_ms": 30})
    with pytest.raises(APIError):
        for _ in breaking.chat.completions.create(model=CLAUDE, messages=user("one two three"), stream=True):
            pass


def test_vectors_come_as_the_sdk_wants_them(client):
    answer = client.embeddings.create(model="bd/amazon.titan-embed-text-v2:0", input="two words")
    assert answer.data[0].embedding == [0.5, -1.0] and answer.usage.prompt_tokens == 2
