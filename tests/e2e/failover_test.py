"""Failover (spec 10): which failures move on to the next key or candidate, which do not, and what the client is told."""

import dead_ends
import pytest
from provider_process import until

CHAIN = "test/chain"  # tp/echo, then tq/backup


def paths(provider):
    return [request["path"].split("/")[1] for request in provider.requests()]


@pytest.mark.parametrize("status", [401, 403, 404, 408, 409, 429, 500, 502, 503, 504, 529])
def test_a_status_that_another_may_not_have_fails_over(fresh, provider, status):
    gateway = fresh()
    provider.script({"status": status}, path="/tp/*", times=None)
    reply = gateway.chat(CHAIN)
    assert reply.text == "You said: hi there" and paths(provider) == ["tp", "tq"]
    assert reply.headers["x-spidergate-fallback-from"] == "tp/echo"
    assert (reply.headers["x-spidergate-provider"], reply.headers["x-spidergate-attempts"]) == ("tq", "2")
    assert reply.json["model"] == "backup"


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_status_that_is_the_requests_fault_is_returned_at_once(fresh, provider, status):
    gateway = fresh()
    provider.script({"status": status, "body": {"error": {"message": "your fault", "type": "invalid_request_error", "param": "messages", "code": "bad"}}}, path="/tp/*")
    reply = gateway.chat(CHAIN, spidergate_options={"retry_count": 3})
    assert reply.status == status and paths(provider) == ["tp"]
    assert (reply.error["message"], reply.error["code"], reply.error["source"]) == ("your fault", "bad", "provider")


def test_a_context_length_refusal_goes_to_a_larger_window(fresh, provider):
    providers = {"small": {"dialect": "openai", "base_url": provider.url("/small"), "auth": "none", "models": [{"name": "s", "context": 1000}]},
                 "large": {"dialect": "openai", "base_url": provider.url("/large"), "auth": "none", "models": [{"name": "l", "context": 100_000}]}}
    gateway = fresh(providers=providers, aliases={"test/windows": ["small/s", "large/l"]})
    provider.script({"status": 400, "body": {"error": {"message": "This model's maximum context length is 1000 tokens.", "type": "invalid_request_error",
                                                      "param": "messages", "code": "context_length_exceeded"}}}, path="/small/*")
    assert gateway.chat("test/windows").status == 200 and paths(provider) == ["small", "large"]


GARBAGE = {
    "bytes that are no HTTP": {"raw": "\x16\x03\x01garbage\r\n\r\n"},
    "a head that breaks off": {"raw": "HTTP/1.1 200 O"},
    "JSON that breaks off": {"body": '{"id": "x", "choices": ['},
    "a page of HTML": {"content_type": "text/html", "body": "<html>Bad gateway</html>"},
    "an empty body": {"body": ""},
    "JSON of another kind": {"body": [1, 2, 3]},
    "an error with status 200": {"error": {"message": "model crashed", "type": "server_error"}},
    "a body cut off": {"cut": {"bytes": 20}},
    "a body reset": {"cut": {"bytes": 20, "how": "rst"}},
    "a connection closed without an answer": {"raw": ""},
}


@pytest.mark.parametrize("kind", GARBAGE, ids=lambda kind: kind.replace(" ", "_"))
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_answer_that_cannot_be_read_fails_over(fresh, provider, kind, stream):
    gateway = fresh()
    provider.script(GARBAGE[kind], path="/tp/*", times=None)
    reply = gateway.chat(CHAIN, stream=stream)
    assert reply.status == 200 and (reply.streamed_text if stream else reply.text) == "You said: hi there"
    assert paths(provider)[-1] == "tq"


def test_a_refused_connection_fails_over(fresh, provider):
    gateway = fresh(providers={"dead": {"dialect": "openai", "base_url": dead_ends.refused(), "auth": "none", "models": [{"name": "x"}]}},
                    aliases={"test/dead": ["dead/x", "tp/echo"]})
    reply = gateway.chat("test/dead")
    assert reply.text == "You said: hi there" and reply.headers["x-spidergate-fallback-from"] == "dead/x"


