"""The vault (spec 11): keys come and go through API and command line, are picked fairly and exactly, and are never shown."""

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from provider_process import until

SECRET = "sk-test-abcdefghijklmnop-9f2c"


def made(gateway, **more):
    reply = gateway.manage("POST", "/integrations", {"provider_name": "tp", "credentials": {"api_key": SECRET}, "key_label": "from-api", **more})
    assert reply.status == 201, reply.body
    return reply.json


def keys_used(provider):
    return Counter(request["key"] for request in provider.requests())


def test_an_integration_is_created_read_changed_and_deleted_without_showing_its_secret(fresh):
    gateway = fresh()
    created = made(gateway, daily_limit=100, minute_limit=10, is_primary=True)
    one = gateway.manage("GET", f"/integrations/{created['id']}").json
    for shown in (created, one):
        assert shown["provider_name"] == "tp" and shown["key_label"] == "from-api" and shown["scope"] == "brand"
        assert shown["masked_key"].endswith("9f2c") and "***" in shown["masked_key"]
        assert (shown["daily_limit"], shown["minute_limit"], shown["is_primary"], shown["is_active"]) == (100, 10, True, True)
        assert (shown["daily_count"], shown["minute_count"], shown["health_status"], shown["consecutive_failures"]) == (0, 0, "healthy", 0)
    changed = gateway.manage("PATCH", f"/integrations/{created['id']}", {"key_label": "renamed", "is_active": False, "daily_limit": 5})
    assert changed.status == 200 and (changed.json["key_label"], changed.json["is_active"], changed.json["daily_limit"]) == ("renamed", False, 5)
    everything = [str(created), str(one), changed.body.decode(), gateway.manage("GET", "/integrations").body.decode(),
                  gateway.manage("GET", "/integrations/health").body.decode()]
    assert not any(SECRET in text or "sealed" in text for text in everything)
    assert gateway.manage("DELETE", f"/integrations/{created['id']}").status in (200, 204)
    assert gateway.manage("GET", f"/integrations/{created['id']}").status == 404
    assert SECRET not in gateway.log()


def test_the_list_filters_by_provider_and_health(fresh, provider):
    gateway = fresh()
    made(gateway)
    listed = lambda query: [item["key_label"] for item in gateway.manage("GET", f"/integrations{query}").json["data"]]  # noqa: E731
    assert sorted(listed("?provider_name=tp")) == ["from-api", "tp-a"] and listed("?provider_name=tq") == ["tq-a"]
    provider.script({"status": 401}, path="/tq/*")
    gateway.chat("tq/backup")
    assert listed("?health_status=unhealthy") == ["tq-a"]


@pytest.mark.parametrize(("change", "field"), [
    ({"provider_name": "no-such-provider"}, "provider_name"), ({"credentials": {}}, "credentials"), ({"credentials": {"api_key": ""}}, "credentials"),
    ({"daily_limit": -1}, "daily_limit"), ({"base_url": "http://127.0.0.1:1/v1", "provider_name": "openai"}, "base_url"),
    ({"base_url": "https://127.0.0.1/v1", "provider_name": "openai"}, "base_url"), ({"base_url": "https://169.254.169.254/v1", "provider_name": "openai"}, "base_url"),
    ({"base_url": "https://[::ffff:10.0.0.1]/v1", "provider_name": "openai"}, "base_url"), ({"base_url": "https://100.64.0.1/", "provider_name": "openai"}, "base_url")])
def test_an_integration_that_makes_no_sense_or_points_inside_is_refused(gateway, change, field):
    body = {"provider_name": "tp", "credentials": {"api_key": SECRET}, "key_label": "bad", **change}
    reply = gateway.manage("POST", "/integrations", body)
    assert reply.status == 400 and reply.error["param"].startswith(field) and SECRET not in reply.body.decode()


def test_the_test_endpoint_tries_the_key_at_the_provider(fresh, provider):
    gateway = fresh()
    good = made(gateway)
    tested = gateway.manage("POST", f"/integrations/{good['id']}/test")
    assert tested.status == 200 and tested.json["ok"] is True and keys_used(provider) == {SECRET: 1}
    provider.script({"status": 401}, times=None)
    tested = gateway.manage("POST", f"/integrations/{good['id']}/test")
    assert tested.status == 200 and tested.json["ok"] is False and tested.json["error"]


