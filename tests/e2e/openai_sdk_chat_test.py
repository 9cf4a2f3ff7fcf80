"""Chat through the official OpenAI SDK for Python: what a user's code does after swapping base_url and api_key."""

import asyncio
import json

import pytest
from openai import APIError, AsyncOpenAI, OpenAI
from pydantic import BaseModel


@pytest.fixture
def client(gateway):
    with OpenAI(base_url=gateway.url("/api/gate/v1"), api_key=gateway.key, max_retries=0) as made:
        yield made


def user(text):
    return [{"role": "user", "content": text}]


def tool(name):
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters}}


@pytest.mark.parametrize("prefix", ["/api/gate/v1", "/v1", "/api/gate", ""])
def test_chat_answers_under_every_base_url_that_people_configure(gateway, prefix):
    with OpenAI(base_url=gateway.url(prefix), api_key=gateway.key, max_retries=0) as client:
        answer = client.chat.completions.create(model="tp/echo", messages=user("hello spider"))
    assert answer.choices[0].message.content == "You said: hello spider"
    assert answer.usage.prompt_tokens == 2 and answer.usage.completion_tokens == 4


def test_a_stream_arrives_chunk_by_chunk_and_ends_with_stop(client):
    chunks = list(client.chat.completions.create(model="tp/echo", messages=user("one two three"), stream=True))
    deltas = [c.choices[0].delta.content for c in chunks if c.choices[0].delta.content]
    assert "".join(deltas) == "You said: one two three" and len(deltas) == 5
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_stream_carries_usage_when_asked(client):
    stream = client.chat.completions.create(model="tp/echo", messages=user("a b"), stream=True, stream_options={"include_usage": True})
    last = list(stream)[-1]
    assert last.choices == [] and last.usage.total_tokens == 6


def test_the_stream_helper_gathers_the_whole_answer(client):
    with client.chat.completions.stream(model="tp/echo", messages=user("gather me")) as stream:
        kinds = [event.type for event in stream]
        answer = stream.get_final_completion()
    assert "content.delta" in kinds and "content.done" in kinds
    assert answer.choices[0].message.content == "You said: gather me"


def test_the_async_client_serves_many_streams_at_once(gateway):
    async def one(client, text):
        stream = await client.chat.completions.create(model="tp/echo", messages=user(text), stream=True)
        return "".join([c.choices[0].delta.content or "" async for c in stream])

    async def all_of_them():
        async with AsyncOpenAI(base_url=gateway.url("/v1"), api_key=gateway.key, max_retries=0) as client:
            return await asyncio.gather(*(one(client, f"number {i}") for i in range(20)))

    assert asyncio.run(all_of_them()) == [f"You said: number {i}" for i in range(20)]


def test_a_tool_is_called_answered_and_its_result_used(client):
    asked = user("weather in Paris?")
    first = client.chat.completions.create(model="tp/echo", messages=asked, tools=[tool("weather")])
    call = first.choices[0].message.tool_calls[0]
    assert first.choices[0].finish_reason == "tool_calls" and call.function.name == "weather"
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    followed = [*asked, first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    second = client.chat.completions.create(model="tp/echo", messages=followed, tools=[tool("weather")])
    assert second.choices[0].message.content == "The tool said: sunny"


@pytest.mark.parametrize("streamed", [False, True])
def test_parallel_tools_keep_their_ids_names_and_arguments_apart(client, streamed):
    asked = {"model": "tp/echo", "messages": user("in parallel please"), "tools": [tool("weather"), tool("news")]}
    if streamed:
        with client.chat.completions.stream(**asked) as stream:
            calls = stream.get_final_completion().choices[0].message.tool_calls
    else:
        calls = client.chat.completions.create(**asked).choices[0].message.tool_calls
    assert [c.function.name for c in calls] == ["weather", "news"]
    assert len({c.id for c in calls}) == 2
    assert [json.loads(c.function.arguments) for c in calls] == [{"city": "Paris"}] * 2


class Place(BaseModel):
    name: str
    visits: int
    open: bool


def test_a_json_schema_answer_parses_into_its_type(client):
    answer = client.chat.completions.parse(model="tp/echo", messages=user("a place"), response_format=Place)
    assert answer.choices[0].message.parsed == Place(name="Paris", visits=3, open=True)


def test_a_streamed_json_schema_answer_parses_into_its_type(client):
    with client.chat.completions.stream(model="tp/echo", messages=user("a place"), response_format=Place) as stream:
        answer = stream.get_final_completion()
    assert answer.choices[0].message.parsed == Place(name="Paris", visits=3, open=True)


def test_images_reach_the_provider_unchanged(client, provider):
    parts = [{"type": "text", "text": "what is this?"},
             {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}},
             {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}]
    answer = client.chat.completions.create(model="tp/echo", messages=[{"role": "user", "content": parts}])
    assert "I see 2 image(s)" in answer.choices[0].message.content
    assert provider.requests()[0]["json"]["messages"][0]["content"] == parts


def test_n_choices_come_back(client):
    answer = client.chat.completions.create(model="tp/echo", messages=user("twice"), n=2)
    assert [choice.index for choice in answer.choices] == [0, 1]


def test_unknown_parameters_and_answer_members_survive(client, provider):
    provider.script({"extra": {"service_tier": "default", "x_vendor": {"deep": [1, 2.50]}}})
    answer = client.chat.completions.create(
        model="tp/echo", messages=user("x"), temperature=0.25, seed=7, extra_body={"x_new_option": {"a": [1, None, "é"]}})
    sent = provider.requests()[0]["json"]
    assert sent["x_new_option"] == {"a": [1, None, "é"]} and sent["temperature"] == 0.25 and sent["seed"] == 7
    assert answer.x_vendor == {"deep": [1, 2.5]} and answer.service_tier == "default"


def test_an_alias_is_served_by_the_head_of_its_chain(client, provider):
    raw = client.chat.completions.with_raw_response.create(model="test/chain", messages=user("hi"))
    assert raw.headers["x-spidergate-provider"] == "tp" and raw.headers["x-spidergate-model"] == "echo"
    assert provider.requests()[0]["model"] == "echo"


def test_a_bare_model_name_finds_the_provider_that_lists_it(client, provider):
    client.chat.completions.create(model="backup", messages=user("hi"))
    assert provider.requests()[0]["path"].startswith("/tq/")


def test_leaving_a_stream_early_ends_the_call_at_the_provider(client, provider):
    provider.script({"endless": True, "event_pause_ms": 5})
    stream = client.chat.completions.create(model="tp/echo", messages=user("talk"), stream=True)
    for _, _ in zip(range(5), stream, strict=False):
        pass
    stream.close()
    assert provider.wait_for_end()["disconnected"] is True


def test_a_stream_that_dies_midway_raises_instead_of_ending_well(client, provider):
    provider.script({"cut": {"events": 3, "how": "rst"}})
    stream = client.chat.completions.create(model="tp/echo", messages=user("a b c d e"), stream=True)
    with pytest.raises(APIError) as raised:
        list(stream)
    assert raised.value.code == "provider_error"
