"""The proxies under test behind one face: start it before an upstream, ask it for the bytes of a request, stop it."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import bodies
import upstreams
from dialects import MODEL, OPENAI, Dialect
from processes import PROXY_CORE, Process, free_port
from upstreams import PROVIDER_KEY


class Subject:
    """A plain reverse proxy, or whatever else answers on `port`; `process` is None when nothing stands in between."""

    name = ""
    process: Process | None = None
    port = 0
    model = MODEL
    token = PROVIDER_KEY
    passes_bytes_on = True  # so that an answer's length is known exactly; the gateway may add a block of its own

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
    """Speaks TLS to the upstream where it is told whom to trust."""

    name = "HAProxy"

    def __init__(self, directory: Path, upstream_port: int, *, authority: Path | None = None) -> None:
        self.port = free_port()
        tls = f" ssl verify required verifyhost localhost ca-file {authority}" if authority else ""
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
    server upstream 127.0.0.1:{upstream_port}{tls}
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
    """The released binary with default settings but for rate limits: token, limits, budget, alias, vault key, receipts and metrics are on.
    `sections` go over the configuration; with an authority, it speaks TLS to the upstream."""

    name = "SpiderGate"
    model = "bench/alias"
    passes_bytes_on = False
    binary = Path()
    tool: tuple[str, ...] = ()  # what the server runs under, say valgrind
    patience = 15.0  # seconds

    def __init__(self, directory: Path, upstream_port: int, *, name: str = "", dialect: Dialect = OPENAI, authority: Path | None = None,
                 threads: int = 1, cores: set[int] | None = None, sections: dict[str, dict] | None = None) -> None:
        self.name = name or self.name
        self.port = free_port()
        self._directory, self._cores = directory, cores or {PROXY_CORE}
        self._config = directory / "spidergate.yaml"
        base_url = f"http{'s' if authority else ''}://127.0.0.1:{upstream_port}{dialect.base_path}"
        settings = self._settings(base_url, dialect, threads)
        if authority:
            settings["engine"] = {"extra_ca_file": str(authority)}
        for section, keys in (sections or {}).items():
            settings[section] = {**settings.get(section, {}), **keys}
        self._config.write_text(json.dumps(settings))  # JSON is YAML
        self._first_start()

    def _settings(self, base_url: str, dialect: Dialect, threads: int) -> dict:
        price = {"input_per_mtok_usd": 0.15, "output_per_mtok_usd": 0.6}
        return {
            "server": {"listen": f"127.0.0.1:{self.port}", "admin_listen": f"127.0.0.1:{free_port()}", "threads": threads},
            "limits": {"default_rpm": 100000000},
            "providers": {"bench": {"dialect": dialect.name, "base_url": base_url, "auth": dialect.auth, "models": [{"name": MODEL, **price}]}},
            "aliases": {"bench/alias": [f"bench/{MODEL}"]},
        }

    def _first_start(self) -> None:
        self.start()
        try:
            self.command("provider", "add", "bench", "--label", "bench", "--api-key-stdin", stdin=PROVIDER_KEY)
            limits = ["--rate-limit", "100000000", "--budget-monthly", "1000000"]
            self.token = self.command("key", "create", "--label", "bench", *limits)["key"]
            self.await_service()
        except Exception:
            self.process.stop()
            raise

    def start(self) -> None:
        """Gives control back when it is ready."""
        self.launch()
        try:
            self.process.await_port(self.port, 2 * self.patience)
            self._await(lambda: self._status("GET", "/readyz", None) == 200, "to be ready", 4 * self.patience)
        except Exception:
            self.process.stop()
            raise

    def launch(self) -> None:
        """Gives control back at once."""
        self.process = Process([*self.tool, str(self.binary), "serve", *self._where()], self._cores, self._directory)

    def await_service(self) -> None:
        """Until it knows its new keys and tokens, which takes well under a second."""
        body = bodies.chat(self.model, 500)
        unknown = (0, 401, 429, 503)  # an upstream that only streams makes it a 502, which is no matter here
        self._await(lambda: self._status("POST", upstreams.CHAT_PATH, body) not in unknown, "to serve a new key", self.patience)

    def await_token(self, token: str) -> None:
        """One that may only manage, until it is known."""
        self._await(lambda: self._status("GET", "/api/v1/integrations", None, token) == 200, "to know a new token", self.patience)

    def await_first_answer(self, request: bytes) -> None:
        """Asks over and over, without a pause that would be measured with it, until a request is served."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                    connection.sendall(request)
                    if connection.recv(65536).startswith(b"HTTP/1.1 200 "):
                        return
            except OSError:
                pass
        raise RuntimeError(f"{self.name} served nothing:\n{self.process.log()}")

    @property
    def database(self) -> Path:
        return self._directory / "data" / "spidergate.db"

    def command(self, *arguments: str, stdin: str = "") -> dict:
        """A command of its command line, which has to succeed."""
        done = subprocess.run([str(self.binary), *arguments, "--json", *self._where()], input=stdin, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"spidergate {' '.join(arguments[:2])} ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def _where(self) -> list[str]:
        return ["--config", str(self._config), "--data-dir", str(self._directory / "data")]

    def _status(self, method: str, path: str, body: bytes | None, token: str = "") -> int:
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                answer.read()
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return 0

    def _await(self, holds: Callable[[], bool], what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not come {what}:\n{self.process.log()}")
            time.sleep(0.05)
