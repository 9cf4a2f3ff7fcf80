"""What the provider says in Bedrock's dialect: signatures that it computes anew, frames with both checksums."""

import binascii
import json
import struct

from test_provider.dialects.bedrock import message
from wire import Wire

PATH = "/model/us.amazon.nova-lite-v1%3A0/"
CHAT = {"messages": [{"role": "user", "content": [{"text": "a b"}]}]}


def ask(provider, body, verb="converse", authorization="Bearer key"):
    with Wire(provider.port) as wire:
        wire.post(body, PATH + verb, f"Authorization: {authorization}\r\n")
        status, headers, data = wire.answer()
    return status, headers, data


def frames(data):
    seen = []
    while data:
        total, fields, checksum = struct.unpack(">III", data[:12])
        assert binascii.crc32(data[:8]) == checksum
        assert binascii.crc32(data[: total - 4]) == struct.unpack(">I", data[total - 4 : total])[0]
        seen.append(json.loads(data[12 + fields : total - 4]))
        data = data[total:]
    return seen


def test_a_chat_is_answered_whole(provider):
    status, _, data = ask(provider, CHAT)
    answer = json.loads(data)
    assert status == 200 and answer["output"]["message"]["content"] == [{"text": "You said: a b"}]
    assert answer["stopReason"] == "end_turn" and answer["usage"]["totalTokens"] == 6


def test_a_stream_is_made_of_sound_frames(provider):
    _, headers, data = ask(provider, CHAT, "converse-stream")
    assert headers["content-type"] == "application/vnd.amazon.eventstream"
    seen = frames(data)
    assert "".join(f.get("delta", {}).get("text", "") for f in seen) == "You said: a b"
    assert seen[-1]["usage"]["totalTokens"] == 6


def test_a_wrong_signature_is_refused(provider):
    scope = "Credential=AKIDTESTPROVIDER0001/20150830/eu-west-1/bedrock/aws4_request"
    status, headers, _ = ask(provider, CHAT, authorization=f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}")
    assert status == 403 and headers["x-amzn-errortype"].startswith("InvalidSignatureException:")


def test_what_the_real_one_refuses_is_refused(provider):
    blank = {"messages": [{"role": "user", "content": [{"text": " "}]}]}
    twice = {"messages": CHAT["messages"] * 2}
    result = {"messages": [{"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": []}}]}]}
    for body in (blank, twice, result, {**CHAT, "temperature": 1}):
        assert ask(provider, body)[0] == 400


def test_frames_are_found_again(provider):
    del provider
    assert frames(message({":event-type": "x"}, {"a": 1}) * 2) == [{"a": 1}] * 2
