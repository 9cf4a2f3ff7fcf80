"""Dialects with few operations through the official OpenAI SDK: Ollama's own API, watsonx with its tokens, Voyage."""

import json
from contextlib import contextmanager

import pytest
from openai import APIError
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion
from openai_schema import StreamSchema, checked_openai, complaints_about
from pydantic import BaseModel
from test_provider.dialects.openai import vector
from test_provider.dialects.watsonx import API_KEY, TOKEN

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
SECRETS = {"wx": API_KEY, "voyage": "pa-secret-voyage-0001"}
CHAT = ["ol/qwen3:4b", "wx/ibm/granite-4-h-small"]


def model(name, **more):
    return {"name": name, "input_per_mtok_usd": 1.0, "output_per_mtok_usd": 2.0, **more}


@contextmanager
def running(make_gateway, provider, directory):
    """A gateway with the three, which share one process under paths of their own."""
    at = f"http://127.0.0.1:{provider.port}"
    providers = {
        "ol": {"dialect": "ollama", "base_url": f"{at}/ol", "auth": "none", "models": [model("qwen3:4b"), model("nomic", mode="embedding")]},
        "wx": {"dialect": "watsonx", "base_url": f"{at}/wx", "auth": "oauth2", "token_url": f"{at}/iam/identity/token",
               "models": [model("ibm/granite-4-h-small"), model("ibm/granite-bare"), model("ibm/slate", mode="embedding"), model("cross-encoder", mode="rerank")]},
        # The catalogue's own provider: what its parameters are called there is data.
        "voyage": {"base_url": f"{at}/voyage/v1", "models": [model("voyage-3", mode="embedding"), model("rerank-2", mode="rerank")]},
    }
    gateway = make_gateway(directory, providers=providers, aliases={"small/chain": [*CHAT, "tq/backup"], "small/tokens": [CHAT[1], "tq/backup"]})
    gateway.add_provider_key("wx", API_KEY, "wx-a", "--credential", "project_id=project-0001")
    gateway.add_provider_key("voyage", SECRETS["voyage"], "voyage-a")
    yield gateway.start()
    gateway.end()
    assert not [secret for secret in (*SECRETS.values(), TOKEN) if secret in gateway.log()]


@pytest.fixture(scope="module")
def small(make_gateway, running_provider, tmp_path_factory):
    with running(make_gateway, running_provider, tmp_path_factory.mktemp("small")) as gateway:
        yield gateway


@pytest.fixture
def client(small, provider):
    with checked_openai(small) as made:
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
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters, "strict": True}}


def said_by(client, streamed, **asked):
    """The message and finish reason, whichever way they came."""
    if not streamed:
        choice = client.chat.completions.parse(**asked).choices[0]
    else:
        with client.chat.completions.stream(**asked) as stream:
            choice = stream.get_final_completion().choices[0]
    return choice.message, choice.finish_reason


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", CHAT)
def test_a_chat_is_answered(client, name, streamed):
    message, reason = said_by(client, streamed, model=name, messages=[{"role": "system", "content": "be brief"}, *user("hello spider")])
    assert (message.content, reason) == ("You said: hello spider", "stop")


@pytest.mark.parametrize("name", CHAT)
def test_a_stream_arrives_in_pieces_with_usage_at_its_end(client, name):
    chunks = list(client.chat.completions.create(model=name, messages=user("one two"), stream=True, stream_options={"include_usage": True}))
    deltas = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert deltas == ["You", " said:", " one", " two"]
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 6


@pytest.mark.parametrize("size", [1, 7])
@pytest.mark.parametrize("name", CHAT)
def test_lines_and_events_cut_anywhere_come_through(client, provider, name, size):
    provider.script({"chunk_size": size})
    assert said_by(client, True, model=name, messages=user("one two"))[0].content == "You said: one two"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", CHAT)
def test_a_tool_loop_with_parallel_calls_goes_round(client, name, streamed):
    asked, tools = user("weather, in parallel please"), [tool("weather"), tool("news")]
    message, reason = said_by(client, streamed, model=name, messages=asked, tools=tools)
    assert reason == "tool_calls" and [c.function.name for c in message.tool_calls] == ["weather", "news"]
    assert [json.loads(c.function.arguments) for c in message.tool_calls] == [{"city": "Paris"}] * 2
    results = [{"role": "tool", "tool_call_id": c.id, "content": "result"} for c in message.tool_calls]
    second = client.chat.completions.create(model=name, messages=[*asked, message, *results], tools=tools)
    assert second.choices[0].message.content == "The tool said: result"


class Place(BaseModel):
    name: str
    people: int


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", CHAT)
def test_a_schema_is_kept_to(client, name, streamed):
    message, _ = said_by(client, streamed, model=name, messages=user("where?"), response_format=Place)
    assert message.parsed == Place(name="Paris", people=3)


