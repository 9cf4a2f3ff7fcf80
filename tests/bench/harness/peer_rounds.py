"""One round of the work that every gateway gets, and the check that each of them does it."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path

import bodies
from measuring import Bench, Load, Round, requests_round
from subjects import Subject

ANSWER_BYTES = 700
# Gateways rewrite the answer, LiteLLM drops what is null, Bifrost adds a block of its own: its length says little.
LOAD = Load(answer_bytes=(ANSWER_BYTES - 200, ANSWER_BYTES + 3000))
WRONG_KEY = "sk-bench-wrong-0123456789abcdef"


def check(subject: Subject, checks_keys: bool) -> None:
    """Raises RuntimeError unless it gives the upstream's answer to the right key and, where it has keys, refuses a wrong one."""
    request = LOAD.requests(subject)
    status, body = ask(subject.port, request)
    expected = json.loads(bodies.answer(ANSWER_BYTES))
    try:
        answer = json.loads(body)
        right = (answer["choices"][0]["message"]["content"] == expected["choices"][0]["message"]["content"]
                 and answer["usage"]["total_tokens"] == expected["usage"]["total_tokens"])
    except (ValueError, LookupError, TypeError):
        right = False
    if status != 200 or not right:
        raise RuntimeError(f"{subject.name} answers wrongly: {status} {body[:300]!r}")
    if checks_keys and (refused := ask(subject.port, request.replace(subject.token.encode(), WRONG_KEY.encode()))[0]) < 400:
        raise RuntimeError(f"{subject.name} serves a wrong key: {refused}")


def ask(port: int, request: bytes) -> tuple[int, bytes]:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection, method="POST")
        answer.begin()
        return answer.status, answer.read()


def peer_round(bench: Bench, subject: Subject, upstream_port: int) -> Round:
    sockets = upstream_sockets(upstream_port)
    measured = requests_round(bench, subject, LOAD)
    right = measured["requests"] / max(1, measured["requests"] + measured["errors"])
    measured["rps_per_core"] = 1e6 / measured["cpu_us"] * right
    measured["upstream_connections"] = len(upstream_sockets(upstream_port) - sockets)
    return measured


def upstream_sockets(port: int, table: str | None = None) -> set[int]:
    """The far ends of every connection to that port, those just closed too: so a gateway that opens one a request is seen."""
    ports = set()
    for line in (table if table is not None else Path("/proc/net/tcp").read_text()).splitlines()[1:]:
        _, local, remote, state = line.split()[:4]
        ends = int(local.rpartition(":")[2], 16), int(remote.rpartition(":")[2], 16)
        if port in ends and state != "0A":  # not the listening one
            ports.add(ends[0] if ends[1] == port else ends[1])
    return ports