def test_tls_is_verified_and_a_certificate_that_is_not_trusted_fails_over(fresh, provider):
    secure = {"dialect": "openai", "base_url": f"https://127.0.0.1:{provider.tls_port}/secure/v1", "auth": "none", "models": [{"name": "x"}]}
    sections = {"providers": {"secure": secure}, "aliases": {"test/secure": ["secure/x", "tp/echo"]}}
    distrusting = fresh(**sections).chat("test/secure")
    assert distrusting.headers["x-spidergate-fallback-from"] == "secure/x" and paths(provider) == ["tp"]
    provider.reset()
    trusting = fresh(environment={"SSL_CERT_FILE": provider.ca_file}, **sections).chat("test/secure")
    assert trusting.headers["x-spidergate-provider"] == "secure" and paths(provider) == ["secure"]


def test_when_everything_fails_the_error_lists_every_attempt_and_the_last_message(fresh, provider):
    gateway = fresh()
    provider.script({"status": 500}, path="/tp/*", times=None)
    provider.script({"status": 503, "body": {"error": {"message": "backup is out of breath"}}}, path="/tq/*", times=None)
    reply = gateway.chat(CHAIN)
    assert (reply.status, reply.error["code"], reply.headers["x-should-retry"]) == (502, "provider_error", "false")
    message = reply.error["message"]
    assert "backup is out of breath" in message and "tp/echo" in reply.body.decode() and "tq/backup" in reply.body.decode()
    assert "pk-secret" not in reply.body.decode()


def test_when_all_are_rate_limited_the_client_is_told_when_to_come_back(fresh, provider):
    gateway = fresh()
    provider.script({"status": 429, "headers": {"Retry-After": "7"}}, path="/t?/*", times=None)
    reply = gateway.chat(CHAIN)
    assert (reply.status, reply.error["code"]) == (502, "provider_rate_limited")
    assert 1 <= int(reply.headers["retry-after"]) <= 7 and int(reply.headers["retry-after-ms"]) <= 7000


def test_when_all_refuse_the_key_it_is_said_to_be_the_providers_key(fresh, provider):
    gateway = fresh()
    provider.script({"status": 401}, path="/t?/*", times=None)
    reply = gateway.chat(CHAIN)
    assert (reply.status, reply.error["code"]) == (502, "provider_auth_failed")


def integration(gateway, label):
    listed = gateway.manage("GET", "/integrations").json["data"]
    return next(item for item in listed if item["key_label"] == label)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_unhealthy_at_once_and_not_used_again(fresh, provider, status):
    gateway = fresh()
    provider.script({"status": status}, path="/tp/*", times=1)
    gateway.chat(CHAIN)
    seen = integration(gateway, "tp-a")
    assert seen["health_status"] == "unhealthy" and "invalid_credentials" in str(seen)
    gateway.chat(CHAIN)
    assert paths(provider) == ["tp", "tq", "tq"]


def test_a_rate_limited_key_rests_exactly_as_long_as_the_provider_says(fresh, provider):
    gateway = fresh()
    provider.script({"status": 429, "headers": {"Retry-After": "2"}}, path="/tp/*", times=1)
    gateway.chat(CHAIN)
    refused_at = provider.requests(path="/tp/v1/chat/completions")[0]["arrived_at"]
    gateway.chat(CHAIN)
    assert paths(provider) == ["tp", "tq", "tq"]
    until("the key to be used again", lambda: gateway.chat(CHAIN) and paths(provider).count("tp") == 2, 5)
    back_at = provider.requests(path="/tp/v1/chat/completions")[1]["arrived_at"]
    assert 1.9 < back_at - refused_at < 3.5


def test_an_unhealthy_answer_of_one_key_uses_the_next_key_of_the_same_provider(fresh, provider):
    gateway = fresh(start=False)
    gateway.add_provider_key("tp", "pk-second", "tp-b")
    gateway.start()
    provider.script({"status": 401}, key="pk-secret-tp-0001", times=None)
    for _ in range(3):
        assert gateway.chat("tp/echo").status == 200
    keys = [request["key"] for request in provider.requests()]
    assert keys.count("pk-secret-tp-0001") <= 1 and keys.count("pk-second") == 3


def test_retry_count_repeats_the_same_candidate_that_many_times(fresh, provider):
    gateway = fresh()
    provider.script({"status": 500}, path="/tp/*", times=2)
    reply = gateway.chat("tp/echo", spidergate_options={"retry_count": 2})
    assert reply.status == 200 and reply.headers["x-spidergate-attempts"] == "3"
    provider.reset()
    provider.script({"status": 500}, path="/tp/*", times=None)
    assert gateway.chat("tp/echo", spidergate_options={"retry_count": 1}).status == 502
    assert len(provider.requests()) == 2


