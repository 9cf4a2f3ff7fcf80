"""Free TCP ports, below the range that the kernel hands to outgoing connections, and apart for each test worker.

The gateway's listeners share their port (SO_REUSEPORT), so two gateways on one port would both start and split the traffic: a port must
be taken by nobody else, which is why it is tried with a plain bind and never given out twice.
"""

import os
import random
import socket

_FIRST, _LAST, _PER_WORKER = 18000, 32000, 1500
_given: set[int] = set()


def free_port() -> int:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    start = _FIRST + worker * _PER_WORKER % (_LAST - _FIRST)
    for _ in range(1000):
        port = random.randrange(start, start + _PER_WORKER)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError("no free port found")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
