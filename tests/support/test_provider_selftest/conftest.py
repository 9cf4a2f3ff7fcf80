import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from provider_process import ProviderProcess  # noqa: E402


@pytest.fixture(scope="session")
def running_provider(tmp_path_factory):
    process = ProviderProcess("--tls-dir", str(tmp_path_factory.mktemp("tls")))
    yield process
    assert process.stop() == 0


@pytest.fixture
def provider(running_provider):
    running_provider.reset()
    return running_provider
