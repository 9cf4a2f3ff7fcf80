"""The servers that tests lean on do what their methods say: a fault that is not there would let every outage test pass."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from provider_process import until
from servers.place import processes_in
from servers.postgresql import USER

SUPPORT = Path(__file__).resolve().parents[1]


def postgresql_answers(port, seconds=1.0):
    """Whether a login is answered at all: PostgreSQL says S or N to the question for TLS."""
    return answer_to(port, b"\0\0\0\x08\x04\xd2\x16\x2f", seconds) in (b"S", b"N")


def redis_answers(port, seconds=1.0):
    return answer_to(port, b"PING\r\n", seconds).startswith((b"-NOAUTH", b"+PONG"))


def answer_to(port, data, seconds):
    try:
        with socket.create_connection(("127.0.0.1", port), seconds) as connection:
            connection.settimeout(seconds)
            connection.sendall(data)
            return connection.recv(100)
    except TimeoutError:
        return b""


def as_our_role(postgresql, database, sql):
    environment = {"PATH": os.environ["PATH"], "PGCONNECT_TIMEOUT": "5"}
    return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-c", sql, postgresql.url(database)], env=environment, capture_output=True, text=True, check=False)


def test_databases_are_copies_of_their_template_and_belong_to_our_role(postgresql):
    first = postgresql.create_database("first")
    assert as_our_role(postgresql, first, "CREATE SCHEMA s; CREATE TABLE s.t (n int); INSERT INTO s.t VALUES (7)").returncode == 0
    postgresql.create_database("second", template=first)
    assert postgresql.query("SELECT n, NULL, 'a b' FROM s.t", database="second") == [("7", "", "a b")]
    assert postgresql.query("SELECT rolsuper FROM pg_roles WHERE rolname = 'spidergate'", database="first") == [("f",)]


def test_a_frozen_postgresql_is_silent_and_goes_on_when_thawed(postgresql):
    postgresql.freeze()
    assert not postgresql_answers(postgresql.port)
    postgresql.thaw()
    assert postgresql_answers(postgresql.port)


def test_a_killed_postgresql_refuses_and_comes_back_with_its_data(postgresql):
    postgresql.create_database("kept")
    postgresql.query("CREATE TABLE t AS SELECT 5 AS n", database="kept")
    postgresql.kill()
    with pytest.raises(ConnectionRefusedError):
        postgresql_answers(postgresql.port)
    postgresql.start()
    assert postgresql.query("SELECT n FROM t", database="kept") == [("5",)]


def test_a_read_only_postgresql_refuses_to_write(postgresql):
    postgresql.create_database("readable")
    as_our_role(postgresql, "readable", "CREATE TABLE t (n int)")
    postgresql.read_only()
    refused = as_our_role(postgresql, "readable", "INSERT INTO t VALUES (1)")
    assert refused.returncode != 0 and "read-only" in refused.stderr
    assert as_our_role(postgresql, "readable", "SELECT 1").stdout == "1\n"
    postgresql.read_only(False)
    assert as_our_role(postgresql, "readable", "INSERT INTO t VALUES (1)").returncode == 0


def test_a_postgresql_out_of_connections_ends_ours_and_gives_none(postgresql):
    postgresql.create_database("crowded")
    with subprocess.Popen(["psql", "-X", postgresql.url("crowded")], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as inside:
        until("the connection", lambda: postgresql.query(f"SELECT 1 FROM pg_stat_activity WHERE usename = '{USER}'", database="crowded"))
        postgresql.out_of_connections()
        refused = as_our_role(postgresql, "crowded", "SELECT 1")
        assert refused.returncode != 0 and "too many connections" in refused.stderr
        _, said = inside.communicate("SELECT 1;\n", timeout=10)
        assert "terminating connection" in said
    postgresql.out_of_connections(False)
    assert as_our_role(postgresql, "crowded", "SELECT 1").returncode == 0


@pytest.mark.parametrize("fault", ["freeze", "kill", "read_only", "out_of_connections"])
def test_healing_ends_every_fault(postgresql, fault):
    name = postgresql.create_database(f"healed_{fault}")
    getattr(postgresql, fault)()
    postgresql.heal()
    assert as_our_role(postgresql, name, "CREATE TABLE t (n int)").returncode == 0


def test_a_frozen_redis_is_silent_and_goes_on_when_thawed(redis):
    redis.command("SET", "a key", "a value")
    redis.freeze()
    assert not redis_answers(redis.port)
    redis.thaw()
    assert redis.command("GET", "a key") == "a value"


def test_a_redis_forgets_everything_when_flushed_or_restarted(redis):
    redis.flush()
    for forget in (redis.flush, redis.restart):
        redis.command("INCRBY", "n", 3)
        assert redis.keys() == ["n"] and redis.command("MGET", "n", "m") == ["3", None]
        forget()
        assert redis.keys() == []


def test_a_killed_redis_refuses(redis):
    redis.kill()
    with pytest.raises(ConnectionRefusedError):
        redis_answers(redis.port)
    redis.start()
    assert redis_answers(redis.port)


def test_a_relay_delays_each_direction_and_stops_doing_so(relay):
    def seconds():
        began = time.monotonic()
        assert redis_answers(relay.port)
        return time.monotonic() - began

    assert seconds() < 0.1
    relay.delay(to_server_ms=150, to_client_ms=100)
    assert 0.25 <= seconds() < 0.6
    relay.forward()
    assert seconds() < 0.1


def test_a_relay_refuses_resets_and_holds_back(relay):
    with socket.create_connection(("127.0.0.1", relay.port), 2) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100)
        relay.cut()
        with pytest.raises(ConnectionResetError):
            connection.recv(100)
    relay.refuse()
    with pytest.raises(ConnectionRefusedError):
        redis_answers(relay.port)
    relay.forward()
    relay.blackhole()
    with socket.create_connection(("127.0.0.1", relay.port), 2) as connection:
        connection.settimeout(0.3)
        connection.sendall(b"PING\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(100)
        relay.forward()
        connection.settimeout(2)
        assert connection.recv(100)


def test_servers_end_with_the_run_that_started_them_even_stopped_ones():
    program = """
import sys, time
from servers import Place, PostgresqlTemplate, Redis
place = Place()
postgresql, redis = PostgresqlTemplate(place).server(), Redis(place).start()
postgresql.freeze(), redis.freeze()
print(place.path, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-B", "-c", program], stdout=subprocess.PIPE, text=True, cwd=SUPPORT) as run:
        place = Path(run.stdout.readline().strip())
        assert len(processes_in(place)) >= 4
        run.send_signal(signal.SIGKILL)
    until("all servers to be gone", lambda: not place.exists() and not processes_in(place), 10)
