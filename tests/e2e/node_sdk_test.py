"""The official OpenAI SDK for Node, each of its test files under node's own runner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_NODE_TESTS = Path(__file__).resolve().parent / "node"
_INSTALLED = Path(os.environ.get("SPIDERGATE_NODE_DIR", Path(__file__).resolve().parents[2] / "build" / "node"))


@pytest.mark.parametrize("file", sorted(path.name for path in _NODE_TESTS.glob("*.test.js")))
def test_the_node_sdk_works(gateway, provider, file):
    assert shutil.which("node"), "node is missing: install nodejs and npm"
    assert (_INSTALLED / "node_modules" / "openai").is_dir(), "the SDK is not installed: run tests/e2e/run"
    environment = {**os.environ, "SPIDERGATE_NODE_DIR": str(_INSTALLED), "GATEWAY_URL": gateway.url("/v1"), "GATEWAY_KEY": gateway.key,
                   "PROVIDER_URL": f"http://127.0.0.1:{provider.port}"}
    done = subprocess.run(["node", "--test", str(_NODE_TESTS / file)], env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0" not in done.stdout and "# fail 0" in done.stdout or "ℹ fail 0" in done.stdout, done.stdout
