"""Gemini's dialect through the official OpenAI SDK: the client speaks OpenAI, the provider Google."""

import base64
import json
from contextlib import contextmanager

import pytest
from openai import APIError
from openai_schema import checked_openai
from pydantic import BaseModel

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
SECRET = "AIza-secret-gm-0001"


def model(name, **more):
    return {"name": name, "input_per_mtok_usd": 1.0, "output_per_mtok_usd": 2.0, **more}


@contextmanager
def running(make_gateway, provider, directory):
    """A gateway with a provider of this dialect and a key."""
    models = [model("gemini-3-flash"), model("gemini-2.5-flash"), model("gemini-embedding-001", mode="embedding"),
              model("imagen-4.0-generate-001", mode="image", image_usd=0.04), model("gemini-2.5-flash-tts", mode="audio_speech")]
    gm = {"dialect": "gemini", "base_url": provider.url("/gm/v1beta"), "auth": "header:x-goog-api-key", "models": models}
    gateway = make_gateway(directory, providers={"gm": gm}, aliases={"google/chain": ["gm/gemini-3-flash", "tq/backup"]})
    gateway.add_provider_key("gm", SECRET, "gm-a")
    gateway.start()
    yield gateway
    gateway.end()
    assert SECRET not in gateway.log()


@pytest.fixture(scope="module")
def google(make_gateway, running_provider, tmp_path_factory):
    with running(make_gateway, running_provider, tmp_path_factory.mktemp("google")) as gateway:
        yield gateway


@pytest.fixture
def client(google, provider):
    with checked_openai(google) as made:
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


def test_a_chat_is_answered_with_usage_and_the_key_stays_out_of_the_address(client, provider):
    answer = client.chat.completions.create(model="gm/gemini-3-flash", messages=[{"role": "developer", "content": "be brief"}, *user("hello spider")])
    assert answer.choices[0].message.content == "You said: hello spider"
    assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens == 6
    asked = provider.requests()[-1]
    assert SECRET not in asked["path"]


def test_a_stream_arrives_in_pieces_with_usage_at_its_end(client):
    chunks = list(client.chat.completions.create(model="gm/gemini-3-flash", messages=user("one two"), stream=True,
                                                 stream_options={"include_usage": True}))
    deltas = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(deltas) == "You said: one two" and len(deltas) == 4
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 6


@pytest.mark.parametrize("name", ["gm/gemini-3-flash", "gm/gemini-2.5-flash"])
def test_a_tool_loop_works_with_the_plain_sdk_though_gemini_3_wants_its_signatures_back(client, name):
    asked = user("weather, in parallel please")
    tools = [tool("weather"), tool("3d_news")]
    first = client.chat.completions.create(model=name, messages=asked, tools=tools).choices[0]
    assert first.finish_reason == "tool_calls"
    assert [c.function.name for c in first.message.tool_calls] == ["weather", "3d_news"]
    results = [{"role": "tool", "tool_call_id": c.id, "content": f"result {i}"} for i, c in enumerate(first.message.tool_calls)]
    bare = {"role": "assistant", "content": None,
            "tool_calls": [{"id": c.id, "type": "function", "function": c.function.model_dump()} for c in first.message.tool_calls]}
    for turn in (first.message, bare):
        second = client.chat.completions.create(model=name, messages=[*asked, turn, *results], tools=tools)
        assert second.choices[0].message.content == "The tool said: result 0"


def test_streamed_calls_join_to_json(client):
    with client.chat.completions.stream(model="gm/gemini-3-flash", messages=user("weather?"), tools=[tool("weather")]) as stream:
        for _ in stream:
            pass
        message = stream.get_final_completion().choices[0].message
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "Paris"}


class Place(BaseModel):
    name: str
    people: int


@pytest.mark.parametrize("tools", [[], [tool("weather")]])
def test_a_schema_is_kept_to_also_beside_tools_on_models_that_cannot_have_both(client, tools, provider):
    more = {"tools": [{**t, "function": {**t["function"], "strict": True}} for t in tools]} if tools else {}
    if tools:
        provider.script({"tool_calls": [{"name": "final_answer_in_json", "arguments": '{"name": "Paris", "people": 3}'}]})
    answer = client.chat.completions.parse(model="gm/gemini-2.5-flash", messages=user("where?"), response_format=Place, **more)
    assert answer.choices[0].message.parsed == Place(name="Paris", people=3)
    assert answer.choices[0].finish_reason == "stop"


def test_an_image_is_seen(client):
    content = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    answer = client.chat.completions.create(model="gm/gemini-3-flash", messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content.endswith("I see 1 image(s).")


def test_thoughts_come_as_reasoning(client, provider):
    provider.script({"reasoning": "hm"})
    answer = client.chat.completions.create(model="gm/gemini-3-flash", messages=user("think"), reasoning_effort="low")
    assert answer.choices[0].message.reasoning_content == "hm"


@pytest.mark.parametrize("streamed", [False, True])
def test_an_error_moves_on_to_the_next_candidate(breaking, provider, streamed):
    provider.script({"status": 503}, model="gemini-3-flash")
    answer = breaking.chat.completions.create(model="google/chain", messages=user("a b"), stream=streamed)
    text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices) if streamed else answer.choices[0].message.content
    assert text == "You said: a b"


def test_a_stream_that_fails_midway_says_so(breaking, provider):
    provider.script({"error_at": 2, "event_pause_ms": 30})
    with pytest.raises(APIError, match="overloaded"):
        for _ in breaking.chat.completions.create(model="gm/gemini-3-flash", messages=user("one two three"), stream=True):
            pass


def test_embeddings_come_as_floats_and_as_base64(client):
    floats = client.embeddings.create(model="gm/gemini-embedding-001", input=["a", "b"], dimensions=4, encoding_format="float")
    packed = client.embeddings.create(model="gm/gemini-embedding-001", input=["a", "b"], dimensions=4)
    assert len(floats.data) == 2 and len(floats.data[0].embedding) == 4
    assert [d.embedding for d in floats.data] == [d.embedding for d in packed.data]


def test_images_are_made(client):
    made = client.images.generate(model="gm/imagen-4.0-generate-001", prompt="a spider", n=2, size="1024x1024")
    assert len(made.data) == 2 and base64.b64decode(made.data[0].b64_json).startswith(b"\x89PNG")


def test_speech_is_a_wav(client):
    spoken = client.audio.speech.create(model="gm/gemini-2.5-flash-tts", voice="Kore", input="hello", response_format="wav")
    data = spoken.read()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE" and len(data) == 44 + 2 * 4800
