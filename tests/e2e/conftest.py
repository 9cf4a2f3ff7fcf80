"""Fixtures: a test provider for each worker, a ready gateway for each module, fresh gateways for tests that break things."""

import shutil
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "support")]

from gateway import ADMIN_TOKEN, BINARY, TOKEN, Gateway  # noqa: E402
from provider_process import ProviderProcess  # noqa: E402

# Secrets of the providers' keys: recognisable, so that any place they must not appear in can be searched for them.
SECRET = {"tp": "pk-secret-tp-0001", "tq": "pk-secret-tq-0002"}


def pytest_configure():
    if not BINARY.exists():
        raise pytest.UsageError(f"no gateway at {BINARY}: build it with scripts/build release, or set SPIDERGATE_BIN")


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


@pytest.fixture(scope="session")
def set_up(tmp_path_factory, plain_config):
    """A data directory after first start, with a key for each provider: copied for every gateway, so that each starts in no time."""
    gateway = Gateway(tmp_path_factory.mktemp("set-up"), plain_config)
    gateway.start()
    gateway.stop()
    log = gateway.log()
    key, admin = TOKEN.search(log), ADMIN_TOKEN.search(log)
    assert key and admin, f"first start printed no key or no admin token:\n{log}"
    for name, secret in SECRET.items():
        gateway.add_provider_key(name, secret, f"{name}-a")
    return gateway.data_dir, key[0], admin[0]


@pytest.fixture(scope="session")
def make_gateway(set_up, plain_config):
    data_dir, key, admin = set_up

    def make(directory, environment=None, **sections):
        """A gateway, not yet started. `sections` are merged into the plain configuration, section by section."""
        config = {**plain_config, **{name: {**plain_config.get(name, {}), **values} for name, values in sections.items()}}
        gateway = Gateway(directory, config, environment)
        shutil.copytree(data_dir, gateway.data_dir)
        gateway.key, gateway.admin = key, admin
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
