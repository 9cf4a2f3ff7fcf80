"""Requests that two readers could read differently: each is refused with 400 and the connection closed, so nothing can hide behind it."""

import re

import pytest
from wire import Wire

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
# What a smuggler hopes will be taken for a second request.
HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

ATTEMPTS = {
    "content-length with transfer-encoding": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding before content-length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two different content-lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "two equal content-lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "content-length list": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "signed content-length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "negative content-length": HEAD + b"Content-Length: -2\r\n\r\n{}",
    "hexadecimal content-length": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "content-length with a space inside": HEAD + b"Content-Length: 1 2\r\n\r\n{}",
    "empty content-length": HEAD + b"Content-Length: \r\n\r\n{}",
    "content-length beyond 64 bits": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "unknown transfer coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked not last": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "two transfer-encoding fields": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "vertical tab before chunked": HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "space before the colon": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "folded header line": HEAD + b"X-Long: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "folded first header line": b"GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n",
    "bare line feed after a header": HEAD + b"X-A: b\nContent-Length: 2\r\n\r\n{}",
    "bare line feeds everywhere": b"GET /healthz HTTP/1.1\nHost: x\n\n",
    "bare carriage return in a value": HEAD + b"X-A: b\rc\r\nContent-Length: 2\r\n\r\n{}",
    "NUL in a value": HEAD + b"X-A: b\x00c\r\nContent-Length: 2\r\n\r\n{}",
    "control byte in a value": HEAD + b"X-A: b\x07c\r\nContent-Length: 2\r\n\r\n{}",
    "DEL in a value": HEAD + b"X-A: b\x7fc\r\nContent-Length: 2\r\n\r\n{}",
    "control byte in a name": HEAD + b"X\x01A: b\r\nContent-Length: 2\r\n\r\n{}",
    "no name": HEAD + b": b\r\nContent-Length: 2\r\n\r\n{}",
    "no colon": HEAD + b"nonsense\r\nContent-Length: 2\r\n\r\n{}",
    "NUL in the target": b"GET /heal\x00thz HTTP/1.1\r\nHost: x\r\n\r\n",
    "two spaces in the request line": b"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "no version": b"GET /healthz\r\nHost: x\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "chunk size with a sign": HEAD + b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n",
    "chunk size with a prefix": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "chunk size that is no number": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "empty chunk size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n",
    "chunk size beyond 64 bits": HEAD + b"Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n",
    "chunk longer than its size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "chunk line ended by a bare line feed": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    "chunk data ended by a bare line feed": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\n0\r\n\r\n",
}


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda name: name.replace(" ", "_"))
def test_it_is_refused_with_400_and_the_connection_closed(gateway, provider, attempt):
    data = ATTEMPTS[attempt]
    data = data.replace(b"%s", gateway.key.encode()) + HIDDEN
    with Wire(gateway.port) as wire:
        wire.send(data)
        try:
            answer = wire.to_end()
        except ConnectionResetError:  # what followed the refused request was never read; the answer had its chance before
            answer = wire.held
    assert answer.startswith(b"HTTP/1.1 400 "), answer[:200]
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", answer)) == 1, "nothing behind the refused request is answered"
    assert b"connection: close" in answer.lower() and b'"error"' in answer
    assert provider.requests() == []


def test_the_gateway_still_serves_after_all_of_that(gateway):
    assert gateway.chat(text="still here").text == "You said: still here"


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "a\rb", "a\x00b"])
def test_what_a_provider_puts_into_its_headers_and_models_cannot_split_ours(gateway, provider, value):
    provider.script({"status": 400, "headers": {"Retry-After": value}, "body": {"error": {"message": value, "code": value, "type": value}}})
    with Wire(gateway.port) as wire:
        wire.post({"model": "tp/echo", "messages": [{"role": "user", "content": "x"}]}, headers=f"Authorization: Bearer {gateway.key}\r\nConnection: close\r\n")
        head = wire.to_end().split(b"\r\n\r\n")[0]
    assert b"set-cookie" not in head.lower() and b"\x00" not in head
    assert all(b"\n" not in line and b"\r" not in line for line in head.split(b"\r\n"))


def test_a_model_name_with_line_ends_cannot_split_our_headers(gateway):
    for model in ("tp/x\r\nSet-Cookie: a=1", "tp/x\ny", "tp/\x00"):
        with Wire(gateway.port) as wire:
            wire.post({"model": model, "messages": [{"role": "user", "content": "x"}]}, headers=f"Authorization: Bearer {gateway.key}\r\nConnection: close\r\n")
            head = wire.to_end().split(b"\r\n\r\n")[0]
        assert b"\r\nset-cookie" not in head.lower() and b"\x00" not in head
