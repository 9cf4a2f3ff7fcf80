"""Images, speech, transcripts and rerank through the official OpenAI SDK: streams of events, errors, failing over."""

import pytest
from openai import BadRequestError, OpenAI
from test_provider.dialects.openai_media import SOUND


def _model(name, mode):
    return {"name": name, "mode": mode}


@pytest.fixture
def gateway(fresh, provider):
    models = [_model("picture", "image"), _model("voice", "audio_speech"), _model("fail-503", "audio_speech"),
              _model("ear", "audio_transcription"), _model("rank", "rerank")]
    provider_entry = {"dialect": "openai", "base_url": provider.url("/md"), "auth": "none", "models": models}
    azure = {"dialect": "azure-openai", "base_url": f"http://127.0.0.1:{provider.port}/openai", "auth": "none", "models": [_model("gpt-4o", "chat")]}
    return fresh(providers={"md": provider_entry, "az": azure})


@pytest.fixture
def client(gateway):
    with OpenAI(base_url=gateway.url("/v1"), api_key=gateway.key, max_retries=0) as made:
        yield made


def test_images_come_by_address_or_inline(client):
    inline = client.images.generate(model="md/picture", prompt="hi", quality="low", size="1024x1024")
    assert inline.data[0].b64_json == "aGk=" and inline.usage.output_tokens == 272
    assert client.images.generate(model="md/picture", prompt="hi", response_format="url").data[0].url.startswith("https://")


def test_speech_streams_in_every_format(client):
    for form, kind in (("mp3", "audio/mpeg"), ("flac", "audio/flac"), ("pcm", "audio/pcm")):
        with client.audio.speech.with_streaming_response.create(model="md/voice", input="Hello!", voice="alloy", response_format=form) as reply:
            assert reply.headers["content-type"] == kind
            assert b"".join(reply.iter_bytes()) == SOUND


def test_speech_may_come_as_events(client):
    reply = client.audio.speech.create(model="md/voice", input="Hello!", voice="alloy", stream_format="sse")
    text = reply.content.decode()
    assert text.count("speech.audio.delta") > 1 and '"speech.audio.done"' in text


def test_speech_fails_over(client):
    chain = {"x-fallback-chain": ["md/fail-503", "md/voice"]}
    assert client.audio.speech.create(model="md/fail-503", input="Hello!", voice="alloy", extra_body=chain).content == SOUND


def test_transcripts_come_in_every_form(client):
    def ask(**more):
        return client.audio.transcriptions.create(model="md/ear", file=("a.wav", b"0123456789", "audio/wav"), **more)

    assert ask().text == "heard 10 bytes"
    assert ask(response_format="text") == "heard 10 bytes\n"
    assert ask(response_format="vtt").startswith("WEBVTT")
    assert ask(response_format="verbose_json").duration == 0.1


def test_transcripts_stream(client):
    events = list(client.audio.transcriptions.create(model="md/ear", file=("a.wav", b"0123456789", "audio/wav"), stream=True))
    assert [event.type for event in events] == ["transcript.text.delta"] * 3 + ["transcript.text.done"]
    assert events[-1].text == "heard 10 bytes"


def test_documents_are_ranked_and_returned(gateway):
    asked = {"model": "md/rank", "query": "red fox", "documents": ["a dog", {"text": "the red fox"}], "return_documents": True, "top_n": 1}
    reply = gateway.post("/v1/rerank", asked)
    assert reply.status == 200, reply.body
    assert reply.json["results"] == [{"index": 1, "relevance_score": 1.0, "document": {"text": "the red fox"}}]
    assert reply.json["object"] == "list" and reply.json["model"] == "rank"


def test_what_the_provider_refuses_keeps_its_words(client):
    with pytest.raises(BadRequestError) as refused:
        client.audio.speech.create(model="md/voice", input="Hello!", voice="")
    assert "voice" in str(refused.value)


def test_azure_is_called_at_the_deployment(client, provider):
    reply = client.chat.completions.create(model="az/gpt-4o", messages=[{"role": "user", "content": "hi"}])
    chunks = client.chat.completions.create(model="az/gpt-4o", messages=[{"role": "user", "content": "hi"}], stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == reply.choices[0].message.content == "You said: hi"
    assert {request["path"].split("?")[0] for request in provider.requests()} == {"/openai/deployments/gpt-4o/chat/completions"}
