"""The command line on PostgreSQL and Redis, while a replica serves there (spec 5)."""

import pytest
from provider_process import until


@pytest.fixture
def served(replicas):
    return replicas(1)[0]


def test_keys_are_made_listed_and_revoked_and_the_server_notices(served):
    made = served.create_key("--rate-limit", "7")
    assert served.chat(key=made["key"]).headers["x-ratelimit-limit"] == "7"
    listed = {key["id"]: key for key in served.must("key", "list")}
    assert listed[made["id"]]["label"] == "made by a test"
    served.must("key", "revoke", made["id"])
    until("the revocation", lambda: served.chat(key=made["key"]).status == 401, 1)


def test_usage_receipts_and_logs_are_read_from_the_ledger(served):
    reply = served.chat(text="one two")
    served.receipt(reply.request_id)
    assert served.must("receipt", reply.request_id)["request_id"] == reply.request_id
    assert sum(row["requests"] for row in served.must("usage")) == 1
    assert reply.request_id in served.cli("logs").out


def test_provider_keys_are_stored_and_used(served, provider):
    served.add_provider_key("tq", "pk-secret-tq-0009", "second", "--primary")
    until("the server to use the new key", lambda: served.chat("tq/backup").status == 200 and provider.requests()[-1]["key"] == "pk-secret-tq-0009", 2)


def by_name(rows):
    return {row["name"]: row for row in rows}


def test_the_doctor_finds_all_well_and_says_what_is_not(served, redis, postgresql):
    well = by_name(served.must("doctor"))
    assert well["database"]["ok"] and "PostgreSQL" in well["database"]["detail"] and well["redis"]["ok"], well
    redis.kill()
    postgresql.kill()
    ran = served.cli("doctor", "--json")
    ill = by_name(ran.json)
    assert ran.code == 1 and not ill["redis"]["ok"] and not ill["database"]["ok"], ran
    assert ill["redis"]["mend"] and ill["database"]["mend"], ill


def test_without_its_database_a_command_fails_with_a_sentence(served, postgresql):
    postgresql.kill()
    ran = served.cli("key", "list")
    assert ran.code in (1, 4) and len(ran.err.splitlines()) == 1 and "database" in ran.err.lower(), ran
