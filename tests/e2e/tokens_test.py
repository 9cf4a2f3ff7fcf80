"""Tokens (spec 7): who may call what from where, until when; and that the command line reaches a running server within a second."""

import re
import time

import pytest
from gateway import TOKEN
from provider_process import until

TRIPLE = re.compile(r"cli_[0-9A-Za-z]+:ck_[0-9A-Za-z]{38}:cs_[0-9A-Za-z]{38}")


def refusal(gateway, key, **more):
    reply = gateway.chat(key=key, **more)
    return (reply.status, reply.error["code"]) if reply.status != 200 else (200, None)


def within_a_second(what, probe):
    began = time.monotonic()
    until(what, probe, 3)
    assert time.monotonic() - began < 1.2, "a change is to reach a running server within one second"


def test_a_new_key_works_within_a_second(gateway):
    key = gateway.create_key(usable=False)["key"]
    assert TOKEN.fullmatch(key)
    within_a_second("the new key to work", lambda: refusal(gateway, key) == (200, None))


def test_a_revoked_key_stops_within_a_second(gateway):
    made = gateway.create_key()
    assert refusal(gateway, made["key"]) == (200, None)
    gateway.must("key", "revoke", made["id"])
    within_a_second("the key to be refused", lambda: refusal(gateway, made["key"]) == (401, "revoked_api_key"))


def test_an_expired_key_is_refused_as_expired(gateway):
    made = gateway.create_key("--expires", "2s")
    assert refusal(gateway, made["key"]) == (200, None)
    until("the key to expire", lambda: refusal(gateway, made["key"]) == (401, "expired_api_key"), 5)


def test_a_rotated_key_works_through_its_grace_beside_the_new_one(gateway):
    made = gateway.create_key("--models", "tp/*")
    rotated = gateway.must("key", "rotate", made["id"], "--grace", "2s")
    assert TOKEN.fullmatch(rotated["key"]) and rotated["key"] != made["key"]
    until("the new key to work", lambda: refusal(gateway, rotated["key"]) == (200, None), 2)
    assert refusal(gateway, rotated["key"], model="tq/backup") == (403, "model_not_allowed"), "it inherits the old one's limits"
    until("the old key to end", lambda: refusal(gateway, made["key"])[0] == 401, 5)


def test_a_key_works_only_from_its_addresses(gateway):
    assert refusal(gateway, gateway.create_key("--ip", "10.0.0.0/8,192.168.1.7")["key"]) == (403, "ip_not_allowed")
    assert refusal(gateway, gateway.create_key("--ip", "10.0.0.0/8,127.0.0.0/8")["key"]) == (200, None)


def test_forwarded_addresses_are_believed_from_trusted_proxies_only(fresh):
    claim = {"X-Forwarded-For": "10.1.2.3"}
    strict, trusting = fresh(), fresh(server={"trusted_proxies": ["127.0.0.0/8"]})
    assert refusal(strict, strict.create_key("--ip", "10.0.0.0/8")["key"], headers=claim) == (403, "ip_not_allowed")
    assert refusal(trusting, trusting.create_key("--ip", "10.0.0.0/8")["key"], headers=claim) == (200, None)


@pytest.mark.parametrize(("globs", "model", "allowed"), [
    ("tp/echo", "tp/echo", True), ("tp/*", "tp/echo", True), ("echo", "tp/echo", True), ("test/*", "test/chain", True),
    ("tq/*", "tp/echo", False), ("tp/ech", "tp/echo", False), ("tp/*,tq/*", "backup", True)])
def test_model_globs_cover_aliases_full_and_bare_names(gateway, provider, globs, model, allowed):
    key = gateway.create_key("--models", globs)["key"]
    assert refusal(gateway, key, model=model) == ((200, None) if allowed else (403, "model_not_allowed"))
    assert len(provider.requests()) == (1 if allowed else 0)


def test_a_fallback_cannot_reach_a_model_that_the_key_may_not_use(gateway, provider):
    key = gateway.create_key("--models", "tp/*")["key"]
    provider.script({"status": 503}, path="/tp/*")
    reply = gateway.chat("tp/echo", key=key, spidergate_options={"fallback_models": ["tq/backup"]})
    assert reply.status in (403, 502) and all(r["path"].startswith("/tp/") for r in provider.requests())


