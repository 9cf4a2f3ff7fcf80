"""What stands behind the proxies, on the load's core."""

from __future__ import annotations

import json
import os
from pathlib import Path

import bodies
from dialects import OPENAI, Dialect
from processes import LOAD_CORE, Process, free_port

CHAT_PATH = "/v1/chat/completions"
PROVIDER_KEY = "sk-bench-0123456789abcdef"


class FixedNginx:
    """nginx that gives one small answer, over TLS where it is told with which certificate (server.pem and server.key in a folder).
    It does not wait for a request's body: only for bodies that arrive at once."""

    def __init__(self, directory: Path, answer: bytes, certificate: Path | None = None) -> None:
        self.port = free_port()
        tls = f"ssl_certificate {certificate}/server.pem; ssl_certificate_key {certificate}/server.key;" if certificate else ""
        config = directory / f"upstream-nginx-{self.port}.conf"
        config.write_text(nginx_config(directory, f"""
            server {{
                listen 127.0.0.1:{self.port} backlog=4096{" ssl" if certificate else ""}; {tls}
                default_type application/json;
                if ($key_is_right = 0) {{ return 400; }}
                location = {CHAT_PATH} {{ return 200 '{answer.decode()}'; }}
            }}
            map $http_authorization $key_is_right {{ default 0; "Bearer {PROVIDER_KEY}" 1; }}"""))
        self._process = Process(["nginx", "-p", str(directory), "-c", str(config)], LOAD_CORE, directory)
        self._process.await_port(self.port)

    def stop(self) -> None:
        self._process.stop()


class Tool:
    """tools/upstream.cpp: one answer of any size after the whole request, or streams."""

    def __init__(self, directory: Path, tools: Path, *options: str) -> None:
        command = [str(tools / "upstream"), "--require", PROVIDER_KEY, *options]
        self._process = Process(command, LOAD_CORE, directory, talks=True)
        ready = json.loads(self._process.line())
        self.port, self.events = ready["port"], ready["events"]

    def stop(self) -> None:
        self._process.stop()


def fixed(directory: Path, tools: Path, answer: bytes) -> Tool:
    return Tool(directory, tools, "--answer", _file(directory, bodies.http_answer(answer)))


def streaming(directory: Path, tools: Path, events_per_second: int, seconds: float, dialect: Dialect = OPENAI) -> Tool:
    parts = {"begin": dialect.begin, "event": dialect.event, "end": dialect.end}
    options = [word for name, part in parts.items() for word in (f"--{name}", _file(directory, part))]
    return Tool(directory, tools, *options, "--events-per-second", str(events_per_second), "--seconds", str(seconds))


def _file(directory: Path, content: bytes) -> str:
    file = directory / f"upstream-{len(list(directory.iterdir()))}.bytes"
    file.write_bytes(content)
    return str(file)


def nginx_config(directory: Path, servers: str) -> str:
    """One worker without logs, with files below `directory` only."""
    user = "user root;" if os.geteuid() == 0 else ""
    places = " ".join(f"{name}_temp_path {directory}/nginx-{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""
        daemon off; worker_processes 1; {user} pid {directory}/nginx-{free_port()}.pid; error_log stderr crit;
        worker_rlimit_nofile 20000;
        events {{ worker_connections 8192; }}
        http {{
            access_log off; {places}
            keepalive_requests 1000000000; keepalive_timeout 300s; tcp_nodelay on;
            client_max_body_size 0; client_body_buffer_size 4m;
            {servers}
        }}
    """
