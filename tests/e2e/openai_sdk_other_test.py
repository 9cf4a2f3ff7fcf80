"""Everything but chat through the official OpenAI SDK: embeddings, completions, moderations, models."""

import pytest
from openai import NotFoundError, OpenAI
from test_provider.dialects.openai import vector


@pytest.fixture
def client(gateway):
    with OpenAI(base_url=gateway.url("/v1"), api_key=gateway.key, max_retries=0) as made:
        yield made


@pytest.mark.parametrize("model", ["tp/embed", "tp/embed-no-base64"])
def test_embeddings_are_right_whether_or_not_the_provider_knows_base64(client, provider, model):
    answer = client.embeddings.create(model=model, input=["one", "two"], dimensions=16)
    assert provider.requests()[0]["json"]["encoding_format"] == "base64", "the SDK asks for base64 on its own"
    assert [item.embedding for item in answer.data] == [vector("one", 16), vector("two", 16)]
    assert answer.usage.prompt_tokens == 2


def test_a_client_that_asks_for_base64_gets_base64(gateway, provider):
    for model in ("tp/embed", "tp/embed-no-base64"):
        reply = gateway.post("/v1/embeddings", {"model": model, "input": "x", "encoding_format": "base64"})
        assert isinstance(reply.json["data"][0]["embedding"], str), model


def test_a_client_that_asks_for_floats_gets_floats(client):
    answer = client.embeddings.create(model="tp/embed", input="x", encoding_format="float", dimensions=4)
    assert answer.data[0].embedding == vector("x", 4)


def test_token_arrays_are_embedded(client, provider):
    client.embeddings.create(model="tp/embed", input=[[1, 2, 3], [4, 5]])
    assert provider.requests()[0]["json"]["input"] == [[1, 2, 3], [4, 5]]


def test_legacy_completions_answer_whole_and_streamed(client):
    whole = client.completions.create(model="tp/echo", prompt="once upon")
    streamed = client.completions.create(model="tp/echo", prompt="once upon", stream=True)
    assert whole.choices[0].text == "You said: once upon"
    assert "".join(chunk.choices[0].text for chunk in streamed) == "You said: once upon"


def test_moderations_answer(client):
    answer = client.moderations.create(model="tp/moderate", input="some violence here")
    assert answer.results[0].flagged is True


def test_models_lists_what_can_be_called_and_nothing_else(client):
    listed = {model.id for model in client.models.list()}
    assert {"tp/echo", "tp/org/slashed", "tq/backup", "test/chain"} <= listed
    assert not any(name.startswith("groq/") for name in listed), "there is no key for groq"


def test_every_listed_model_can_be_retrieved_slashes_and_all(client):
    for name in ("tp/echo", "tp/org/slashed", "test/chain"):
        assert client.models.retrieve(name).id == name


def test_a_model_that_does_not_exist_is_not_found(client):
    with pytest.raises(NotFoundError) as raised:
        client.models.retrieve("no-such-model-anywhere")
    assert raised.value.code == "model_not_found"


def test_the_model_list_suits_openai_anthropic_and_openrouter_readers(gateway):
    listed = gateway.get("/v1/models").json
    first = listed["data"][0]
    echo = next(model for model in listed["data"] if model["id"] == "tp/echo")
    assert listed["object"] == "list" and listed["has_more"] is False
    assert listed["first_id"] == first["id"] and listed["last_id"] == listed["data"][-1]["id"]
    assert echo["object"] == "model" and echo["type"] == "model" and isinstance(echo["created"], int)
    assert echo["owned_by"] and echo["display_name"] and echo["name"]
    assert float(echo["pricing"]["prompt"]) == 0.000001 and float(echo["pricing"]["completion"]) == 0.000002
    assert isinstance(echo["pricing"]["prompt"], str) and "input_modalities" in echo["architecture"]
    assert {"context_length", "max_output_tokens", "supported_parameters"} <= set(echo)


def test_all_true_lists_the_catalogue_too(gateway):
    everything = {model["id"] for model in gateway.get("/v1/models?all=true").json["data"]}
    assert len(everything) > 1000 and any(name.startswith("groq/") for name in everything)