@pytest.mark.parametrize("name", CHAT)
def test_an_image_is_seen(client, name):
    content = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    answer = client.chat.completions.create(model=name, messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content.endswith("I see 1 image(s).")


@pytest.mark.parametrize("streamed", [False, True])
def test_ollama_thinks_as_much_as_it_is_told_to(client, provider, streamed):
    message, _ = said_by(client, streamed, model=CHAT[0], messages=user("think"), reasoning_effort="low")
    assert message.reasoning_content == "hm" and message.content == "You said: think"
    assert provider.requests()[-1]["json"]["think"] == "low"


def test_ollama_refuses_what_it_cannot_be_made_to_do(client, provider):
    with pytest.raises(APIError) as refused:
        client.chat.completions.create(model=CHAT[0], messages=user("x"), tools=[tool("weather")], tool_choice="required")
    assert refused.value.code == "unsupported_by_model" and refused.value.param == "tool_choice" and provider.requests() == []


@pytest.mark.parametrize("choice", ["none", "required"])
def test_watsonx_is_told_of_a_choice_of_tools_in_its_own_words(client, provider, choice):
    client.chat.completions.create(model=CHAT[1], messages=user("x"), tools=[tool("weather")], tool_choice=choice)
    assert provider.requests()[-1]["json"]["tool_choice_option"] == choice


def test_a_token_is_fetched_once_and_used_again(breaking, provider):
    for _ in range(3):
        breaking.chat.completions.create(model=CHAT[1], messages=user("x"))
    paths = [request["path"] for request in provider.requests()]
    assert [path.partition("?")[0].rpartition("/")[2] for path in paths] == ["token", "chat", "chat", "chat"]
    assert provider.requests()[-1]["json"]["project_id"] == "project-0001"


def test_a_token_that_is_refused_moves_on(breaking, provider):
    provider.script({"status": 400}, path="*/identity/token")
    answer = breaking.chat.completions.create(model="small/tokens", messages=user("a b"))
    assert answer.choices[0].message.content == "You said: a b"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", CHAT)
def test_an_error_moves_on_to_the_next_candidate(breaking, provider, name, streamed):
    provider.script({"status": 503}, model=name.partition("/")[2])
    message, _ = said_by(breaking, streamed, model="small/chain", messages=user("a b"))
    assert message.content == "You said: a b"


@pytest.mark.parametrize("name", CHAT)
def test_a_stream_that_fails_midway_says_so(breaking, provider, name):
    provider.script({"error_at": 4, "event_pause_ms": 30}, model=name.partition("/")[2])
    with pytest.raises(APIError, match="error|crashed"):
        for _ in breaking.chat.completions.create(model=name, messages=user("one two three"), stream=True):
            pass


@pytest.mark.parametrize("name", CHAT)
def test_a_stream_that_is_cut_says_so(breaking, provider, name):
    provider.script({"cut": {"events": 4}, "event_pause_ms": 30}, model=name.partition("/")[2])
    with pytest.raises(APIError):
        for _ in breaking.chat.completions.create(model=name, messages=user("one two three"), stream=True):
            pass


@pytest.mark.parametrize("name, size", [("ol/nomic", {"dimensions": 4}), ("wx/ibm/slate", {})])
def test_embeddings_come_as_floats_and_as_base64(client, name, size):
    floats = client.embeddings.create(model=name, input=["a", "b c"], encoding_format="float", **size)
    packed = client.embeddings.create(model=name, input=["a", "b c"], **size)
    wanted = [vector(text, size.get("dimensions", 8)) for text in ("a", "b c")]
    assert [d.embedding for d in floats.data] == [d.embedding for d in packed.data] == wanted
    assert floats.usage.prompt_tokens == 3


def test_voyage_is_asked_in_its_own_words(small, provider):
    asked = {"model": "voyage/voyage-3", "input": ["a"], "dimensions": 4, "user": "u", "encoding_format": "float"}
    answer = small.post("/v1/embeddings", asked)
    assert answer.status == 200 and answer.json["data"][0]["embedding"] == vector("a", 4), answer.body
    assert provider.requests()[-1]["json"] == {"model": "voyage-3", "input": ["a"], "output_dimension": 4}


def test_voyages_usage_fits_the_schema(small, provider):
    answer = small.post("/v1/embeddings", {"model": "voyage/voyage-3", "input": ["a b c"]}).json
    assert answer["usage"]["total_tokens"] == 3
    assert complaints_about(answer, CreateEmbeddingResponse) == []


@pytest.mark.parametrize("name", ["wx/cross-encoder", "voyage/rerank-2"])
def test_documents_are_put_into_order(small, provider, name):
    asked = {"model": name, "query": "red spider", "documents": ["a dog", "a red spider"], "top_n": 1, "return_documents": True}
    answer = small.post("/v1/rerank", asked)
    assert answer.status == 200, answer.body
    best = answer.json["results"]
    assert [(b["index"], b["relevance_score"]) for b in best] == [(1, 0.2)] and "a red spider" in json.dumps(best[0]["document"])


def test_watsonx_answers_say_what_they_are(small, provider):
    answer = small.chat("wx/ibm/granite-bare", "a b")
    assert answer.text == "You said: a b"
    assert complaints_about(answer.json, ChatCompletion) == []


def test_watsonx_chunks_say_what_they_are(small, provider):
    schema = StreamSchema()
    for event in small.chat("wx/ibm/granite-bare", "a b", stream=True).events:
        schema.read(event if isinstance(event, str) else json.dumps(event))
    assert schema.done and schema.complaints == []
