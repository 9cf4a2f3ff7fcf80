"""How answers travel: pauses, pieces, cuts, stalls, garbage; seen from a raw socket."""

import json
import socket
import ssl
import time

import pytest
from provider_process import ProviderProcess, until
from wire import Wire, chat, events


def test_a_connection_serves_many_requests_and_pipelined_ones(provider):
    with Wire(provider.port) as wire:
        for text in ("one", "two"):
            wire.post(chat(text))
        assert [json.loads(wire.answer()[2])["choices"][0]["message"]["content"] for _ in range(2)] == ["You said: one", "You said: two"]
    assert len({e["connection"] for e in provider.requests()}) == 1


def test_chunked_request_bodies_and_expect_continue_are_understood(provider):
    data = json.dumps(chat("chunky")).encode()
    with Wire(provider.port) as wire:
        wire.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert wire.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(b"5\r\n" + data[:5] + b"\r\n%x;ext=1\r\n" % (len(data) - 5) + data[5:] + b"\r\n0\r\n\r\n")
        assert wire.answer()[0] == 200
    assert provider.requests()[0]["json"] == chat("chunky")


def test_what_is_no_http_is_refused_with_400_and_closed(provider):
    with Wire(provider.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert wire.to_end().startswith(b"HTTP/1.1 400 ")


def test_latency_before_the_head_is_kept(provider):
    provider.script({"delay_ms": 150})
    with Wire(provider.port) as wire:
        began = time.monotonic()
        wire.post(chat())
        wire.answer()
    assert time.monotonic() - began >= 0.15


def test_byte_by_byte_writes_carry_the_same_answer(provider):
    provider.script({"write_size": 1, "chunk_size": 3})
    with Wire(provider.port) as wire:
        wire.post(chat("slowly now", stream=True))
        assert events(wire.answer()[2])[-1] == "[DONE]"


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("tls", [False, True])
def test_a_cut_comes_after_exactly_that_many_events(provider, how, tls):
    provider.script({"cut": {"events": 2, "how": how}})
    context = ssl.create_default_context(cafile=provider.ca_file) if tls else None
    seen = b""
    with Wire(provider.tls_port if tls else provider.port, context) as wire:
        wire.post(chat("a b c", stream=True))
        try:
            while piece := wire.socket.recv(65536):
                seen += piece
            ended = "fin"
        except ssl.SSLEOFError:
            ended = "fin"
        except ConnectionResetError:
            ended = "rst"
    assert seen.count(b"data: ") == 2
    assert ended == how or tls, "below TLS the ssl module reports a reset as an end"


def test_a_cut_at_a_byte_leaves_exactly_that_many_body_bytes(provider):
    provider.script({"cut": {"bytes": 10}})
    with Wire(provider.port) as wire:
        wire.post(chat())
        assert len(wire.to_end().split(b"\r\n\r\n", 1)[1]) == 10


def test_status_headers_and_body_are_as_scripted(provider):
    provider.script({"status": 429, "headers": {"Retry-After": "7", "retry-after-ms": "7000"}, "body": {"error": {"message": "slow down"}}})
    with Wire(provider.port) as wire:
        wire.post(chat())
        status, headers, body = wire.answer()
    assert (status, headers["retry-after"], headers["retry-after-ms"]) == (429, "7", "7000")
    assert json.loads(body) == {"error": {"message": "slow down"}}


def test_garbage_is_written_as_it_is(provider):
    provider.script({"raw": "\x00\x16garbage"})
    with Wire(provider.port) as wire:
        wire.post(chat())
        assert wire.to_end() == b"\x00\x16garbage"


def test_wrong_content_type_and_invalid_json_can_be_sent(provider):
    provider.script({"content_type": "text/html", "body": "<html>no"})
    with Wire(provider.port) as wire:
        wire.post(chat())
        _, headers, body = wire.answer()
    assert (headers["content-type"], body) == ("text/html", b"<html>no")


@pytest.mark.parametrize(("stall", "seen"), [
    ("head", b""), ("read", b""), ("body", b"\r\n\r\n"), ("first_content", b'"role"'), ("event:3", b" said:")])
def test_a_stall_holds_at_its_phase_and_the_disconnect_is_noted(provider, stall, seen):
    provider.script({"stall": stall}, path="/v1/chat/*")
    wire = Wire(provider.port)
    wire.post(chat("hi there", stream=True))
    exchange = provider.wait_for_requests(1)[0]
    if seen:
        wire.until(seen)
    wire.socket.settimeout(0.1)
    with pytest.raises(TimeoutError):
        wire.until(b"there")
    wire.socket.close()
    assert exchange["finished_at"] is None
    if stall != "read":
        assert provider.wait_for_end()["disconnected"] is True


def test_a_stall_can_be_filled_with_comments(provider):
    provider.script({"stall": "first_content", "stall_comment_ms": 10})
    with Wire(provider.port) as wire:
        wire.post(chat(stream=True))
        for _ in range(3):
            wire.until(b": still here\n\n")
        assert provider.requests()[0]["finished_at"] is None


def test_an_endless_stream_stops_being_written_when_nobody_reads(provider):
    provider.script({"endless": True})
    with Wire(provider.port) as wire:
        wire.post(chat(stream=True))
        wire.until(b"and so on")
        written = [-1]

        def stands_still():
            written.append(provider.requests()[0]["bytes_written"])
            return len(written) > 20 and written[-1] == written[-20]

        until("the provider to stop writing", stands_still, 20)
        assert provider.requests()[0]["finished_at"] is None
    assert provider.wait_for_end()["disconnected"] is True


def test_a_stale_connection_promises_keep_alive_and_closes(provider):
    for behaviour in ({"close_after": True}, {"close_on_next": True}):
        provider.script(behaviour)
        with Wire(provider.port) as wire:
            wire.post(chat())
            assert wire.answer()[1]["connection"] == "keep-alive"
            with pytest.raises((EOFError, ConnectionError)):
                wire.post(chat())
                wire.answer()
    assert provider.counters()["requests"] == 2


def test_framing_can_be_chosen(provider):
    for framing, mark in (("chunked", b"Transfer-Encoding: chunked"), ("sized", b"Content-Length: "), ("close", b"Connection: close")):
        provider.script({"framing": framing})
        with Wire(provider.port) as wire:
            wire.post(chat(stream=True))
            assert mark in wire.until(b"\r\n\r\n")
            assert wire.until(b"[DONE]")


def test_tls_is_served_with_the_printed_authority_and_sessions_resume(provider):
    context = ssl.create_default_context(cafile=provider.ca_file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # its tickets come with the handshake, so the test need not read for one
    with Wire(provider.tls_port, context) as wire:
        wire.post(chat())
        wire.answer()
        session = wire.socket.session
    raw = socket.create_connection(("127.0.0.1", provider.tls_port), 5)
    with context.wrap_socket(raw, server_hostname="127.0.0.1", session=session) as again:
        assert again.session_reused


def test_the_demo_introduces_itself_and_repeats_the_question():
    demo = ProviderProcess("--demo")
    try:
        with Wire(demo.port) as wire:
            wire.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
            assert [m["id"] for m in json.loads(wire.answer()[2])["data"]] == ["spider-1"]
            wire.post(chat("what is a web?", model="spider-1", stream=True))
            said = "".join(c["choices"][0]["delta"].get("content") or "" for c in events(wire.answer()[2])[:-1] if c["choices"])
        assert "demo provider" in said and "what is a web?" in said
    finally:
        assert demo.stop() == 0
