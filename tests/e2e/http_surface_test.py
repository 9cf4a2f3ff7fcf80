"""HTTP as clients of every kind speak it: paths, methods, versions, limits, and the shape of what is refused."""

import json
import socket
import threading
import time

import pytest
from asking import ask
from provider_process import until
from wire import Wire

CHAT = {"model": "tp/echo", "messages": [{"role": "user", "content": "hi there"}]}


def authorised(gateway):
    return f"Authorization: Bearer {gateway.key}\r\n"


def post_head(gateway, *more, version="1.1"):
    """The head of a chat request with a key, byte for byte, with these lines at its end."""
    lines = [f"POST /v1/chat/completions HTTP/{version}", "Host: x", f"Authorization: Bearer {gateway.key}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize("path", [
    "/v1/chat/completions", "/api/gate/v1/chat/completions", "/chat/completions", "/api/gate/chat/completions",
    "/v1/chat/completions/", "//v1/chat/completions", "/v1//chat/completions", "/v1/chat/completions?beta=true&x=%20",
    "/api/gate/v1/chat/completions//"])
def test_every_spelling_of_the_path_is_served_without_a_redirect(gateway, path):
    assert gateway.post(path, CHAT).text == "You said: hi there"


@pytest.mark.parametrize("header", ["Authorization: Bearer {}", "authorization: bearer {}", "x-api-key: {}", "api-key: {}"])
def test_the_key_is_taken_from_each_header_that_clients_use(gateway, header):
    name, _, value = header.format(gateway.key).partition(": ")
    assert gateway.send("POST", "/v1/chat/completions", CHAT, key="", headers={name: value}).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_root_answers_200_on_the_public_listener(gateway, method):
    reply = ask(gateway.port, method, "/")
    assert reply.status == 200 and (method == "GET" or reply.body == b"")


def test_health_is_on_both_listeners_and_metrics_on_the_admin_one_only(gateway):
    for port in (gateway.port, gateway.admin_port):
        assert ask(port, "GET", "/healthz").status == 200 and ask(port, "GET", "/readyz").status == 200
    metrics = ask(gateway.admin_port, "GET", "/metrics")
    assert metrics.status == 200 and metrics.headers["content-type"].startswith("text/plain") and b"spidergate_" in metrics.body
    assert ask(gateway.port, "GET", "/metrics").status == 404


def test_the_admin_listener_serves_everything_that_the_public_one_does(gateway):
    reply = ask(gateway.admin_port, "POST", "/v1/chat/completions", CHAT, {"Authorization": f"Bearer {gateway.key}"})
    assert reply.text == "You said: hi there"


def test_metrics_count_requests_by_outcome(gateway):
    before = ask(gateway.admin_port, "GET", "/metrics").body
    gateway.chat()
    until("a metric to have moved", lambda: ask(gateway.admin_port, "GET", "/metrics").body != before)


@pytest.mark.parametrize(("method", "path", "status", "code"), [
    ("GET", "/v1/nowhere", 404, "not_found"), ("POST", "/nowhere", 404, "not_found"),
    ("GET", "/v1/chat/completions", 405, "method_not_allowed"), ("DELETE", "/v1/models", 405, "method_not_allowed"),
    ("PUT", "/v1/embeddings", 405, "method_not_allowed")])
def test_unknown_paths_and_methods_are_refused_in_the_error_shape(gateway, method, path, status, code):
    reply = gateway.send(method, path, None)
    assert reply.status == status and reply.error["code"] == code
    assert {"message", "type", "param", "code", "source", "request_id"} <= set(reply.error)
    assert status != 405 or reply.headers["allow"]


def test_a_request_without_a_key_is_401(gateway):
    reply = gateway.post("/v1/chat/completions", CHAT, key="")
    assert (reply.status, reply.error["code"]) == (401, "missing_api_key")


