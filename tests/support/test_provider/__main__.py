"""Command line: starts the provider, prints one JSON line when it is ready, serves until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import os
import signal
import sys
from pathlib import Path

if __package__ in (None, ""):  # started by its path: `python3 tests/support/test_provider`
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    __package__ = "test_provider"

from test_provider import certificates, demo  # noqa: E402
from test_provider.behaviour import Behaviour  # noqa: E402
from test_provider.connection import protocol_factory  # noqa: E402
from test_provider.dialects import DIALECTS  # noqa: E402
from test_provider.server import Provider  # noqa: E402

_TEST_MODELS = ["echo", "test/echo", "embed", "embed-no-base64", "fail-503", "slow-200ms"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="test_provider", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the ready line says which")
    parser.add_argument("--tls-dir", type=Path, help="listen with TLS too; its CA and certificate are made here")
    parser.add_argument("--tls-port", type=int, default=0)
    parser.add_argument("--models", default=",".join(_TEST_MODELS), help="what GET /v1/models lists, separated by commas")
    parser.add_argument("--demo", action="store_true", help="answer every chat with the demo's text, at a reading pace")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when the process that started this one ends")
    return parser.parse_args()


def _provider(arguments: argparse.Namespace) -> Provider:
    if arguments.demo:
        return Provider([make([demo.MODEL], demo.say) for make in DIALECTS.values()], demo.PACE, keep=100)
    return Provider([make(arguments.models.split(",")) for make in DIALECTS.values()], Behaviour())


def _die_with_parent() -> None:
    """A test run that is killed must not leave providers behind; the kernel sees to it."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit(0)


async def _serve(arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    factory = protocol_factory(loop, _provider(arguments).serve)
    ready: dict[str, object] = {}
    plain = await loop.create_server(factory, arguments.host, arguments.port, backlog=1024)
    ready["port"] = plain.sockets[0].getsockname()[1]
    if arguments.tls_dir:
        ready["ca_file"] = str(certificates.make(arguments.tls_dir.resolve()))
        secure = await loop.create_server(factory, arguments.host, arguments.tls_port, backlog=1024,
                                          ssl=certificates.server_context(arguments.tls_dir))
        ready["tls_port"] = secure.sockets[0].getsockname()[1]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print(json.dumps(ready), flush=True)
    await stop.wait()


def main() -> None:
    arguments = _arguments()
    if arguments.exit_with_parent:
        _die_with_parent()
    try:
        asyncio.run(_serve(arguments))
    except OSError as refused:
        sys.exit(f"test_provider: cannot listen: {refused}")


if __name__ == "__main__":
    main()
