"""Replicas that start on a PostgreSQL: on one that is empty, that holds what is not ours, that comes from another version (spec 18)."""

import re
import threading

import pytest
from gateway import ADMIN_TOKEN, TOKEN, Gateway
from provider_process import until

FOREIGN = """
CREATE TABLE public.tokens (id int PRIMARY KEY, secret text NOT NULL);
CREATE TABLE public.receipts (id serial PRIMARY KEY, amount numeric, paid boolean);
CREATE TABLE public.brands (name text UNIQUE);
CREATE TABLE public.schema_migrations (version bigint PRIMARY KEY, dirty boolean);
INSERT INTO public.tokens VALUES (1, 'not yours'), (2, 'neither');
INSERT INTO public.receipts (amount, paid) VALUES (12.50, true);
INSERT INTO public.brands VALUES ('Acme');
INSERT INTO public.schema_migrations VALUES (20190101, false);
"""
EVERYTHING_FOREIGN = """
SELECT c.relname, c.relkind, c.relowner::regrole, c.relacl FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' ORDER BY 1;
SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2;
SELECT * FROM public.tokens ORDER BY id; SELECT * FROM public.receipts; SELECT * FROM public.brands; SELECT * FROM public.schema_migrations
"""


def all_foreign(postgresql):
    return postgresql.query(*EVERYTHING_FOREIGN.split(";"), database="shop")


@pytest.fixture
def on_shop(postgresql, redis, plain_config, provider, tmp_path):
    """Gateways that have never run, on the database `shop`, which nobody has ever served; they share a master key."""
    postgresql.create_database("shop")
    made = []

    def make(count):
        for number in range(len(made), len(made) + count):
            gateway = Gateway(tmp_path / f"new-{number}", {**plain_config, "database": {"url": postgresql.url("shop")}, "redis": {"url": redis.url()},
                                                           "vault": {"encryption_key": "ab" * 32}})
            made.append(gateway)
        return made[-count:]

    yield make
    for gateway in made:
        gateway.end()


def start_at_once(gateways):
    failures = []

    def start(gateway):
        try:
            gateway.start()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=start, args=(gateway,)) for gateway in gateways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


@pytest.mark.parametrize("attempt", range(3))
def test_three_replicas_starting_at_once_all_serve_and_leave_foreign_tables_alone(on_shop, postgresql, provider, attempt):
    postgresql.query(FOREIGN, database="shop")
    before = all_foreign(postgresql)
    three = on_shop(3)
    start_at_once(three)
    logs = "".join(gateway.log() for gateway in three)
    keys, admins = set(TOKEN.findall(logs)), set(ADMIN_TOKEN.findall(logs))
    assert len(keys) == len(admins) == 1, "one first start, whoever it was"
    three[0].add_provider_key("tp", "pk-secret-tp-0001", "tp-a")
    for gateway in three:
        gateway.key = next(iter(keys))
        until("the replica to know the provider's key", lambda: gateway.chat().status == 200, 2)
    assert all_foreign(postgresql) == before
    assert postgresql.query("SELECT count(*) FROM spidergate.brands", database="shop") == [("1",)]
    ours = {row[0] for row in postgresql.query("SELECT DISTINCT schemaname FROM pg_tables WHERE tableowner = 'spidergate' AND schemaname NOT LIKE 'pg_temp%'", database="shop")}
    assert ours == {"spidergate"}


def test_a_schema_that_is_newer_than_the_binary_is_refused_in_clear_words_and_left_alone(on_shop, postgresql):
    gateway, = on_shop(1)
    gateway.start()
    gateway.stop()
    columns = [row[0] for row in postgresql.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'spidergate' AND table_name = 'schema_migrations'", database="shop")]
    newest = dict(zip(columns, postgresql.query(f"SELECT {', '.join(columns)} FROM spidergate.schema_migrations ORDER BY version DESC LIMIT 1", database="shop")[0]))
    values = {**newest, "version": str(int(newest["version"]) + 7)}
    texts = ", ".join(f"'{value}'" for value in values.values())
    postgresql.query(f"INSERT INTO spidergate.schema_migrations ({', '.join(values)}) VALUES ({texts})", database="shop")
    version = values["version"]
    before = postgresql.query("SELECT * FROM spidergate.schema_migrations ORDER BY 1", database="shop")
    for command in (["serve"], ["key", "list"], ["migrate"]):
        ran = gateway.cli(*command)
        assert ran.code == 1, f"{command}: {ran}"
        said = ran.err + ran.out
        assert "newer" in said and version in said, said
        assert not re.search(r"terminate called|what\(\)", said)
    assert postgresql.query("SELECT * FROM spidergate.schema_migrations ORDER BY 1", database="shop") == before


def test_a_database_that_cannot_be_used_is_named_without_its_password(postgresql, plain_config, tmp_path):
    url = f"postgresql://spidergate:pw-secret-77@127.0.0.1:{postgresql.port}/not_there"
    gateway = Gateway(tmp_path / "lost", {**plain_config, "database": {"url": url}})
    ran = gateway.cli("key", "list")
    assert ran.code in (1, 4) and "not_there" in ran.err and "pw-secret-77" not in ran.err + ran.out, ran


def test_the_doctor_tells_of_a_replica_with_another_master_key(on_shop):
    first, second = on_shop(2)
    first.start()
    first.add_provider_key("tp", "pk-secret-tp-0001", "tp-a")
    second.configure({**second.config, "vault": {"encryption_key": "cd" * 32}})
    ran = second.cli("doctor")
    assert ran.code == 1 and "key" in ran.out + ran.err, ran
    token = TOKEN.search(first.log())[0]
    until("the first replica knows its key and serves", lambda: first.chat(key=token).status == 200)
