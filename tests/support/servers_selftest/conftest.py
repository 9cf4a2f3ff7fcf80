import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import Place, PostgresqlTemplate, Redis, Relay  # noqa: E402


@pytest.fixture(scope="session")
def place():
    place = Place()
    yield place
    place.close()
    assert not place.path.exists()


@pytest.fixture(scope="module")
def postgresql(place):
    server = PostgresqlTemplate(place).server(max_connections=20)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def redis(place):
    server = Redis(place, password="secret").start()
    yield server
    server.stop()


@pytest.fixture
def relay(redis):
    relay = Relay(redis.port)
    yield relay
    relay.close()
