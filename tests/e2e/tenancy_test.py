"""Management over HTTP (spec 2, 7, 15): brands, clients, keys, tokens, triples, aliases, rules, preferences; repeats of a POST."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from gateway import ADMIN_TOKEN, TOKEN
from openai import OpenAI
from provider_process import until


def refusal(gateway, key, **more):
    reply = gateway.chat(key=key, **more)
    return (reply.status, reply.error["code"]) if reply.status != 200 else (200, None)


def within_a_second(what, probe):
    began = time.monotonic()
    until(what, probe, 3)
    assert time.monotonic() - began < 1.2, "a change is to take effect within one second"


def make(gateway, path, body=None, *, token=None, headers=None, status=201):
    reply = gateway.send("POST", f"/api/v1{path}", body or {}, key=token or gateway.admin, headers=headers)
    assert reply.status == status, (path, reply.status, reply.body)
    return reply.json


def usable_key(gateway, **more):
    made = make(gateway, "/keys", {"label": "made by a test", **more})
    until("the key to be known", lambda: refusal(gateway, made["key"])[0] != 401, 2)
    return made


def new_brand(gateway, name, **more):
    made = make(gateway, "/brands", {"name": name, **more})
    owner = made["admin_token"]["token"]
    until("the brand's owner to be known", lambda: gateway.get("/api/v1/clients", key=owner).status == 200, 2)
    return made, owner


# keys and tokens

def test_a_key_is_made_shown_changed_and_its_secret_is_shown_once(gateway):
    made = usable_key(gateway, rpm=100, budget_daily_usd="0.000000001", allowed_models=["tp/*"], allowed_cidrs=["127.0.0.0/8"], expires_in="90d")
    assert TOKEN.fullmatch(made["key"]) and made["display"].startswith(made["key"][:16]) and made["role"] == "member"
    assert (made["rpm"], made["budget_daily_usd"], made["scopes"], made["state"]) == (100, 1e-9, ["inference"], "active")
    shown = gateway.manage("GET", f"/keys/{made['id']}")
    assert shown.status == 200 and made["key"] not in shown.body.decode() and "hash" not in shown.json
    assert {k: v for k, v in shown.json.items() if k != "last_used_at"} == {k: v for k, v in made.items() if k not in ("key", "last_used_at")}
    changed = gateway.manage("PATCH", f"/keys/{made['id']}", {"rpm": None, "label": "renamed", "expires_at": None}).json
    assert (changed["rpm"], changed["label"], changed["expires_at"], changed["budget_daily_usd"]) == (0, "renamed", None, 1e-9)
    assert made["key"] not in gateway.log()


@pytest.mark.parametrize(("body", "param"), [
    ({}, "label"), ({"label": ""}, "label"), ({"label": "x", "rmp": 1}, "rmp"), ({"label": "x", "rpm": -2}, "rpm"), ({"label": "x", "rpm": "1"}, "rpm"),
    ({"label": "x", "budget_daily_usd": -1}, "budget_daily_usd"), ({"label": "x", "budget_daily_usd": "1e3"}, "budget_daily_usd"),
    ({"label": "x", "env": "test"}, "env"), ({"label": "x", "role": "root"}, "role"), ({"label": "x", "scopes": ["all"]}, "scopes"),
    ({"label": "x", "role": "member", "scopes": ["admin"]}, "scopes"), ({"label": "x", "allowed_cidrs": ["10.0.0.0/99"]}, "allowed_cidrs"),
    ({"label": "x", "expires_at": "yesterday"}, "expires_at"), ({"label": "x", "expires_at": 1000}, "expires_at"), ({"label": "x", "expires_in": "0s"}, "expires_in"),
    ({"label": "x", "client_id": "cli_nobody"}, "client_id")])
def test_a_body_that_makes_no_sense_is_refused_and_the_field_named(gateway, body, param):
    reply = gateway.manage("POST", "/keys", body)
    assert (reply.status, reply.error["param"]) == (400, param), reply.body


def test_a_revoked_key_stops_within_a_second_and_stays_revoked(gateway):
    made = usable_key(gateway)
    revoked = make(gateway, f"/keys/{made['id']}/revoke", status=200)
    within_a_second("the key to be refused", lambda: refusal(gateway, made["key"]) == (401, "revoked_api_key"))
    assert gateway.manage("DELETE", f"/keys/{made['id']}").json["revoked_at"] == revoked["revoked_at"], "the first time counts"
    assert gateway.manage("PATCH", f"/keys/{made['id']}", {"label": "back?"}).json["state"] == "revoked"
    listed = [{one["id"] for one in gateway.manage("GET", f"/keys?limit=500{more}").json["data"]} for more in ("", "&include_revoked=true")]
    assert made["id"] not in listed[0] and made["id"] in listed[1]


def test_a_patch_of_limits_takes_effect_within_a_second(gateway):
    made = usable_key(gateway)
    assert gateway.manage("PATCH", f"/keys/{made['id']}", {"allowed_models": ["tq/*"]}).status == 200
    within_a_second("the new list of models", lambda: refusal(gateway, made["key"]) == (403, "model_not_allowed"))
    gateway.manage("PATCH", f"/keys/{made['id']}", {"allowed_models": None, "rpm": 1})
    within_a_second("the new rate limit", lambda: gateway.chat(key=made["key"]).headers.get("x-ratelimit-limit") == "1")
    assert refusal(gateway, made["key"]) == (429, "rate_limit_exceeded")


def test_a_rotated_key_works_through_its_grace_beside_the_new_one(gateway):
    old = usable_key(gateway, allowed_models=["tp/*"])
    new = make(gateway, f"/keys/{old['id']}/rotate", {"grace": "2s"})
    assert TOKEN.fullmatch(new["key"]) and new["key"] != old["key"] and new["replaces"] == old["id"]
    until("the new key to work", lambda: refusal(gateway, new["key"]) == (200, None), 2)
    assert refusal(gateway, old["key"]) == (200, None), "the old one has its grace"
    assert refusal(gateway, new["key"], model="tq/backup") == (403, "model_not_allowed"), "it inherits the old one's limits"
    assert gateway.manage("GET", f"/keys/{old['id']}").json["rotated_to"] == new["id"]
    assert gateway.manage("POST", f"/keys/{old['id']}/rotate", {}).status == 409
    until("the old key to end", lambda: refusal(gateway, old["key"])[0] == 401, 5)


def test_lists_are_paged_newest_first_without_gap_or_double(fresh):
    gateway = fresh()
    made = [make(gateway, "/keys", {"label": f"key {i}"})["id"] for i in range(7)]
    got, cursor = [], ""
    while cursor is not None:
        page = gateway.manage("GET", f"/keys?limit=2&cursor={cursor}").json
        assert len(page["data"]) <= 2 and page["has_more"] == (page["next_cursor"] is not None)
        got, cursor = got + [one["id"] for one in page["data"]], page["next_cursor"]
    assert len(got) == len(set(got)) and [one for one in got if one in made] == made[::-1]
    assert gateway.manage("GET", "/keys?limit=0").error["param"] == "limit"


def test_nobody_gives_more_than_they_have(gateway):
    admin = make(gateway, "/tokens", {"label": "an admin", "role": "admin"})
    assert ADMIN_TOKEN.fullmatch(admin["token"])
    until("the admin to be known", lambda: gateway.get("/api/v1/keys", key=admin["token"]).status == 200, 2)
    first = next(one for one in gateway.manage("GET", "/tokens?limit=500").json["data"] if one["role"] == "owner")

    def tried(method, path, body=None):
        reply = gateway.send(method, f"/api/v1{path}", body or {}, key=admin["token"])
        return reply.status, reply.json.get("error", {}).get("code")

    assert tried("POST", "/tokens", {"label": "x", "role": "owner"}) == (403, "missing_scope")
    for method, path in (("PATCH", ""), ("POST", "/rotate"), ("POST", "/revoke"), ("DELETE", "")):
        assert tried(method, f"/tokens/{first['id']}{path}") == (403, "missing_scope"), "an owner's token is not an admin's to touch"
    assert tried("PATCH", f"/tokens/{admin['id']}", {"role": "owner"}) == (403, "missing_scope")
    assert tried("POST", "/brands", {"name": "mine"}) == (403, "missing_scope")
    assert make(gateway, "/tokens", {"label": "y", "scopes": ["admin"]}, token=admin["token"])["role"] == "admin"
    viewer = make(gateway, "/tokens", {"label": "a viewer", "role": "viewer", "scopes": ["admin", "usage", "vault"]})
    until("the viewer to be known", lambda: gateway.get("/api/v1/keys", key=viewer["token"]).status == 200, 2)
    for path in ("/keys", "/integrations", "/clients"):
        assert gateway.get(f"/api/v1{path}", key=viewer["token"]).status == 200
        assert gateway.post(f"/api/v1{path}", {}, key=viewer["token"]).status == 403


# clients and triples

def test_a_triple_serves_curl_and_the_sdk_and_ends_with_its_client(gateway):
    client = make(gateway, "/clients", {"name": "a worker", "rpm": 50})
    made = make(gateway, f"/clients/{client['id']}/credentials", {"label": "for curl"})
    assert made["token"] == f"{client['id']}:{made['api_key']}:{made['api_secret']}" and made["kind"] == "triple"
    until("the triple to be known", lambda: refusal(gateway, made["token"])[0] != 401, 2)
    asked = '{"model": "tp/echo", "messages": [{"role": "user", "content": "hi"}]}'
    for header in (f"Authorization: Bearer {made['token']}", f"x-api-key: {made['token']}"):
        ran = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", header, "-H", "Content-Type: application/json",
                              "-d", asked, gateway.url("/v1/chat/completions")], capture_output=True, text=True, timeout=30, check=True)
        assert ran.stdout == "200"
    with OpenAI(base_url=gateway.url("/v1"), api_key=made["token"], max_retries=0) as sdk:
        reply = sdk.chat.completions.with_raw_response.create(model="tp/echo", messages=[{"role": "user", "content": "hi"}])
    assert gateway.receipt(reply.headers["x-request-id"], made["token"])["client_id"] == client["id"]
    for wrong in (f"{client['id']}:{made['api_key']}:{made['api_key']}", made["token"][:-1] + "0", f"cli_other:{made['api_key']}:{made['api_secret']}"):
        assert refusal(gateway, wrong)[0] == 401
    listed = gateway.manage("GET", f"/tokens?client_id={client['id']}").json["data"]
    assert [one["id"] for one in listed] == [made["id"]] and "api_secret" not in listed[0]
    assert make(gateway, f"/clients/{client['id']}/revoke", status=200)["state"] == "revoked"
    within_a_second("the triple to end with its client", lambda: refusal(gateway, made["token"]) == (401, "revoked_api_key"))
    assert gateway.manage("POST", f"/clients/{client['id']}/credentials", {}).status == 409


def test_clients_are_made_shown_and_changed(gateway):
    made = make(gateway, "/clients", {"name": "team one", "budget_monthly_usd": 12.5})
    assert gateway.manage("GET", f"/clients/{made['id']}").json == made and made["budget_monthly_usd"] == 12.5
    assert gateway.manage("POST", "/clients", {"name": "team one"}).status == 409
    changed = gateway.manage("PATCH", f"/clients/{made['id']}", {"name": "team two", "budget_monthly_usd": None}).json
    assert (changed["name"], changed["budget_monthly_usd"]) == ("team two", None)
    assert made["id"] in [one["id"] for one in gateway.manage("GET", "/clients?limit=500").json["data"]]


# brands

def test_a_new_brands_owner_works_inside_it_and_only_there(gateway):
    made, owner = new_brand(gateway, "tenant one", rpm=100)
    assert ADMIN_TOKEN.fullmatch(owner) and made["admin_token"]["role"] == "owner" and not made["is_operator"]
    key = make(gateway, "/keys", {"label": "first"}, token=owner)
    until("the key to be known", lambda: refusal(gateway, key["key"]) == (200, None), 2)
    assert gateway.manage("GET", f"/keys/{key['id']}").status == 404, "not even the operator reaches inside"
    assert [one["id"] for one in gateway.get("/api/v1/brands", key=owner).json["data"]] == [made["id"]]
    assert {"tenant one", "default"} <= {one["name"] for one in gateway.manage("GET", "/brands?limit=500").json["data"]}
    assert gateway.manage("POST", "/brands", {"name": "tenant one"}).status == 409


def test_an_owner_changes_preferences_but_not_what_the_operator_has_set(gateway):
    made, owner = new_brand(gateway, "tenant two", rpm=100)
    path = f"/api/v1/brands/{made['id']}"
    for refused in ({"rpm": 0}, {"budget_daily_usd": 5}, {"name": "other"}, {"suspended": False}, {"price_overrides": {}}):
        reply = gateway.send("PATCH", path, refused, key=owner)
        assert (reply.status, reply.error["code"]) == (403, "missing_scope"), refused
    changed = gateway.send("PATCH", path, {"pool_access": False, "preferences": {"blocked_providers": ["tq"]}}, key=owner)
    assert (changed.status, changed.json["pool_access"], changed.json["preferences"]) == (200, False, {"blocked_providers": ["tq"]})
    assert gateway.send("PATCH", path, {"pool_access": True}, key=owner).status == 403, "what is given up is the operator's to give"
    merged = gateway.send("PATCH", "/api/v1/preferences", {"blocked_providers": None, "fallback_enabled": False}, key=owner)
    assert (merged.status, merged.json) == (200, {"fallback_enabled": False})
    assert gateway.send("PATCH", "/api/v1/preferences", {"no_such": 1}, key=owner).status == 400
    assert gateway.get("/api/v1/preferences", key=owner).json == {"fallback_enabled": False}


def test_the_operator_sets_limits_prices_and_suspends(gateway):
    made, owner = new_brand(gateway, "tenant three")
    key = make(gateway, "/keys", {"label": "first"}, token=owner)["key"]
    until("the key to be known", lambda: refusal(gateway, key) == (200, None), 2)
    changed = gateway.manage("PATCH", f"/brands/{made['id']}", {"rpm": 1, "price_overrides": {"tp/*": {"input_per_mtok_usd": "0.5"}}})
    assert (changed.status, changed.json["rpm"], changed.json["price_overrides"]) == (200, 1, {"tp/*": {"input_per_mtok_usd": "0.5"}})
    within_a_second("the brand's limit", lambda: refusal(gateway, key) == (429, "rate_limit_exceeded"))
    assert gateway.manage("PATCH", f"/brands/{made['id']}", {"price_overrides": {"tp/*": {"input_per_mtok_usd": -1}}}).error["param"] == "price_overrides"
    assert gateway.manage("PATCH", f"/brands/{made['id']}", {"suspended": True, "rpm": None}).json["suspended"] is True
    within_a_second("the suspension", lambda: refusal(gateway, key)[0] == 401)
    assert gateway.manage("PATCH", f"/brands/{made['id']}", {"suspended": False}).status == 200
    within_a_second("the end of the suspension", lambda: refusal(gateway, key) == (200, None))
    operator = next(one for one in gateway.manage("GET", "/brands?limit=500").json["data"] if one["is_operator"])
    assert gateway.manage("PATCH", f"/brands/{operator['id']}", {"suspended": True}).status == 409


# aliases and rules

def test_an_alias_serves_within_a_second_and_is_the_brands_own(gateway):
    made = gateway.manage("PUT", "/aliases/team/chat", {"chain": ["tq/backup", "tp/echo"]})
    assert made.status == 201 and made.json["source"] == "brand"
    within_a_second("the alias to serve", lambda: gateway.chat("team/chat").headers.get("x-spidergate-model") == "backup")
    assert gateway.manage("POST", "/aliases", {"name": "team/chat", "chain": ["tp/echo"]}).status == 409
    assert gateway.manage("PUT", "/aliases/team/chat", {"chain": ["tp/echo"]}).status == 200
    assert gateway.manage("GET", "/aliases/team/chat").json["chain"] == ["tp/echo"]
    everything = gateway.manage("GET", "/aliases?limit=500").json["data"]
    assert {"brand", "config", "built-in"} <= {one["source"] for one in everything} and len({one["name"] for one in everything}) == len(everything)
    assert gateway.manage("PUT", "/aliases/team/outer", {"chain": ["team/chat"]}).status == 201
    assert gateway.manage("DELETE", "/aliases/team/chat").status == 409, "another alias names it"
    for name in ("team/outer", "team/chat"):
        assert gateway.manage("DELETE", f"/aliases/{name}").status == 200
    assert gateway.manage("GET", "/aliases/team/chat").status == 404
    within_a_second("the alias to be gone", lambda: refusal(gateway, gateway.key, model="team/chat") == (404, "model_not_found"))


def test_a_chain_names_its_faulty_entry_and_never_leads_back(gateway):
    wrong = gateway.manage("PUT", "/aliases/a", {"chain": ["tp/echo", "nothing-like-it"]})
    assert (wrong.status, wrong.error["param"]) == (400, "chain[1]") and "nothing-like-it" in wrong.error["message"]
    assert gateway.manage("PUT", "/aliases/a", {"chain": ["tp/echo"]}).status == 201
    assert gateway.manage("PUT", "/aliases/b", {"chain": ["a"]}).status == 201
    for chain in (["b"], ["a"], ["tp/echo", "b"]):
        assert gateway.manage("PUT", "/aliases/a", {"chain": chain}).status == 400, chain
    assert gateway.manage("PUT", "/aliases/auto", {"chain": ["tp/echo"]}).status == 400


def test_rules_are_replaced_as_a_whole(gateway):
    rules = [{"match": "house-*", "provider": "tp"}, {"match": "other-*", "provider": "tq"}]
    put = gateway.manage("PUT", "/rules", {"rules": rules})
    assert put.status == 200 and [{k: one[k] for k in ("match", "provider")} for one in put.json["data"]] == rules
    wrong = gateway.manage("PUT", "/rules", {"rules": [{"match": "x", "provider": "tp"}, {"match": "y", "provider": "nobody"}]})
    assert (wrong.status, wrong.error["param"]) == (400, "rules[1].provider")
    assert len(gateway.manage("GET", "/rules").json["data"]) == 2, "a refused list changes nothing"
    assert gateway.manage("PUT", "/rules", {"rules": []}).json["data"] == []


# repeats

def test_a_repeated_post_gets_the_same_answer_byte_for_byte(fresh):
    gateway = fresh()
    for path, body in (("/keys", {"label": "once"}), ("/tokens", {"label": "once"}), ("/clients", {"name": "once"}), ("/brands", {"name": "once"}),
                       ("/aliases", {"name": "once", "chain": ["tp/echo"]}),
                       ("/integrations", {"provider_name": "tp", "credentials": {"api_key": "sk-once-abcdefghijkl"}, "key_label": "once"})):
        once = {"Idempotency-Key": f"once{path}"}
        first, again = (gateway.send("POST", f"/api/v1{path}", body, key=gateway.admin, headers=once) for _ in range(2))
        assert (first.status, again.status, again.body) == (201, 201, first.body), path
        assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"
        other = gateway.send("POST", f"/api/v1{path}", {**body, "label": "twice"}, key=gateway.admin, headers=once)
        assert other.status in (400, 409), other.body
    other = gateway.send("POST", "/api/v1/keys", {"label": "twice"}, key=gateway.admin, headers={"Idempotency-Key": "once/keys"})
    assert (other.status, other.error["code"]) == (409, "conflict") and "once/keys" in other.error["message"]
    assert [one["label"] for one in gateway.manage("GET", "/keys").json["data"]].count("once") == 1
    gateway.stop()
    gateway.start()
    again = gateway.send("POST", "/api/v1/keys", {"label": "once"}, key=gateway.admin, headers={"Idempotency-Key": "once/keys"})
    assert again.status == 201 and TOKEN.fullmatch(again.json["key"]), "a restart forgets nothing"
    kept = [file for file in gateway.data_dir.rglob("*") if file.is_file()]
    assert kept and not any(again.json["key"].encode() in file.read_bytes() for file in kept), "the kept answer is sealed"


def test_of_many_at_once_with_one_key_one_makes(gateway):
    once = {"Idempotency-Key": "a-race"}
    with ThreadPoolExecutor(12) as crowd:
        replies = list(crowd.map(lambda _: gateway.send("POST", "/api/v1/keys", {"label": "raced"}, key=gateway.admin, headers=once), range(12)))
    assert {reply.status for reply in replies} == {201} and len({reply.body for reply in replies}) == 1
    assert [one["label"] for one in gateway.manage("GET", "/keys?limit=500").json["data"]].count("raced") == 1


def test_a_refused_post_may_be_repeated_mended(gateway):
    once = {"Idempotency-Key": "mended"}
    assert gateway.send("POST", "/api/v1/keys", {}, key=gateway.admin, headers=once).status == 400
    assert gateway.send("POST", "/api/v1/keys", {"label": "mended"}, key=gateway.admin, headers=once).status == 201
    bad = gateway.send("POST", "/api/v1/keys", {"label": "x"}, key=gateway.admin, headers={"Idempotency-Key": "x" * 300})
    assert (bad.status, bad.error["param"]) == (400, "Idempotency-Key")


def test_the_test_of_a_key_is_not_repeated_under_its_idempotency_key(gateway, provider):
    pool = gateway.manage("GET", "/integrations?provider_name=tp").json["data"][0]
    once = {"Idempotency-Key": "one-test"}
    path = f"/api/v1/integrations/{pool['id']}/test"
    first, again = (gateway.send("POST", path, None, key=gateway.admin, headers=once) for _ in range(2))
    assert (first.status, again.body) == (200, first.body) and len(provider.requests()) == 1
