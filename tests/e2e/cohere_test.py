"""Cohere's dialect through the official OpenAI SDK: the client speaks OpenAI, the provider Cohere."""

import json
from contextlib import contextmanager

import httpx
import pytest
from openai import APIError, BadRequestError
from openai_schema import checked_openai
from pydantic import BaseModel

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
SECRET = "co-secret-ch-0001"


def model(name, **more):
    return {"name": name, "input_per_mtok_usd": 1.0, "output_per_mtok_usd": 2.0, **more}


@contextmanager
def running(make_gateway, provider, directory):
    """A gateway with a provider of this dialect and a key."""
    models = [model("command-a"), model("embed-v4.0", mode="embedding"), model("rerank-v3.5", mode="rerank", per_request_usd=0.002)]
    ch = {"dialect": "cohere", "base_url": f"http://127.0.0.1:{provider.port}/ch/v2", "auth": "bearer", "models": models}
    gateway = make_gateway(directory, providers={"ch": ch}, aliases={"cohere/chain": ["ch/command-a", "tq/backup"]})
    gateway.add_provider_key("ch", SECRET, "ch-a")
    gateway.start()
    yield gateway
    gateway.end()
    assert SECRET not in gateway.log()


@pytest.fixture(scope="module")
def cohere(make_gateway, running_provider, tmp_path_factory):
    with running(make_gateway, running_provider, tmp_path_factory.mktemp("cohere")) as gateway:
        yield gateway


@pytest.fixture
def client(cohere, provider):
    with checked_openai(cohere) as made:
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


def test_a_chat_is_answered_with_usage(client):
    answer = client.chat.completions.create(model="ch/command-a", messages=[{"role": "developer", "content": "be brief"}, *user("hello spider")])
    assert answer.choices[0].message.content == "You said: hello spider"
    assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens == 8


def test_a_stream_arrives_in_pieces_with_usage_at_its_end(client):
    chunks = list(client.chat.completions.create(model="ch/command-a", messages=user("one two"), stream=True, stream_options={"include_usage": True}))
    deltas = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(deltas) == "You said: one two" and len(deltas) == 4
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 6


def test_a_tool_loop_works_and_the_plan_goes_back_as_the_plan(client, provider):
    asked = user("weather, in parallel please")
    tools = [tool("weather"), tool("news")]
    first = client.chat.completions.create(model="ch/command-a", messages=asked, tools=tools).choices[0]
    assert first.finish_reason == "tool_calls" and first.message.reasoning_content == "I will use a tool."
    results = [{"role": "tool", "tool_call_id": c.id, "content": f"result {i}"} for i, c in enumerate(first.message.tool_calls)]
    second = client.chat.completions.create(model="ch/command-a", messages=[*asked, first.message.model_dump(), *results], tools=tools)
    assert second.choices[0].message.content == "The tool said: result 1"


def test_streamed_calls_join_to_json(client):
    with client.chat.completions.stream(model="ch/command-a", messages=user("weather?"), tools=[tool("weather")], tool_choice="required") as stream:
        for _ in stream:
            pass
        message = stream.get_final_completion().choices[0].message
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "Paris"}


class Place(BaseModel):
    name: str
    people: int


def test_a_schema_is_kept_to(client):
    answer = client.chat.completions.parse(model="ch/command-a", messages=user("where?"), response_format=Place)
    assert answer.choices[0].message.parsed == Place(name="Paris", people=3)


def test_a_schema_beside_tools_is_refused_as_cohere_cannot_have_both(client):
    tools = [{**tool("weather"), "function": {**tool("weather")["function"], "strict": True}}]
    with pytest.raises(BadRequestError, match="response format"):
        client.chat.completions.parse(model="ch/command-a", messages=user("where?"), response_format=Place, tools=tools)


def test_an_image_is_seen(client):
    content = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    answer = client.chat.completions.create(model="ch/command-a", messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content.endswith("I see 1 image(s).")


@pytest.mark.parametrize("streamed", [False, True])
def test_an_error_moves_on_to_the_next_candidate(breaking, provider, streamed):
    provider.script({"status": 503}, model="command-a")
    answer = breaking.chat.completions.create(model="cohere/chain", messages=user("a b"), stream=streamed)
    text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices) if streamed else answer.choices[0].message.content
    assert text == "You said: a b"


def test_a_stream_that_fails_midway_says_so(breaking, provider):
    provider.script({"error_at": 4, "event_pause_ms": 30})
    with pytest.raises(APIError, match="crashed"):
        for _ in breaking.chat.completions.create(model="ch/command-a", messages=user("one two three"), stream=True):
            pass


def test_embeddings_come_as_floats_and_as_base64(client):
    floats = client.embeddings.create(model="ch/embed-v4.0", input=["a", "b"], dimensions=4, encoding_format="float")
    packed = client.embeddings.create(model="ch/embed-v4.0", input=["a", "b"], dimensions=4)
    assert len(floats.data) == 2 and len(floats.data[0].embedding) == 4
    assert [d.embedding for d in floats.data] == [d.embedding for d in packed.data]


def test_documents_are_put_into_order(cohere, provider):
    asked = {"model": "ch/rerank-v3.5", "query": "red spider", "documents": ["a dog", {"text": "a red spider"}], "top_n": 1, "return_documents": True}
    answer = httpx.post(cohere.url() + "/rerank", json=asked, headers={"Authorization": f"Bearer {cohere.key}"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["results"] == [{"index": 1, "relevance_score": 0.2, "document": {"text": "a red spider"}}]