def test_fallback_models_follow_the_head_of_the_chain(fresh, provider):
    gateway = fresh()
    provider.script({"status": 500}, path="/tp/*", times=None)
    reply = gateway.chat("tp/echo", spidergate_options={"fallback_models": ["tq/backup"]})
    assert reply.status == 200 and paths(provider) == ["tp", "tq"]


def test_x_fallback_chain_replaces_the_chain(gateway, provider):
    reply = gateway.chat("tp/echo", **{"x-fallback-chain": ["tq/backup", "tp/echo"]})
    assert reply.headers["x-spidergate-provider"] == "tq" and paths(provider) == ["tq"]


def test_the_gateways_own_fields_never_reach_the_provider(gateway, provider):
    gateway.chat("tp/echo", spidergate_options={"retry_count": 0, "tags": ["a"], "metadata": {"k": "v"}}, **{"x-fallback-chain": ["tp/echo"]})
    sent = provider.requests()[0]["json"]
    assert set(sent) == {"model", "messages"} and sent["model"] == "echo"


@pytest.mark.parametrize("options", [{"retry_count": 6}, {"retry_count": "two"}, {"timeout_ms": -1}, {"fallback_models": "tq/backup"}, 7])
def test_options_that_make_no_sense_are_refused(gateway, provider, options):
    reply = gateway.chat("tp/echo", spidergate_options=options)
    assert reply.status == 400 and reply.error["param"].startswith("spidergate_options") and provider.requests() == []


def test_max_attempts_bounds_everything_together(fresh, provider):
    gateway = fresh(engine={"max_attempts": 3})
    provider.script({"status": 500}, times=None)
    gateway.chat(CHAIN, spidergate_options={"retry_count": 5})
    assert len(provider.requests()) == 3


def test_the_route_trace_tells_of_every_attempt_and_of_no_key(fresh, provider):
    gateway = fresh()
    provider.script({"status": 503, "delay_ms": 30}, path="/tp/*")
    reply = gateway.chat(CHAIN, query="?include_route_trace=true")
    first, second = reply.json["spidergate"]["route_trace"]
    assert (first["provider"], first["model"], first["key_label"], first["status"]) == ("tp", "echo", "tp-a", 503)
    assert first["latency_ms"] >= 30 and first["error"] and first["started_at"]
    assert (second["provider"], second["status"]) == ("tq", 200) and not second["error"] and second["tokens"]
    assert "pk-secret" not in reply.body.decode()
    assert "spidergate" not in gateway.chat(CHAIN).json


def test_an_open_breaker_keeps_a_candidate_out_until_it_is_probed(fresh, provider):
    gateway = fresh(breaker={"failures": 3, "cooldown": "1s"})
    provider.script({"status": 500}, path="/tp/*", times=3)
    for _ in range(3):
        gateway.chat(CHAIN)
    provider.reset()
    gateway.chat(CHAIN)
    assert paths(provider) == ["tq"], "open: not even tried"
    until("the breaker to let a probe through and close", lambda: gateway.chat(CHAIN) and "tp" in paths(provider), 6)
    until("the candidate to lead again", lambda: gateway.chat(CHAIN).headers["x-spidergate-provider"] == "tp", 3)


def test_a_stale_pooled_connection_is_retried_silently(fresh, provider):
    gateway = fresh()
    for ending in ("close_on_next", "close_after"):
        provider.script({ending: True})
        assert gateway.chat().status == 200
        again = gateway.chat()
        assert again.status == 200 and again.headers["x-spidergate-attempts"] == "1"
    assert integration(gateway, "tp-a")["consecutive_failures"] == 0
    assert len(provider.requests()) == 4


def test_provider_connections_are_reused(fresh, provider):
    gateway = fresh()
    for _ in range(10):
        gateway.chat()
    assert len({request["connection"] for request in provider.requests()}) == 1


def test_a_request_that_comes_back_to_us_again_and_again_is_stopped(fresh):
    gateway = fresh(start=False)
    gateway.configure({**gateway.config, "server": {}, "providers": {**gateway.config["providers"], "self": {
        "dialect": "openai", "base_url": f"http://127.0.0.1:{gateway.port}/v1", "auth": "bearer", "models": [{"name": "round"}]}},
        "aliases": {"round": ["self/round"]}})
    gateway.add_provider_key("self", gateway.key, "myself")
    gateway.start()
    reply = gateway.chat("round")
    assert reply.status in (502, 508) and "three times" in reply.error["message"]
