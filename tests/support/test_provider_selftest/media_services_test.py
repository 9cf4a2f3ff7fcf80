"""What the provider says in the dialects of sound and pictures, and what it refuses as the real ones do."""

import json

import pytest
from wire import Wire


def ask(provider, body, target):
    with Wire(provider.port) as wire:
        wire.post(body, target)
        status, _, data = wire.answer()
    return status, data


@pytest.mark.parametrize(("target", "body"), [
    ("/e/v1/text-to-speech/v/stream?output_format=pcm_24000", {"text": "x"}), ("/d/v1/speak?model=aura", {"text": "x"}),
    ("/a/v2/transcript", {"audio_url": "x"}), ("/r/v1/models/a/b/predictions", {"input": {"prompt": "x"}}),
    ("/f/fal-ai/flux", {"prompt": "x"}), ("/s/v2beta/stable-image/generate/core", {"prompt": "x"})])
def test_nobody_is_answered_without_a_key_of_the_right_kind(provider, target, body):
    assert ask(provider, body, target)[0] == 401


def test_a_refusal_has_the_shape_of_the_service(provider):
    provider.script({"status": 429}, times=2)
    assert "detail" in json.loads(ask(provider, {"text": "x"}, "/e/v1/text-to-speech/v/stream")[1])
    assert "err_code" in json.loads(ask(provider, {"text": "x"}, "/d/v1/speak?model=aura")[1])
