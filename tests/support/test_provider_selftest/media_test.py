"""What the provider says of images, speech, transcripts and rerank in the OpenAI dialect when nothing is scripted."""

import json
import urllib.request

from test_provider.dialects.openai_media import SOUND


def ask(provider, path, body, kind="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{provider.port}/v1/{path}", data, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.headers["Content-Type"], answer.read()


def form(**fields):
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    parts.append('--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n0123456789\r\n--b--\r\n')
    return "".join(parts).encode()


def test_images_are_made_of_their_prompt(provider):
    made = json.loads(ask(provider, "images/generations", {"model": "m", "prompt": "hi", "n": 2})[1])
    assert [image["b64_json"] for image in made["data"]] == ["aGk=", "aGk="]
    assert made["usage"]["total_tokens"] == 273
    assert b"image_generation.completed" in ask(provider, "images/generations", {"model": "m", "prompt": "hi", "stream": True})[1]


def test_speech_is_bytes_or_events(provider):
    body = {"model": "m", "input": "hi", "voice": "v", "response_format": "flac"}
    assert ask(provider, "audio/speech", body) == ("audio/flac", SOUND)
    kind, events = ask(provider, "audio/speech", {**body, "stream_format": "sse"})
    assert kind.startswith("text/event-stream") and b'"speech.audio.done"' in events


def test_transcripts_come_in_the_form_asked_for(provider):
    kind = "multipart/form-data; boundary=b"
    assert json.loads(ask(provider, "audio/transcriptions", form(model="m"), kind)[1])["usage"]["seconds"] == 0.1
    assert ask(provider, "audio/translations", form(model="m", response_format="text"), kind)[1] == b"heard 10 bytes\n"
    assert b"transcript.text.done" in ask(provider, "audio/transcriptions", form(model="m", stream="true"), kind)[1]


def test_documents_are_ranked_by_the_querys_words(provider):
    body = {"model": "m", "query": "red fox", "documents": ["a dog", {"text": "the red fox"}, "red"], "top_n": 2}
    assert [r["index"] for r in json.loads(ask(provider, "rerank", body)[1])["results"]] == [1, 2]
