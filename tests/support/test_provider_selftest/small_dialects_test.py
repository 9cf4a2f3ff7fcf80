"""What the provider says as Ollama, watsonx and Voyage, and what it refuses as the real ones do."""

import json

import pytest
from test_provider.dialects.watsonx import API_KEY, TOKEN
from wire import Wire

MESSAGES = [{"role": "user", "content": "good morning"}]
IBM = "/ml/v1/text/chat?version=2025-02-06"
AUTHORIZED = f"Authorization: Bearer {TOKEN}\r\n"


def ask(provider, path, body, headers=""):
    with Wire(provider.port) as wire:
        wire.post(body, path, headers)
        status, _, data = wire.answer()
    return status, data


def test_ollama_says_the_same_in_lines_and_whole(provider):
    asked = {"model": "m", "messages": MESSAGES}
    whole = json.loads(ask(provider, "/api/chat", {**asked, "stream": False})[1])
    lines = [json.loads(line) for line in ask(provider, "/api/chat", asked)[1].splitlines()]
    assert "".join(line["message"]["content"] for line in lines) == whole["message"]["content"] == "You said: good morning"
    assert [line["done"] for line in lines] == [False] * 4 + [True] and lines[-1]["eval_count"] == whole["eval_count"] == 4


def test_ollamas_errors_have_its_shape_whole_and_in_a_stream(provider):
    provider.script({"status": 404})
    assert "not found" in json.loads(ask(provider, "/api/chat", {"model": "m", "messages": MESSAGES})[1])["error"]
    provider.script({"error_at": 2})
    last = ask(provider, "/api/chat", {"model": "m", "messages": MESSAGES})[1].splitlines()[-1]
    assert set(json.loads(last)) == {"error"}


@pytest.mark.parametrize("wrong", [{"tool_choice": "auto"}, {"options": {"max_tokens": 1}}, {"messages": []},
                                   {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}])
def test_ollama_refuses_what_the_real_one_cannot_read(provider, wrong):
    assert ask(provider, "/api/chat", {"model": "m", "messages": MESSAGES, **wrong})[0] == 400


def test_watsonx_wants_a_token_that_it_gave_for_a_key(provider):
    with Wire(provider.port) as wire:
        form = f"grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey={API_KEY}".encode()
        wire.send(f"POST /identity/token HTTP/1.1\r\nHost: x\r\nContent-Length: {len(form)}\r\n\r\n".encode() + form)
        assert json.loads(wire.answer()[2])["access_token"] == TOKEN
    asked = {"model_id": "m", "project_id": "p", "messages": MESSAGES}
    assert ask(provider, IBM, asked)[0] == 401
    status, data = ask(provider, IBM, asked, AUTHORIZED)
    assert status == 200 and json.loads(data)["model_id"] == "m" and json.loads(data)["object"] == "chat.completion"
    assert "object" not in json.loads(ask(provider, IBM, {**asked, "model_id": "m-bare"}, AUTHORIZED)[1])


@pytest.mark.parametrize("path, wrong", [(IBM, {"project_id": None, "space_id": "s"}), (IBM, {"tool_choice": "auto"}), (IBM, {"stream": True}),
                                         ("/ml/v1/text/chat", {})])
def test_watsonx_refuses_what_the_real_one_refuses(provider, path, wrong):
    status, data = ask(provider, path, {"model_id": "m", "project_id": "p", "messages": MESSAGES, **wrong}, AUTHORIZED)
    assert status == 400 and json.loads(data)["errors"][0]["code"] == "invalid_request_entity"


def test_voyage_ranks_and_refuses_names_that_are_not_its_own(provider):
    asked = {"model": "r", "query": "red spider", "documents": ["a dog", "a red spider"], "top_k": 1}
    assert json.loads(ask(provider, "/voyage/v1/rerank", asked)[1])["data"] == [{"relevance_score": 0.2, "index": 1}]
    assert ask(provider, "/voyage/v1/rerank", {**asked, "top_n": 1})[0] == 400
    assert ask(provider, "/voyage/v1/embeddings", {"model": "e", "input": "x", "dimensions": 4})[0] == 400
    assert json.loads(ask(provider, "/voyage/v1/embeddings", {"model": "e", "input": "x"})[1])["usage"] == {"total_tokens": 1}
