"""A replica that starts while its database is away serves known tokens from its sealed snapshot, and catches up (spec 18)."""

from __future__ import annotations

import json

import pytest
from asking import ask
from gateway import ADMIN_TOKEN, TOKEN, Gateway
from provider_process import until


def readiness(gateway: Gateway) -> tuple[int, dict]:
    answer = ask(gateway.port, "GET", "/readyz", timeout=5)
    return answer.status, json.loads(answer.body)


def snapshot_of(gateway: Gateway):
    return gateway.data_dir / "snapshot.sealed"


@pytest.fixture
def served_once(replicas):
    """A replica that has served and knows all, stopped."""
    (gateway,) = replicas(1)
    until("the snapshot", snapshot_of(gateway).exists, 5)
    assert gateway.chat().status == 200
    gateway.stop()
    return gateway


def test_known_tokens_are_served_and_the_rest_waits_for_the_database(served_once, postgresql, provider):
    postgresql.kill()
    gateway = served_once.start()
    assert gateway.chat().status == 200, "a known token"
    status, body = readiness(gateway)
    assert status == 200 and body["status"] == "degraded" and any("snapshot" in clause for clause in body["degraded"]), body
    unknown = gateway.chat(key="sg_key_prod_" + "0" * 38)
    assert unknown.status == 401
    asked = gateway.manage("GET", "/brands")
    assert asked.status == 503 and asked.json["error"]["code"] == "store_unavailable" and int(asked.headers["retry-after"]) >= 1, asked
    metrics = ask(gateway.admin_port, "GET", "/metrics").body.decode()
    assert "\nspidergate_database_up 0\n" in metrics

    postgresql.start()
    until("the database to be told of as there", lambda: readiness(gateway)[1]["degraded"] == [], 10)
    made = gateway.create_key()
    until("a new token to be known", lambda: gateway.chat(key=made["key"]).status == 200, 3)
    request_id = gateway.chat().headers["x-request-id"]
    assert gateway.receipt(request_id)["request_id"] == request_id


def test_what_was_answered_without_the_database_is_in_the_ledger_after_it(served_once, postgresql, provider):
    postgresql.kill()
    gateway = served_once.start()
    ids = [gateway.chat().headers["x-request-id"] for _ in range(20)]
    postgresql.start()
    count = "SELECT count(*) FROM spidergate.receipts WHERE request_id IN (" + ", ".join(f"'{one}'" for one in ids) + ")"
    until("every receipt", lambda: int(postgresql.query(count, database="gate")[0][0]) == len(ids), 15)


def test_a_frozen_database_is_given_up_after_a_few_seconds(served_once, postgresql, provider):
    postgresql.freeze()
    gateway = served_once.start()
    assert gateway.chat().status == 200
    postgresql.thaw()
    until("the database to be told of as there", lambda: readiness(gateway)[1]["degraded"] == [], 15)


def test_without_a_snapshot_the_start_fails_in_a_sentence(served_once, postgresql):
    snapshot_of(served_once).unlink()
    postgresql.kill()
    ran = served_once.cli("serve")
    assert ran.code == 4 and "no local snapshot" in ran.err and "database" in ran.err, ran
    assert "pw-" not in ran.err


def test_a_snapshot_that_was_changed_is_refused_and_left_alone(served_once, postgresql):
    file = snapshot_of(served_once)
    sealed = bytearray(file.read_bytes())
    sealed[-1] ^= 1
    file.write_bytes(sealed)
    postgresql.kill()
    ran = served_once.cli("serve")
    assert ran.code == 4 and "damaged" in ran.err, ran
    assert file.read_bytes() == bytes(sealed)


def test_a_snapshot_of_another_master_key_is_refused(served_once, postgresql):
    served_once.configure({**served_once.config, "vault": {"encryption_key": "ab" * 32}})
    postgresql.kill()
    ran = served_once.cli("serve")
    assert ran.code == 4 and "another master key" in ran.err, ran


def test_a_snapshot_shows_no_token_and_no_name(served_once):
    sealed = snapshot_of(served_once).read_bytes()
    assert snapshot_of(served_once).stat().st_mode & 0o777 == 0o600
    assert b"default" not in sealed and b"brd_" not in sealed
    assert TOKEN.search(sealed.decode("latin-1")) is None and ADMIN_TOKEN.search(sealed.decode("latin-1")) is None


def test_tokens_are_no_longer_believed_after_the_configured_time(replicas, postgresql, provider):
    (gateway,) = replicas(1, limits={"auth_cache_stale": "3s"})
    assert gateway.chat().status == 200
    postgresql.kill()
    until("tokens to be refused", lambda: gateway.chat().status == 503, 10)
    refused = gateway.chat()
    assert refused.json["error"]["code"] == "store_unavailable" and int(refused.headers["retry-after"]) >= 1, refused
    assert readiness(gateway)[0] == 503
    postgresql.start()
    until("tokens to be believed again", lambda: gateway.chat().status == 200, 10)