def test_keys_take_turns_by_use(fresh, provider):
    gateway = fresh(start=False)
    gateway.add_provider_key("tp", "pk-two", "tp-b")
    gateway.add_provider_key("tp", "pk-three", "tp-c")
    gateway.start()
    for _ in range(9):
        gateway.chat()
    assert keys_used(provider) == {"pk-secret-tp-0001": 3, "pk-two": 3, "pk-three": 3}


def test_the_primary_key_comes_first_until_its_limit_is_reached(fresh, provider):
    gateway = fresh(start=False)
    gateway.add_provider_key("tp", "pk-primary", "tp-main", "--primary", "--daily-limit", "4")
    gateway.start()
    assert [gateway.chat().status for _ in range(6)] == [200] * 6
    assert keys_used(provider) == {"pk-primary": 4, "pk-secret-tp-0001": 2}


def test_a_brands_own_key_comes_before_the_pools(fresh, provider):
    gateway = fresh()
    made(gateway)
    until("the brand's key to be used", lambda: gateway.chat() and SECRET in keys_used(provider), 2)
    provider.reset()
    for _ in range(4):
        gateway.chat()
    assert keys_used(provider) == {SECRET: 4}


@pytest.mark.parametrize("limit", ["--daily-limit", "--minute-limit"])
@pytest.mark.parametrize("threads", [1, 4])
def test_a_keys_limit_is_exact_under_concurrency(fresh, provider, limit, threads):
    gateway = fresh(start=False, server={"threads": threads}, providers={"limited": {
        "dialect": "openai", "base_url": provider.url("/limited"), "auth": "bearer", "models": [{"name": "x"}]}})
    gateway.add_provider_key("limited", "pk-limited", "only", limit, "10")
    gateway.start()
    with ThreadPoolExecutor(16) as crowd:
        replies = list(crowd.map(lambda _: gateway.chat("limited/x"), range(40)))
    assert [reply.status for reply in replies].count(200) == 10 and len(provider.requests()) == 10
    refused = next(reply for reply in replies if reply.status != 200)
    assert (refused.status, refused.error["code"]) == (503, "no_available_key") and refused.headers["retry-after"]


def test_daily_counts_survive_a_restart(fresh, provider):
    gateway = fresh(start=False, providers={"limited": {"dialect": "openai", "base_url": provider.url("/limited"), "auth": "bearer", "models": [{"name": "x"}]}})
    gateway.add_provider_key("limited", "pk-limited", "only", "--daily-limit", "3")
    gateway.start()
    assert [gateway.chat("limited/x").status for _ in range(2)] == [200, 200]
    gateway.stop()
    gateway.start()
    assert [gateway.chat("limited/x").status for _ in range(2)] == [200, 503]


def test_provider_failures_count_against_the_provider_and_not_the_key(fresh, provider):
    gateway = fresh(breaker={"failures": 100})
    provider.script({"status": 500}, path="/tp/*", times=4)
    for _ in range(4):
        gateway.chat("test/chain")
    shown = gateway.manage("GET", "/integrations?provider_name=tp").json["data"][0]
    assert (shown["health_status"], shown["consecutive_failures"]) == ("healthy", 0)


@pytest.mark.sqlite_only
def test_secrets_are_sealed_in_the_database_and_rows_do_not_open_elsewhere(fresh, provider):
    gateway = fresh(start=False)
    gateway.add_provider_key("tp", SECRET, "tp-b")
    for file in gateway.data_dir.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert SECRET.encode() not in content and gateway.key.encode() not in content, file.name
    database = sqlite3.connect(gateway.data_dir / "spidergate.db")
    with database:  # the sealed credential of one key put into the row of another
        sealed = dict(database.execute("SELECT key_label, sealed FROM integrations"))
        database.execute("UPDATE integrations SET sealed = ? WHERE key_label = 'tp-a'", (sealed["tp-b"],))
        database.execute("UPDATE integrations SET is_active = 0 WHERE key_label = 'tp-b'")
    database.close()
    gateway.start()
    assert gateway.chat().status == 503 and provider.requests() == []


def test_the_master_key_is_for_its_owner_alone(gateway):
    assert (gateway.data_dir / "master.key").stat().st_mode & 0o777 == 0o600
