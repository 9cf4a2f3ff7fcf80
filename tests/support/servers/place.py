"""The directory that the servers of one test run live in, and the promise that none of them outlives the run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path


def processes_in(directory: Path) -> list[int]:
    """Every process that works in the directory or below it. Servers work in their data directory, their children too."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if Path(os.readlink(entry / "cwd")).is_relative_to(directory):
                    found.append(int(entry.name))
            except OSError:  # it has ended, or is not ours to look at
                continue
    return found


def send_all(directory: Path, number: int) -> None:
    """A signal to all processes in the directory, also to those that were started while it went round."""
    sent: set[int] = set()
    while fresh := set(processes_in(directory)) - sent:
        for process in fresh:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass
        sent |= fresh


def _roomiest_fast_directory() -> str | None:
    """Memory, where there is plenty: a disk that is busy with thousands of PostgreSQL's files delays whatever else is measured."""
    enough = 4 << 30
    try:
        available = next(int(line.split()[1]) << 10 for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable:"))
        return "/dev/shm" if shutil.disk_usage("/dev/shm").free >= enough and available >= 2 * enough else None
    except (OSError, StopIteration):
        return None


class Place:
    """A directory with a guard: a process that kills what works there and removes it when this process is gone, however it went.

    PDEATHSIG is not enough for that: PostgreSQL's children do not inherit it, and a stopped one never notices that its parent died.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="spidergate-servers-", dir=_roomiest_fast_directory())).resolve()
        self.path.chmod(0o755)  # PostgreSQL's own user goes through it
        command = [sys.executable, "-B", str(Path(__file__)), str(self.path)]
        self._guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        self._number = 0

    def directory(self, name: str) -> Path:
        self._number += 1
        return self.path / f"{name}-{self._number}"

    def close(self) -> None:
        self._guard.stdin.close()
        self._guard.wait(60)  # the deletion of what is left may take its time


def _guard(directory: Path) -> None:
    sys.stdin.buffer.read()  # ends with the test run
    send_all(directory, signal.SIGKILL)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    _guard(Path(sys.argv[1]))
