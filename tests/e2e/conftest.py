"""Fixtures: a test provider for each worker, a ready gateway for each module, fresh gateways for tests that break things,
PostgreSQL and Redis, and replicas that share them."""

import os
import shutil
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "support")]

from gateway import ADMIN_TOKEN, BINARY, TOKEN, Gateway  # noqa: E402
from provider_process import ProviderProcess  # noqa: E402
from servers import Place, PostgresqlTemplate, Redis  # noqa: E402
from stores import OwnStores, SharedStores  # noqa: E402

# Secrets of the providers' keys: recognisable, so that any place they must not appear in can be searched for them.
SECRET = {"tp": "pk-secret-tp-0001", "tq": "pk-secret-tq-0002"}


# Where the gateways of `gateway` and `fresh` keep what they know. By default each has its own SQLite file, and these modules run
# once more with all gateways on PostgreSQL and Redis; the variable makes everything run on one kind.
ON_BOTH = {"accounting_test", "budgets_test", "limits_test", "prices_test", "tenancy_test", "tokens_test", "vault_test"}
STORES = {"sqlite": "own_stores", "postgresql+redis": "shared_stores"}


def pytest_configure():
    if not BINARY.exists():
        raise pytest.UsageError(f"no gateway at {BINARY}: build it with scripts/build release, or set SPIDERGATE_BIN")


# A worker takes one module at a time: with the longest at the end, one worker would wait for the other.
LONGEST_FIRST = ["outage_test", "replicas_test", "kill_postgresql_test", "boot_without_database_test"]


def pytest_collection_modifyitems(items):
    def place(item):
        name = item.module.__name__.rpartition(".")[2]
        return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)


def pytest_generate_tests(metafunc):
    if "usual_stores" in metafunc.fixturenames:
        asked = os.environ.get("SPIDERGATE_TEST_STORES")
        if metafunc.definition.get_closest_marker("sqlite_only"):
            return
        if asked or metafunc.module.__name__.rpartition(".")[2] in ON_BOTH:
            metafunc.parametrize("usual_stores", [asked] if asked else list(STORES), indirect=True, scope="session")


@pytest.fixture
def say(record_property):
    """A figure to be shown at the end of the run, whichever worker has measured it."""
    return lambda figure: record_property("figure", figure)


def pytest_terminal_summary(terminalreporter):
    told = [figure for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])
            for name, figure in report.user_properties if name == "figure" and report.when == "call"]
    if told:
        terminalreporter.section("figures")
        for figure in told:
            terminalreporter.write_line(figure)


@pytest.fixture(scope="session")
def usual_stores(request):
    return request.getfixturevalue(STORES[getattr(request, "param", "sqlite")])


@pytest.fixture(scope="session")
def running_provider(tmp_path_factory):
    process = ProviderProcess("--tls-dir", str(tmp_path_factory.mktemp("tls")))
    yield process
    assert process.stop() == 0


@pytest.fixture
def provider(running_provider):
    running_provider.reset()
    return running_provider


def _model(name, **more):
    return {"name": name, "input_per_mtok_usd": 1.0, "output_per_mtok_usd": 2.0, **more}


@pytest.fixture(scope="session")
def plain_config(running_provider):
    """Two providers (one process, told apart by path) and a chain over both. Nothing retries by itself, so that calls can be counted."""
    first = [_model("echo"), _model("org/slashed"), _model("moderate", mode="moderation"),
             _model("embed", mode="embedding"), _model("embed-no-base64", mode="embedding")]
    return {
        "limits": {"default_rpm": 1_000_000, "auth_failures_per_ip": 1_000_000},
        "engine": {"retry_count": 0},
        "providers": {
            "tp": {"dialect": "openai", "base_url": running_provider.url("/tp"), "auth": "bearer", "models": first},
            "tq": {"dialect": "openai", "base_url": running_provider.url("/tq"), "auth": "bearer", "models": [_model("backup")]},
        },
        "aliases": {"test/chain": ["tp/echo", "tq/backup"]},
    }


