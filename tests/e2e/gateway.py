"""The gateway under test as a process: configured, started, asked, stopped, killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from asking import Reply, ask
from free_ports import free_port
from provider_process import until

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("SPIDERGATE_BIN", REPOSITORY / "build" / "release" / "spidergate")).resolve()

TOKEN = re.compile(r"sg_key_(?:prod|dev)_[0-9A-Za-z]{38}")
ADMIN_TOKEN = re.compile(r"spideriq_pat_[0-9A-Za-z]{38}")


@dataclass
class Ran:
    """A finished command of the CLI."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Gateway:
    def __init__(self, directory: Path, config: dict, environment: dict[str, str] | None = None) -> None:
        self.directory = directory
        self.data_dir = directory / "data"
        self.config_file = directory / "spidergate.yaml"
        self.log_file = directory / "log.txt"
        self.port, self.admin_port = free_port(), free_port()
        self.key = self.admin = ""
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "NO_COLOR": "1", **(environment or {})}
        self.process: subprocess.Popen | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self.configure(config)

    # configuration

    def configure(self, config: dict) -> None:
        """Writes the config file, with this gateway's ports; JSON is YAML."""
        listeners = {"listen": f"127.0.0.1:{self.port}", "admin_listen": f"127.0.0.1:{self.admin_port}"}
        self.config = {**config, "server": {"threads": 1, **listeners, **config.get("server", {})}}
        self.config_file.write_text(json.dumps(self.config, indent=2))

    # the server

    def start(self) -> "Gateway":
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [str(BINARY), "serve", "--config", str(self.config_file), "--data-dir", str(self.data_dir)],
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.environment)
        until(f"the gateway to be ready (log: {self.log_file})", self._is_ready, 20)
        return self

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the gateway ended with {self.process.returncode}: {self.log()[-4000:]}")
        try:
            return ask(self.port, "GET", "/readyz", timeout=5).status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """SIGTERM, and the promise that goes with it: it ends by itself with 0."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(40)
        assert code == 0, f"exit {code} after SIGTERM; log: {self.log()[-4000:]}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def end(self) -> None:
        """For fixtures: stops whatever is still running."""
        if self.process and self.process.poll() is None:
            self.stop()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def resident_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    # asking it

    def url(self, prefix: str = "/v1") -> str:
        return f"http://127.0.0.1:{self.port}{prefix}"

    def chat(self, model: str = "tp/echo", text: str = "hi there", *, key: str | None = None, query: str = "",
             headers: dict[str, str] | None = None, **more: object) -> Reply:
        body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        return self.post(f"/v1/chat/completions{query}", body, key=key, headers=headers)

    def post(self, path: str, body: object, *, key: str | None = None, headers: dict[str, str] | None = None) -> Reply:
        return self.send("POST", path, body, key=key, headers=headers)

    def get(self, path: str, *, key: str | None = None, headers: dict[str, str] | None = None) -> Reply:
        return self.send("GET", path, None, key=key, headers=headers)

    def send(self, method: str, path: str, body: object, *, key: str | None = None, headers: dict[str, str] | None = None) -> Reply:
        """One request; `key` None is the gateway's own key, "" is none."""
        token = self.key if key is None else key
        given = {"Authorization": f"Bearer {token}"} if token else {}
        return ask(self.port, method, path, body, {**given, **(headers or {})})

    def manage(self, method: str, path: str, body: object = None) -> Reply:
        """A request to the management API as the administrator."""
        return self.send(method, f"/api/v1{path}", body, key=self.admin)

    def receipt(self, request_id: str, key: str | None = None) -> dict:
        """The receipt of a request, as soon as it can be read."""
        return until(f"receipt {request_id}", lambda: (r := self.get(f"/v1/receipts/{request_id}", key=key)).status == 200 and r.json)

    # the command line

    def cli(self, *arguments: str, stdin: str | None = None) -> Ran:
        done = subprocess.run(
            [str(BINARY), *arguments, "--config", str(self.config_file), "--data-dir", str(self.data_dir)],
            input=stdin or "", capture_output=True, text=True, timeout=60, env=self.environment, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    def must(self, *arguments: str, stdin: str | None = None):
        """A command that has to succeed, with --json; gives what it printed."""
        ran = self.cli(*arguments, "--json", stdin=stdin)
        assert ran.code == 0, f"{arguments}: exit {ran.code}\n{ran.out}\n{ran.err}"
        return ran.json if ran.out.strip() else None

    def create_key(self, *options: str, label: str = "made by a test", usable: bool = True) -> dict:
        made = self.must("key", "create", "--label", label, *options)
        if usable and self.running:
            until("the running gateway to know the new key", lambda: self.get("/v1/models", key=made["key"]).status != 401, 2)
        return made

    def add_provider_key(self, provider: str, secret: str, label: str, *options: str):
        return self.must("provider", "add", provider, "--label", label, "--api-key-stdin", *options, stdin=secret)