def test_a_body_above_the_limit_is_413(fresh):
    gateway = fresh(server={"max_body_bytes": 10_000})
    for framing, body in ((f"Content-Length: {10**9}", b""), ("Transfer-Encoding: chunked", b"2711\r\n" + b"x" * 0x2711 + b"\r\n")):
        with Wire(gateway.port) as wire:
            wire.send(post_head(gateway, "Content-Type: application/json", framing) + body)
            status, headers, body = wire.answer()
        assert status == 413 and json.loads(body)["error"]["code"] == "body_too_large"
        assert headers["connection"] == "close"


def test_a_head_above_the_limit_is_431(gateway):
    with Wire(gateway.port) as wire:
        wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 200) for i in range(200)))
        status, _, body = wire.answer()
    assert status == 431 and json.loads(body)["error"]["type"] == "invalid_request_error"


def test_another_content_type_is_415_and_none_is_taken_for_json(gateway):
    refused = gateway.post("/v1/chat/completions", CHAT, headers={"Content-Type": "text/xml"})
    assert refused.status == 415 and refused.error["type"] == "invalid_request_error"
    data = json.dumps(CHAT).encode()
    with Wire(gateway.port) as wire:
        wire.send(post_head(gateway, f"Content-Length: {len(data)}") + data)
        assert wire.answer()[0] == 200


def test_a_post_without_any_length_is_411(gateway):
    with Wire(gateway.port) as wire:
        wire.send(post_head(gateway, "Content-Type: application/json"))
        assert wire.answer()[0] == 411


def test_one_connection_serves_request_after_request(gateway):
    with Wire(gateway.port) as wire:
        for text in ("one", "two", "three"):
            wire.post({**CHAT, "messages": [{"role": "user", "content": text}]}, headers=authorised(gateway))
            assert json.loads(wire.answer()[2])["choices"][0]["message"]["content"] == f"You said: {text}"


def test_pipelined_requests_are_answered_in_order(gateway, provider):
    provider.script({"delay_ms": 150}, body="first")
    with Wire(gateway.port) as wire:
        for text in ("first", "second", "third"):
            wire.post({**CHAT, "messages": [{"role": "user", "content": text}]}, headers=authorised(gateway))
        said = [json.loads(wire.answer()[2])["choices"][0]["message"]["content"] for _ in range(3)]
    assert said == ["You said: first", "You said: second", "You said: third"]


def test_a_stream_on_a_kept_connection_is_followed_by_the_next_request_or_closed(gateway):
    with Wire(gateway.port) as wire:
        wire.post({**CHAT, "stream": True}, headers=authorised(gateway))
        _, headers, body = wire.answer()
        assert body.endswith(b"data: [DONE]\n\n")
        if headers.get("connection", "keep-alive").lower() != "close":
            wire.post(CHAT, headers=authorised(gateway))
            assert wire.answer()[0] == 200


