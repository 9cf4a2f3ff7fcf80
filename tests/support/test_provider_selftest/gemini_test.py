"""What the provider says in Gemini's dialect, and what it refuses as the real one does."""

import json

from wire import Wire

BASE = "/v1beta/models/gemini-2.5-flash"


def ask(provider, body, verb="generateContent", base=BASE):
    with Wire(provider.port) as wire:
        wire.post(body, f"{base}:{verb}")
        status, _, data = wire.answer()
    return status, data


def user(text, **more):
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **more}


def test_a_whole_answer_and_a_stream_say_the_same(provider):
    whole = json.loads(ask(provider, user("good morning"))[1])
    assert whole["candidates"][0]["finishReason"] == "STOP"
    assert whole["usageMetadata"] == {"promptTokenCount": 2, "candidatesTokenCount": 4, "totalTokenCount": 6}
    data = ask(provider, user("good morning"), "streamGenerateContent?alt=sse")[1].decode()
    events = [json.loads(line[6:]) for line in data.split("\r\n") if line.startswith("data: ")]
    streamed = "".join(p["text"] for e in events for p in e["candidates"][0]["content"]["parts"])
    assert streamed == "".join(p["text"] for p in whole["candidates"][0]["content"]["parts"]) == "You said: good morning"
    assert isinstance(json.loads(ask(provider, user("x"), "streamGenerateContent")[1]), list)


def test_errors_have_googles_shape_and_say_when_to_come_back(provider):
    provider.script({"status": 429})
    status, data = ask(provider, user("x"))
    error = json.loads(data)["error"]
    assert status == 429 and error["status"] == "RESOURCE_EXHAUSTED" and error["details"][0]["retryDelay"] == "2s"


def test_it_refuses_what_the_real_one_refuses(provider):
    call = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
    lonely = {"contents": [*user("x")["contents"], call]}
    unsigned = {"contents": [*user("x")["contents"], call, {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]}]}
    assert ask(provider, user("x", max_tokens=3))[0] == 400
    assert ask(provider, {"contents": []})[0] == 400
    assert ask(provider, lonely)[0] == 400
    assert ask(provider, unsigned)[0] == 200
    assert ask(provider, unsigned, base="/v1beta/models/gemini-3-flash")[0] == 400