def test_the_model_list_shows_only_what_the_key_may_use(gateway):
    key = gateway.create_key("--models", "tq/*")["key"]
    listed = {model["id"] for model in gateway.get("/v1/models", key=key).json["data"]}
    assert "tq/backup" in listed and not any(name.startswith("tp/") for name in listed)


def test_an_inference_key_cannot_manage(gateway):
    for path in ("/api/v1/integrations", "/api/v1/integrations/health"):
        reply = gateway.get(path)
        assert (reply.status, reply.error["code"]) == (403, "missing_scope")
    assert gateway.manage("GET", "/integrations").status == 200


@pytest.mark.parametrize("key", ["sg_key_prod_" + "a" * 38, "nonsense", "Bearer", "x" * 5000])
def test_what_is_no_key_is_refused(fresh, key):
    assert refusal(fresh(), key) == (401, "invalid_api_key")


def test_a_typo_in_a_key_is_refused(gateway):
    typo = gateway.key[:-1] + ("a" if gateway.key[-1] != "a" else "b")
    assert refusal(gateway, typo) == (401, "invalid_api_key")


def test_twenty_failures_lock_an_address_out_but_a_valid_key_still_works(fresh):
    gateway = fresh(limits={"auth_failures_per_ip": 20})
    wrong = "sg_key_prod_" + "b" * 38
    answers = [refusal(gateway, wrong) for _ in range(20)]
    assert answers == [(401, "invalid_api_key")] * 20
    locked = gateway.chat(key=wrong)
    assert (locked.status, locked.error["code"]) == (429, "too_many_auth_failures")
    assert int(locked.headers["retry-after"]) > 200 and locked.headers["x-should-retry"] == "false"
    assert refusal(gateway, gateway.key) == (200, None)


def test_client_credentials_work_wherever_a_key_does(gateway):
    made = gateway.must("client", "create", "robot", "--role", "member")
    triple = made["token"]
    assert triple == f"{made['id']}:{made['api_key']}:{made['api_secret']}" and TRIPLE.fullmatch(triple)
    within_a_second("the credentials to work", lambda: refusal(gateway, triple) == (200, None))
    for header in ("x-api-key", "api-key"):
        assert gateway.chat(key="", headers={header: triple}).status == 200
    reply = gateway.chat(key=triple)
    assert gateway.receipt(reply.request_id, key=triple)["client_id"] == made["id"]


def test_client_credentials_are_right_as_a_whole_or_not_at_all(fresh):
    gateway = fresh()
    one, other = (gateway.must("client", "create", name) for name in ("one", "other"))
    until("the credentials to work", lambda: refusal(gateway, other["token"]) == (200, None))
    for part in range(3):
        mixed = one["token"].split(":")
        mixed[part] = other["token"].split(":")[part]
        assert refusal(gateway, ":".join(mixed)) == (401, "invalid_api_key"), part
    assert refusal(gateway, one["api_key"]) == (401, "invalid_api_key")


def test_a_revoked_client_takes_its_keys_and_credentials_along_within_a_second(gateway):
    client = gateway.must("client", "create", "leaving")
    key = gateway.create_key("--client", "leaving")["key"]
    until("the credentials to work", lambda: refusal(gateway, client["token"]) == (200, None))
    gateway.must("client", "revoke", client["id"])
    within_a_second("the key to be refused", lambda: refusal(gateway, key) == (401, "revoked_api_key"))
    assert refusal(gateway, client["token"]) == (401, "revoked_api_key")
    assert refusal(gateway, gateway.key) == (200, None)


def test_a_viewer_looks_but_infers_nothing(gateway):
    viewer = gateway.must("token", "create", "--label", "auditor", "--role", "viewer")["token"]
    within_a_second("the viewer to see usage", lambda: gateway.get("/api/v1/usage", key=viewer).status == 200)
    assert refusal(gateway, viewer) == (403, "missing_scope")


def test_one_client_does_not_see_anothers_receipts(gateway):
    gateway.must("brand", "create", "other-brand")
    other = gateway.create_key("--brand", "other-brand")
    mine = gateway.chat()
    gateway.receipt(mine.request_id)
    assert gateway.get(f"/v1/receipts/{mine.request_id}", key=other["key"]).status == 404
