"""A real Redis and a real PostgreSQL, on the load's core."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processes import LOAD_CORE, working_on

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))

from servers import Place, Postgresql, PostgresqlTemplate, Redis  # noqa: E402
from servers.place import processes_in  # noqa: E402

# As a server of its own would have them; the other settings are those of the tests.
_POSTGRESQL = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "128MB", "max_wal_size": "1GB"}
_NICENESS = 10


@contextmanager
def redis() -> Iterator[Redis]:
    place = Place()
    try:
        with working_on(LOAD_CORE):
            server = Redis(place).start()
        yield server
        server.stop()
    finally:
        place.close()


@contextmanager
def postgresql() -> Iterator[Postgresql]:
    """It lets the load generator go first: else that would wait for the core, and blame the gateway for it."""
    place = Place()
    try:
        with working_on(LOAD_CORE):
            server = PostgresqlTemplate(place).server(**_POSTGRESQL)
        for process in processes_in(server.data):
            os.setpriority(os.PRIO_PROCESS, process, _NICENESS)
        yield server
        server.stop()
    finally:
        place.close()


def await_receipts(server: Postgresql, database: str, expected: int) -> int:
    """How many receipts the database holds: once it is as many as expected, or after ten seconds."""
    deadline = time.monotonic() + 10
    while True:
        found = int(server.query("SELECT count(*) FROM spidergate.receipts", database=database)[0][0])
        if found >= expected or time.monotonic() > deadline:
            return found
        time.sleep(0.1)