def test_http_1_0_is_answered_without_chunks_and_closed(gateway):
    for stream in (False, True):
        data = json.dumps({**CHAT, "stream": stream}).encode()
        with Wire(gateway.port) as wire:
            wire.send(post_head(gateway, "Content-Type: application/json", f"Content-Length: {len(data)}", version="1.0") + data)
            head, _, body = wire.to_end().partition(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n")[0] and b"transfer-encoding" not in head.lower()
        assert (body.endswith(b"data: [DONE]\n\n")) if stream else json.loads(body)["object"] == "chat.completion"


def test_expect_continue_is_honoured_before_the_body(gateway):
    data = json.dumps(CHAT).encode()
    with Wire(gateway.port) as wire:
        wire.send(post_head(gateway, "Expect: 100-continue", "Content-Type: application/json", f"Content-Length: {len(data)}"))
        assert wire.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100")
        wire.send(data)
        assert wire.answer()[0] == 200


def test_a_chunked_body_is_read_however_it_is_cut(gateway):
    data = json.dumps(CHAT).encode()
    with Wire(gateway.port) as wire:
        wire.send(post_head(gateway, "Transfer-Encoding: chunked", "Content-Type: application/json"))
        for byte in data:
            wire.send(b"1;ext=\"v\"\r\n%c\r\n" % byte)
        wire.send(b"0\r\nX-Trailer: ignored\r\n\r\n")
        assert wire.answer()[0] == 200


def test_a_head_that_arrives_byte_by_byte_is_read(gateway):
    with Wire(gateway.port) as wire:
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n":
            wire.send(bytes([byte]))
        assert wire.answer()[0] == 200


def test_a_head_that_never_ends_is_cut_off_at_the_header_timeout(fresh):
    gateway = fresh(server={"header_timeout": "500ms"})
    with Wire(gateway.port, timeout=10) as wire:
        began = time.monotonic()
        wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        stop = threading.Event()

        def drip():  # a slow loris: always a little more, never enough
            while not stop.wait(0.05):
                try:
                    wire.send(b"X-a: b\r\n")
                except OSError:
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            ending = wire.to_end()
        except ConnectionResetError:
            ending = wire.held
        took = time.monotonic() - began
        stop.set()
        dripping.join()
    assert 0.4 < took < 3 and (ending == b"" or ending.startswith(b"HTTP/1.1 408"))


def test_a_connection_that_says_nothing_is_closed_at_the_idle_timeout(fresh):
    gateway = fresh(server={"idle_timeout": "400ms", "header_timeout": "400ms"})
    with Wire(gateway.port, timeout=10) as wire:
        wire.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        wire.answer()
        began = time.monotonic()
        assert wire.to_end() == b"" and time.monotonic() - began < 3


def test_every_answer_has_its_own_request_id_and_echoes_the_clients(gateway):
    first = gateway.chat(headers={"X-Request-Id": "client-chosen.1"})
    second = gateway.chat()
    refused = gateway.post("/v1/chat/completions", CHAT, key="")
    ids = [reply.request_id for reply in (first, second, refused)]
    assert all(one.startswith("req_") for one in ids) and len(set(ids)) == 3
    assert first.headers["x-client-request-id"] == "client-chosen.1" and "x-client-request-id" not in second.headers


def test_an_invalid_client_request_id_is_not_echoed(gateway):
    reply = gateway.chat(headers={"X-Request-Id": "<script>" + "x" * 500})
    assert "x-client-request-id" not in reply.headers


def test_good_answers_carry_the_documented_headers(gateway):
    headers = gateway.chat().headers
    assert headers["x-spidergate-provider"] == "tp" and headers["x-spidergate-model"] == "echo"
    assert headers["x-spidergate-attempts"] == "1" and headers["x-spidergate-cache"] == "off"
    assert float(headers["x-spidergate-overhead-ms"]) >= 0 and headers["server-timing"]
    assert float(headers["x-spidergate-cost-usd"]) > 0 and "x-spidergate-fallback-from" not in headers


def test_a_websocket_upgrade_is_answered_426_at_once(gateway):
    with Wire(gateway.port) as wire:
        wire.send(b"GET /v1/realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                  b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + authorised(gateway).encode() + b"\r\n")
        status, _, body = wire.answer()
    assert status == 426 and json.loads(body)["error"]["message"]


def test_cors_is_off(gateway):
    reply = gateway.chat(headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in reply.headers


def test_the_providers_credential_and_the_clients_stay_where_they_belong(gateway, provider):
    trace = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    reply = gateway.chat(headers={"Cookie": "session=1", "X-Forwarded-For": "1.2.3.4", "traceparent": trace, "openai-beta": "x=v1"})
    seen = provider.requests()[0]
    names = {name.lower(): value for name, value in seen["headers"]}
    assert seen["key"] == "pk-secret-tp-0001" and gateway.key not in json.dumps(seen)
    assert "cookie" not in names and "x-forwarded-for" not in names
    assert names["traceparent"].startswith("00-" + "1" * 32) and names["openai-beta"] == "x=v1"
    assert "pk-secret" not in str(reply.fields) + reply.body.decode()
