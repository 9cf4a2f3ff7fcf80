"""The other gateways behind the face of subjects.py, configured as their own guides say for production, on one core each.

What was decided, so that a reader can judge whether the comparison is fair:

Portkey runs as its image starts it, `node build/start-server.js`, with NODE_ENV=production and --headless, which leave out its
console and the log stream that feeds it. Provider and address come with the request's headers, as its guide has it. It checks no
tokens of its own, keeps no ledger and needs no database: it does less than the others.

LiteLLM has the production guide's settings: a random master key, one uvicorn worker (the guide's number per container and the right
one for a core), LITELLM_MODE=PRODUCTION, LITELLM_LOG=ERROR, no verbose logging, request_timeout 600, batched spend updates. The model
has prices, so that it computes costs without first failing to find any. Its native core is beta, opt-in, and does not serve this
route. LITELLM_LOCAL_MODEL_COST_MAP keeps the start from waiting for a price list on the web. It runs under the Python that runs
tests/bench/peers.

Bifrost has its config.json with the SQLite config and log stores of its guide, request logging without contents, and governance with a
virtual key that every request must bring. Its pool has the 1,000 of its guide's example and GOMAXPROCS is 1. It is tried as a Go module,
since its npm package only downloads the gateway from its makers' site. These settings were written after its guide and have never been
tried: the module proxy has no version whose checksum and dependencies can be had, where this was written.

All of them stand while one is measured. Idle, LiteLLM takes 0.2 % of the core for its timers and Portkey nothing.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import bodies
import upstreams
from dialects import MODEL
from processes import PROXY_CORE, Process, free_port
from subjects import Subject
from upstreams import PROVIDER_KEY

PRICES = {"input_cost_per_token": 0.15e-6, "output_cost_per_token": 0.6e-6}


class Peer(Subject):
    program = Path()
    checks_keys = True
    passes_bytes_on = False
    about = ""  # what a reader of its row has to know

    def __init__(self, directory: Path, upstream_port: int) -> None:
        self.port = free_port()
        self._directory = directory
        self._upstream = f"http://127.0.0.1:{upstream_port}"
        self.process = Process(["env", *self.environment(), *self.command()], PROXY_CORE, directory)
        try:
            self.process.await_port(self.port, 180)
        except Exception:
            self.process.stop()
            raise

    def environment(self) -> list[str]:
        return []

    def command(self) -> list[str]:
        raise NotImplementedError

    def _write(self, name: str, settings: dict) -> Path:
        file = self._directory / name
        file.write_text(json.dumps(settings, indent=1))
        return file


class Portkey(Peer):
    name = "Portkey"
    model = MODEL
    checks_keys = False
    about = "it has neither tokens of its own nor a ledger, and so checks and records nothing"

    def environment(self) -> list[str]:
        return ["NODE_ENV=production"]

    def command(self) -> list[str]:
        return ["node", str(self.program), "--headless", f"--port={self.port}"]

    def request(self, body: bytes) -> bytes:
        head, _, rest = bodies.http_request(upstreams.CHAT_PATH, self.token, body).partition(b"\r\n")
        return head + f"\r\nx-portkey-provider: openai\r\nx-portkey-custom-host: {self._upstream}/v1\r\n".encode() + rest


class LiteLLM(Peer):
    name = "LiteLLM"
    model = "bench-alias"
    about = ("with a master key but without PostgreSQL, and so without virtual keys and spend logs: the query engine of its ORM (Prisma) is "
             "published on a download site and in no package registry. That favours it: with its database it would also look keys up and "
             "write what was spent")

    def __init__(self, directory: Path, upstream_port: int) -> None:
        self.token = "sk-" + secrets.token_hex(24)  # it refuses to start with a guessable one
        super().__init__(directory, upstream_port)

    def environment(self) -> list[str]:
        return [f"LITELLM_MASTER_KEY={self.token}", f"BENCH_PROVIDER_KEY={PROVIDER_KEY}", "LITELLM_MODE=PRODUCTION", "LITELLM_LOG=ERROR",
                "LITELLM_LOCAL_MODEL_COST_MAP=True"]

    def command(self) -> list[str]:
        config = self._write("litellm.yaml", self.settings(self._upstream))  # JSON is YAML
        return [str(self.program), "--config", str(config), "--host", "127.0.0.1", "--port", str(self.port), "--num_workers", "1"]

    @classmethod
    def settings(cls, upstream: str) -> dict:
        target = {"model": f"openai/{MODEL}", "api_base": f"{upstream}/v1", "api_key": "os.environ/BENCH_PROVIDER_KEY", **PRICES}
        return {
            "model_list": [{"model_name": cls.model, "litellm_params": target}],
            "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY", "proxy_batch_write_at": 60},
            "litellm_settings": {"request_timeout": 600, "set_verbose": False, "json_logs": True},
        }


class Bifrost(Peer):
    name = "Bifrost"
    model = f"openai/{MODEL}"
    about = "with a virtual key and its stores of configuration and logs in SQLite"

    def __init__(self, directory: Path, upstream_port: int) -> None:
        self.token = "sk-bf-" + secrets.token_hex(16)
        super().__init__(directory, upstream_port)

    def environment(self) -> list[str]:
        return ["GOMAXPROCS=1", f"BENCH_VIRTUAL_KEY={self.token}", f"BENCH_PROVIDER_KEY={PROVIDER_KEY}",
                f"BIFROST_ENCRYPTION_KEY={secrets.token_hex(16)}"]

    def command(self) -> list[str]:
        self._write("config.json", self.settings(self._upstream, self._directory))
        return [str(self.program), "-app-dir", str(self._directory), "-host", "127.0.0.1", "-port", str(self.port), "-log-level", "error"]

    @staticmethod
    def settings(upstream: str, directory: Path) -> dict:
        def store(name: str) -> dict:
            return {"enabled": True, "type": "sqlite", "config": {"path": os.fspath(directory / name)}}

        everything = {"provider": "openai", "allowed_models": ["*"], "key_ids": ["*"], "weight": 1}
        return {
            "encryption_key": "env.BIFROST_ENCRYPTION_KEY",
            "client": {"initial_pool_size": 1000, "drop_excess_requests": False, "enable_logging": True, "disable_content_logging": True,
                       "enforce_auth_on_inference": True},
            "providers": {"openai": {"keys": [{"name": "bench", "value": "env.BENCH_PROVIDER_KEY", "models": ["*"], "weight": 1.0}],
                                     "network_config": {"base_url": upstream}}},
            "governance": {"virtual_keys": [{"id": "vk-bench", "name": "bench", "value": "env.BENCH_VIRTUAL_KEY", "is_active": True,
                                             "provider_configs": [everything]}]},
            "config_store": store("config.db"),
            "logs_store": store("logs.db"),
        }
