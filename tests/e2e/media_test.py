"""Sound and pictures through the official OpenAI SDK, from providers that speak dialects of their own."""

import base64

import pytest
from openai import APIStatusError, BadRequestError, OpenAI
from test_provider.dialects.media import HEARD, PNG, SOUND

TALK = ("talk.wav", b"RIFF....WAVE and some sound", "audio/wav")

# Dialect: how it wants its key, where it is, and its models by mode.
SERVICES = {
    "elevenlabs": ("header:xi-api-key", "/eleven/v1", {"eleven_v3": "audio_speech", "scribe_v1": "audio_transcription"}),
    "deepgram": ("scheme:Token", "/deepgram/v1", {"aura-2": "audio_speech", "nova-3": "audio_transcription"}),
    "assemblyai": ("scheme:raw", "/assembly/v2", {"universal-2": "audio_transcription"}),
    "replicate": ("bearer", "/replicate/v1", {"meta/llama": "chat", "openai/gpt": "chat", "some/painter": "image"}),
    "fal": ("scheme:Key", "/fal", {"fal-ai/flux/schnell": "image", "fal-ai/imagen4/preview": "image"}),
    "stability": ("bearer", "/stability", {"stable-image-core": "image"}),
}


@pytest.fixture(scope="module")
def shared_gateway(make_gateway, running_provider, tmp_path_factory):
    def provider_of(dialect):
        auth, path, models = SERVICES[dialect]
        listed = [{"name": name, "mode": mode} for name, mode in models.items()]
        return {"dialect": dialect, "base_url": running_provider.url().removesuffix("/v1") + path, "auth": auth, "models": listed}

    providers = {f"my-{dialect}": provider_of(dialect) for dialect in SERVICES}
    aliases = {"test/picture": ["my-fal/fal-ai/flux/schnell", "my-stability/stable-image-core"]}
    gateway = make_gateway(tmp_path_factory.mktemp("gateway"), providers=providers, aliases=aliases)
    for name in providers:
        gateway.add_provider_key(name, f"key-of-{name}", f"{name}-a")
    yield gateway.start()
    gateway.end()


@pytest.fixture
def client(gateway):
    with OpenAI(base_url=gateway.url("/v1"), api_key=gateway.key, max_retries=0) as made:
        yield made


@pytest.mark.parametrize(("model", "voice"), [("my-elevenlabs/eleven_v3", "JBFqnCBsd6RMkjVDRZzb"), ("my-deepgram/aura-2", "thalia-en")])
def test_speech_comes_as_sound(client, model, voice):
    with client.audio.speech.with_streaming_response.create(model=model, voice=voice, input="Hello there") as answer:
        assert answer.headers["content-type"].startswith("audio/mpeg")
        assert answer.read() == SOUND


def test_a_voice_that_elevenlabs_lacks_is_refused_before_it_costs(client, provider):
    with pytest.raises(BadRequestError) as raised:
        client.audio.speech.create(model="my-elevenlabs/eleven_v3", voice="alloy", input="x")
    assert raised.value.param == "voice" and provider.requests() == []


LISTENERS = ["my-elevenlabs/scribe_v1", "my-deepgram/nova-3", "my-assemblyai/universal-2"]


@pytest.mark.parametrize("model", LISTENERS)
def test_sound_becomes_text_in_every_form(client, model):
    assert client.audio.transcriptions.create(model=model, file=TALK).text == HEARD
    assert client.audio.transcriptions.create(model=model, file=TALK, response_format="text") == f"{HEARD}\n"
    verbose = client.audio.transcriptions.create(
        model=model, file=TALK, response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert [s.text for s in verbose.segments] == [HEARD] and [w.word for w in verbose.words] == ["It", "works."]
    assert verbose.words[1].end == 1.25 and verbose.duration >= 1.25
    srt = client.audio.transcriptions.create(model=model, file=TALK, response_format="srt")
    assert srt == f"1\n00:00:00,100 --> 00:00:01,250\n{HEARD}\n\n"


@pytest.mark.parametrize("model", LISTENERS)
def test_the_length_of_the_sound_is_in_the_receipt(client, gateway, model):
    answer = client.audio.transcriptions.with_raw_response.create(model=model, file=TALK)
    receipt = gateway.receipt(answer.headers["x-request-id"])
    lengths = {"my-elevenlabs/scribe_v1": 1250, "my-deepgram/nova-3": 1500, "my-assemblyai/universal-2": 2000}
    assert receipt["execution"]["tokens"]["audio_ms_in"] == lengths[model], receipt


def test_a_transcript_that_fails_says_why(client, provider):
    provider.script({"error": "File does not appear to contain audio."}, path="*/transcript/*", times=None)
    with pytest.raises(APIStatusError) as raised:
        client.audio.transcriptions.create(model="my-assemblyai/universal-2", file=TALK)
    assert "contain audio" in raised.value.message


def test_replicate_answers_a_chat_whole_and_as_a_stream(client):
    asked = {"model": "my-replicate/meta/llama", "messages": [{"role": "user", "content": "good morning"}]}
    whole = client.chat.completions.create(**asked)
    assert whole.choices[0].message.content == "You said: good morning" and whole.choices[0].finish_reason == "stop"
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (2, 4)
    streamed = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in streamed if c.choices) == "You said: good morning"
    assert streamed[-1].usage.completion_tokens == 4


def test_a_prediction_that_fails_is_an_error(client, provider):
    provider.script({"error": "out of memory"}, path="*/predictions/p*", times=None)
    with pytest.raises(APIStatusError):
        client.chat.completions.create(model="my-replicate/meta/llama", messages=[{"role": "user", "content": "x"}])


def test_pictures_come_as_links_or_data(client):
    links = client.images.generate(model="my-fal/fal-ai/flux/schnell", prompt="a cat", n=2, size="1024x1024")
    assert [image.url for image in links.data] == ["https://v3.fal.media/files/x/0.png", "https://v3.fal.media/files/x/1.png"]
    data = client.images.generate(model="my-fal/fal-ai/flux/schnell", prompt="a cat", response_format="b64_json")
    assert data.data[0].b64_json == PNG and base64.b64decode(PNG).startswith(b"\x89PNG")
    assert client.images.generate(model="my-stability/stable-image-core", prompt="a cat").data[0].b64_json == PNG
    assert client.images.generate(model="my-replicate/some/painter", prompt="a cat").data[0].url.startswith("https://replicate.delivery/")


def test_the_next_of_a_chain_paints_when_the_first_cannot(client, provider):
    provider.script({"status": 503}, path="*/fal-ai/*")
    assert client.images.generate(model="test/picture", prompt="a cat").data[0].b64_json == PNG
    answer = client.images.with_raw_response.generate(model="test/picture", prompt="a cat", quality="high", response_format="b64_json")
    assert answer.headers["x-spidergate-dropped-params"] == "quality"


def test_a_picture_that_the_filter_held_back_is_an_error(client, provider):
    provider.script({"finish_reason": "CONTENT_FILTERED"}, path="*/generate/core")
    with pytest.raises(BadRequestError):
        client.images.generate(model="my-stability/stable-image-core", prompt="a cat")
