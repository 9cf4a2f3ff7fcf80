"""Errors become the exception classes that users of the OpenAI SDK catch, and retries happen only where they can help."""

from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from openai import OpenAI

MESSAGES = [{"role": "user", "content": "hi"}]


def chat(gateway, model="tp/echo", key=None, retries=0, **more):
    with OpenAI(base_url=gateway.url("/v1"), api_key=key or gateway.key, max_retries=retries) as client:
        return client.chat.completions.create(model=model, messages=more.pop("messages", MESSAGES), **more)


def raised_by(kind, gateway, **asked):
    with pytest.raises(kind) as raised:
        chat(gateway, **asked)
    assert type(raised.value) is kind
    return raised.value


def in_the_documented_shape(error, source):
    body = error.body
    assert {"message", "type", "param", "code", "source", "request_id"} <= set(body)
    assert body["source"] == source and body["request_id"] == error.response.headers["x-request-id"]


def test_an_unknown_key_is_an_authentication_error(gateway):
    error = raised_by(openai.AuthenticationError, gateway, key="sg_key_prod_" + "a" * 38)
    assert (error.status_code, error.code, error.type) == (401, "invalid_api_key", "authentication_error")
    in_the_documented_shape(error, "gateway")


def test_a_model_outside_the_keys_globs_is_permission_denied(gateway):
    key = gateway.create_key("--models", "tq/*")["key"]
    error = raised_by(openai.PermissionDeniedError, gateway, key=key)
    assert (error.status_code, error.code) == (403, "model_not_allowed")
    assert chat(gateway, model="tq/backup", key=key).choices[0].message.content == "You said: hi"


def test_an_unknown_model_is_not_found_and_near_names_are_offered(gateway):
    error = raised_by(openai.NotFoundError, gateway, model="tp-echoo-nowhere")
    assert (error.status_code, error.code, error.type) == (404, "model_not_found", "invalid_request_error")
    assert raised_by(openai.NotFoundError, gateway, model="test/chian").message.count("test/chain") >= 1


def test_a_missing_field_is_a_bad_request_that_names_it(gateway, provider):
    error = raised_by(openai.BadRequestError, gateway, model="")
    assert (error.status_code, error.param, error.type) == (400, "model", "invalid_request_error")
    error = raised_by(openai.BadRequestError, gateway, messages=[{"content": "from nobody"}])
    assert (error.code, error.param) == ("missing_field", "messages[0].role")
    assert provider.requests() == []


def test_the_providers_own_bad_request_keeps_status_and_message_and_names_its_source(gateway, provider):
    provider.script({"status": 400})
    error = raised_by(openai.BadRequestError, gateway)
    assert "temperature" in error.message and error.code == "unsupported_value"
    in_the_documented_shape(error, "provider")


def test_another_4xx_of_the_provider_keeps_its_status(gateway, provider):
    provider.script({"status": 422, "body": {"error": {"message": "cannot process", "type": "invalid_request_error"}}})
    error = raised_by(openai.UnprocessableEntityError, gateway)
    assert "cannot process" in error.message
    assert len(provider.requests()) == 1


def test_the_gateways_rate_limit_is_a_rate_limit_error(gateway):
    key = gateway.create_key("--rate-limit", "1")["key"]
    chat(gateway, key=key)
    error = raised_by(openai.RateLimitError, gateway, key=key)
    assert (error.status_code, error.code, error.type) == (429, "rate_limit_exceeded", "rate_limit_error")
    assert int(error.response.headers["retry-after"]) >= 1 and int(error.response.headers["retry-after-ms"]) >= 1


def test_a_failing_provider_is_an_internal_server_error_with_status_502(fresh, provider):
    gateway = fresh()
    provider.script({"status": 500}, times=None)
    error = raised_by(openai.InternalServerError, gateway)
    assert (error.status_code, error.code, error.type) == (502, "provider_error", "provider_error")
    assert error.response.headers["x-should-retry"] == "false", "all fallbacks are spent"
    in_the_documented_shape(error, "provider")


def test_a_provider_without_a_key_is_503(gateway):
    error = raised_by(openai.InternalServerError, gateway, model="groq/llama-3.1-8b-instant")
    assert (error.status_code, error.code, error.type) == (503, "no_available_key", "overloaded_error")


def test_a_deadline_is_504(fresh, provider):
    gateway = fresh()
    provider.script({"stall": "head"})
    error = raised_by(openai.InternalServerError, gateway, extra_body={"spidergate_options": {"timeout_ms": 200}})
    assert (error.status_code, error.code, error.type) == (504, "deadline_exceeded", "timeout_error")


def test_the_sdk_does_not_retry_what_a_retry_cannot_mend(fresh, provider):
    gateway = fresh()
    provider.script({"status": 500}, times=None)
    raised_by(openai.InternalServerError, gateway, retries=3)
    assert len(provider.requests()) == 1


def test_the_sdk_retries_a_passing_limit_after_the_wait_it_was_told(gateway, provider):
    key = gateway.create_key("--max-parallel", "1")["key"]
    provider.script({"delay_ms": 600})
    with ThreadPoolExecutor(1) as other:
        holding = other.submit(chat, gateway, key=key)
        provider.wait_for_requests(1)
        assert chat(gateway, key=key, retries=3).choices[0].message.content == "You said: hi"
        assert holding.result().choices
    assert len(provider.requests()) == 2


def test_an_error_before_the_first_content_of_a_stream_has_its_status(fresh, provider):
    gateway = fresh()
    provider.script({"status": 503}, times=None)
    assert raised_by(openai.InternalServerError, gateway, stream=True).status_code == 502


GOOD_MESSAGES = '"messages": [{"role": "user", "content": "hi"}]'


@pytest.mark.parametrize(("body", "code", "param"), [
    ("{", "invalid_json", None),
    ('{"model": "tp/echo", "messages": [{"role": "user", "content": "\xff"}]}'.encode("latin-1"), "invalid_json", None),
    ("[]", "invalid_json", None),
    ('{%s}' % GOOD_MESSAGES, "missing_field", "model"),
    ('{"model": 7, %s}' % GOOD_MESSAGES, "invalid_value", "model"),
    ('{"model": "tp/echo"}', "missing_field", "messages"),
    ('{"model": "tp/echo", "messages": "hi"}', "invalid_value", "messages"),
    ('{"model": "tp/echo", "messages": [{"role": "wizard", "content": "hi"}]}', "invalid_value", "messages[0].role"),
    ('{"model": "tp/echo", %s, "stream": "yes"}' % GOOD_MESSAGES, "invalid_value", "stream"),
    ('{"model": "tp/echo", "model": "tq/backup", %s}' % GOOD_MESSAGES, "invalid_value", "model"),
    ('{"model": "tp/echo", "x": ' + "[" * 200 + "]" * 200 + "}", "invalid_json", None),
])
def test_a_body_that_is_wrong_is_refused_before_any_provider_sees_it(gateway, provider, body, code, param):
    reply = gateway.post("/v1/chat/completions", body)
    assert reply.status == 400, reply.body
    assert reply.error["code"] == code and reply.error["message"]
    assert param is None or reply.error["param"] == param
    assert provider.requests() == []

