"""What the provider says in Cohere's dialect, and what it refuses as the real one does."""

import json

from wire import Wire

BASE = {"model": "command-a", "messages": [{"role": "user", "content": "good morning"}]}


def ask(provider, path="/v2/chat", **more):
    with Wire(provider.port) as wire:
        wire.post({**BASE, **more}, path)
        status, _, data = wire.answer()
    return status, data


def deltas(data):
    events = [json.loads(line[6:]) for line in data.decode().split("\n") if line.startswith("data: {")]
    return [e["delta"]["message"]["content"]["text"] for e in events if e["type"] == "content-delta"]


def test_a_whole_answer_and_a_stream_say_the_same(provider):
    whole = json.loads(ask(provider)[1])
    assert whole["finish_reason"] == "COMPLETE" and whole["usage"]["tokens"] == {"input_tokens": 2, "output_tokens": 4}
    status, data = ask(provider, stream=True)
    assert status == 200 and data.endswith(b"data: [DONE]\n\n")
    assert "".join(deltas(data)) == whole["message"]["content"][0]["text"] == "You said: good morning"


def test_errors_have_coheres_shape_whole_and_in_a_stream(provider):
    provider.script({"status": 429})
    status, data = ask(provider)
    assert status == 429 and set(json.loads(data)) == {"id", "message"}
    provider.script({"error_at": 3})
    last = ask(provider, stream=True)[1].decode().split("\n\n")[-3]
    assert '"finish_reason": "ERROR"' in last


def test_it_refuses_what_the_real_one_refuses(provider):
    assert ask(provider, n=1)[0] == 400
    assert ask(provider, tool_choice="required")[0] == 400
    assert ask(provider, messages=[{"role": "tool", "tool_call_id": "c", "content": "x"}])[0] == 400
    assert ask(provider, "/v2/embed", texts=["a"])[0] == 400
    assert ask(provider, "/v2/rerank", query="q", documents=[{"text": "a"}])[0] == 400