def _started_first(gateway):
    """After a first start and its end, with a key for each provider."""
    gateway.start()
    gateway.stop()
    log = gateway.log()
    key, admin = TOKEN.search(log), ADMIN_TOKEN.search(log)
    assert key and admin, f"first start printed no key or no admin token:\n{log}"
    gateway.key, gateway.admin = key[0], admin[0]
    for name, secret in SECRET.items():
        gateway.add_provider_key(name, secret, f"{name}-a")
    return gateway


@pytest.fixture(scope="session")
def own_stores(tmp_path_factory, plain_config):
    """A data directory after first start: copied for every gateway, so that each starts in no time."""
    return OwnStores(_started_first(Gateway(tmp_path_factory.mktemp("set-up"), plain_config)))


@pytest.fixture(scope="session")
def place():
    place = Place()
    yield place
    place.close()


@pytest.fixture(scope="session")
def postgresql_set_up(place, tmp_path_factory, plain_config):
    """A PostgreSQL to be copied, with the database `set_up` after first start, and the gateway that did it."""
    template = PostgresqlTemplate(place)
    server = template.server()
    database = {"database": {"url": server.url(server.create_database("set_up"))}}
    gateway = _started_first(Gateway(tmp_path_factory.mktemp("set-up"), {**plain_config, **database}))
    template.become(server)
    return template, gateway


@pytest.fixture
def postgresql(postgresql_set_up):
    """A PostgreSQL of the test's own, with the database `gate`: a first start has been, there are keys."""
    server = postgresql_set_up[0].server()
    server.create_database("gate", template="set_up")
    yield server
    server.close()


@pytest.fixture
def redis(place):
    server = Redis(place).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared_stores(postgresql_set_up, place):
    """One PostgreSQL and one Redis for all gateways of the run, each with its own database and key prefix."""
    template, gateway = postgresql_set_up
    postgresql, redis = template.server(), Redis(place).start()
    yield SharedStores(gateway, postgresql, redis)
    redis.stop()
    postgresql.close()


@pytest.fixture(scope="session")
def make_gateway(usual_stores, plain_config):
    def make(directory, environment=None, stores=usual_stores, **sections):
        """A gateway, not yet started. `sections` are merged into the plain configuration, section by section."""
        sections = {name: {**values, **sections.get(name, {})} for name, values in {**sections, **stores.sections()}.items()}
        config = {**plain_config, **{name: {**plain_config.get(name, {}), **values} for name, values in sections.items()}}
        gateway = Gateway(directory, config, environment)
        stores.fill(gateway)
        return gateway

    return make


def _ended_well(gateway):
    gateway.end()
    spilled = [secret for secret in SECRET.values() if secret in gateway.log()]
    assert not spilled, "a provider key is in the log"


@pytest.fixture(scope="module")
def shared_gateway(make_gateway, tmp_path_factory):
    gateway = make_gateway(tmp_path_factory.mktemp("gateway"))
    yield gateway.start()
    _ended_well(gateway)


@pytest.fixture
def gateway(shared_gateway, provider):
    """The module's gateway: for tests that leave keys and candidates healthy."""
    return shared_gateway


@pytest.fixture
def fresh(make_gateway, provider, tmp_path):
    """Makes and starts a gateway of the test's own; `start=False` leaves it to the test to add keys first."""
    made = []

    def make(start=True, environment=None, **sections):
        gateway = make_gateway(tmp_path / f"gateway-{len(made)}", environment, **sections)
        made.append(gateway)
        return gateway.start() if start else gateway

    yield make
    for gateway in made:
        _ended_well(gateway)


@pytest.fixture
def replicas(make_gateway, postgresql_set_up, postgresql, redis, provider, tmp_path):
    """Makes and starts so many gateways on one PostgreSQL and one Redis; through other ports when there are relays in front."""
    made = []

    def make(count, *, start=True, environment=None, postgresql_port=None, redis_port=None, **sections):
        stores = SharedStores(postgresql_set_up[1], postgresql, redis, database="gate", postgresql_port=postgresql_port, redis_port=redis_port)
        new = [make_gateway(tmp_path / f"replica-{len(made) + number}", environment, stores, **sections) for number in range(count)]
        made.extend(new)
        if start:
            for gateway in new:
                gateway.start()
        return new

    yield make
    redis.heal()
    postgresql.heal()
    for gateway in made:
        _ended_well(gateway)
