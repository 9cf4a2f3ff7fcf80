"""What stands behind the proxies, on the load's core."""

from __future__ import annotations

import json
import os
from pathlib import Path

import bodies
from processes import LOAD_CORE, Process, free_port

CHAT_PATH = "/v1/chat/completions"


class FixedNginx:
    """nginx that gives one small answer. It does not wait for a request's body: only for bodies that arrive at once."""

    def __init__(self, directory: Path, answer: bytes) -> None:
        self.port = free_port()
        config = directory / "upstream-nginx.conf"
        config.write_text(nginx_config(directory, f"""
            server {{
                listen 127.0.0.1:{self.port} backlog=4096;
                default_type application/json;
                location = {CHAT_PATH} {{ return 200 '{answer.decode()}'; }}
            }}"""))
        self._process = Process(["nginx", "-p", str(directory), "-c", str(config)], LOAD_CORE, directory)
        self._process.await_port(self.port)

    def stop(self) -> None:
        self._process.stop()


class Tool:
    """tools/upstream.cpp: one answer of any size after the whole request, or streams."""

    def __init__(self, directory: Path, tools: Path, *options: str) -> None:
        self._process = Process([str(tools / "upstream"), *options], LOAD_CORE, directory, talks=True)
        ready = json.loads(self._process.line())
        self.port, self.events = ready["port"], ready["events"]

    def stop(self) -> None:
        self._process.stop()


def fixed(directory: Path, tools: Path, answer: bytes) -> Tool:
    file = directory / "answer.http"
    file.write_bytes(bodies.http_answer(answer))
    return Tool(directory, tools, "--answer", str(file))


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
