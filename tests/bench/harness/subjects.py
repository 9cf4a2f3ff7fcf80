"""The proxies under test behind one face: start it before an upstream, ask it for the bytes of a request, stop it."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import bodies
import upstreams
from processes import PROXY_CORE, Process, free_port

PROVIDER_KEY = "sk-bench-0123456789abcdef"


class Subject:
    """A plain reverse proxy, or whatever else answers on `port`; `process` is None when nothing stands in between."""

    name = ""
    process: Process | None = None
    port = 0
    model = "bench-model"
    token = PROVIDER_KEY

    def __init__(self, directory: Path, upstream_port: int) -> None:
        raise NotImplementedError

    def request(self, body: bytes) -> bytes:
        return bodies.http_request(upstreams.CHAT_PATH, self.token, body)

    def stop(self) -> None:
        if self.process:
            self.process.stop()


class Direct(Subject):
    name = "direct"

    def __init__(self, directory: Path, upstream_port: int) -> None:
        self.port = upstream_port


class HAProxy(Subject):
    name = "HAProxy"

    def __init__(self, directory: Path, upstream_port: int) -> None:
        self.port = free_port()
        config = directory / "haproxy.cfg"
        config.write_text(f"""
global
    nbthread 1
    maxconn 8000
defaults
    mode http
    option http-no-delay
    http-reuse always
    timeout connect 5s
    timeout client 120s
    timeout server 120s
frontend bench
    bind 127.0.0.1:{self.port} backlog 4096
    default_backend upstream
backend upstream
    server upstream 127.0.0.1:{upstream_port}
""")
        self.process = Process(["haproxy", "-db", "-f", str(config)], PROXY_CORE, directory)
        self.process.await_port(self.port)


class Nginx(Subject):
    name = "nginx"

    def __init__(self, directory: Path, upstream_port: int) -> None:
        self.port = free_port()
        config = directory / "nginx.conf"
        config.write_text(upstreams.nginx_config(directory, f"""
            upstream bench {{ server 127.0.0.1:{upstream_port}; keepalive 4096; keepalive_requests 1000000000; }}
            server {{
                listen 127.0.0.1:{self.port} backlog=4096;
                location / {{
                    proxy_pass http://bench;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_buffering off;
                }}
            }}"""))
        self.process = Process(["nginx", "-p", str(directory), "-c", str(config)], PROXY_CORE, directory)
        self.process.await_port(self.port)


class SpiderGate(Subject):
    """The released binary with default settings but for rate limits: token, limits, alias, vault key and receipts are on."""

    name = "SpiderGate"
    model = "bench/alias"
    binary = Path()
    tool: tuple[str, ...] = ()  # what the server runs under, say valgrind
    patience = 15.0  # seconds
    start_ms = 0.0

    def __init__(self, directory: Path, upstream_port: int) -> None:
        self.port = free_port()
        self._directory = directory
        self._config = directory / "spidergate.yaml"
        self._config.write_text(json.dumps(self._settings(upstream_port)))  # JSON is YAML
        began = time.monotonic()
        self.process = Process([*self.tool, str(self.binary), "serve", *self._where()], PROXY_CORE, directory)
        try:
            self.process.await_port(self.port, 2 * self.patience)
            self._await(lambda: self._status("GET", "/readyz", None) == 200, "to be ready")
            self.start_ms = (time.monotonic() - began) * 1000
            self._cli("provider", "add", "bench", "--label", "bench", "--api-key-stdin", stdin=PROVIDER_KEY)
            limits = ["--rate-limit", "100000000"]
            self.token = self._cli("key", "create", "--label", "bench", *limits)["key"]
            self._await(lambda: self._status("POST", upstreams.CHAT_PATH, bodies.chat(self.model, 500)) not in (401, 429), "to serve a new key")
        except Exception:
            self.process.stop()
            raise

    def _settings(self, upstream_port: int) -> dict:
        price = {"input_per_mtok_usd": 0.15, "output_per_mtok_usd": 0.6}
        return {
            "server": {"listen": f"127.0.0.1:{self.port}", "admin_listen": f"127.0.0.1:{free_port()}", "threads": 1},
            "limits": {"default_rpm": 100000000},
            "providers": {"bench": {"dialect": "openai", "base_url": f"http://127.0.0.1:{upstream_port}/v1", "auth": "bearer",
                                    "models": [{"name": "bench-model", **price}]}},
            "aliases": {"bench/alias": ["bench/bench-model"]},
        }

    def _where(self) -> list[str]:
        return ["--config", str(self._config), "--data-dir", str(self._directory / "data")]

    def _cli(self, *arguments: str, stdin: str = "") -> dict:
        done = subprocess.run([str(self.binary), *arguments, "--json", *self._where()], input=stdin, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"spidergate {' '.join(arguments[:2])} ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def _status(self, method: str, path: str, body: bytes | None) -> int:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                answer.read()
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return 0

    def _await(self, holds, what: str) -> None:
        deadline = time.monotonic() + self.patience
        while not holds():
            if time.monotonic() > deadline:
                raise RuntimeError(f"SpiderGate did not come {what}:\n{self.process.log()}")
            time.sleep(0.005)
