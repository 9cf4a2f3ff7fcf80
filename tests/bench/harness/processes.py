"""Processes on cores of their own, and what the kernel says about them."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cores() -> tuple[int, int]:
    """The core for the proxy under test and the one for everything else; the same one on a machine that has no second."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


PROXY_CORE, LOAD_CORE = cores()


def raise_file_limit() -> None:
    """Thousands of streams are thousands of sockets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def working_on(core: int) -> Iterator[None]:
    """What is started inside works on that core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Process:
    def __init__(self, command: list[str], core: int | set[int], directory: Path, talks: bool = False) -> None:
        """What it prints goes to a log; of one that `talks`, standard output is read with line()."""
        where = core if isinstance(core, set) else {core}
        self._log_file = directory / f"{Path(command[0]).name}-{time.monotonic_ns()}.log"
        with self._log_file.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if talks else log, stderr=log, text=True,
                env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}, preexec_fn=lambda: os.sched_setaffinity(0, where))

    @property
    def pid(self) -> int:
        return self._process.pid

    def line(self) -> str:
        """The next line that it prints."""
        return self._process.stdout.readline()

    def await_port(self, port: int, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.005)
        raise RuntimeError(f"{self._process.args[0]} does not listen on port {port}:\n{self.log()}")

    def log(self) -> str:
        return self._log_file.read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    # what it costs

    def cpu_seconds(self) -> float:
        return sum(_cpu_seconds(pid) for pid in self._family())

    def resident_bytes(self) -> int:
        """Of it and its children, but for nginx's master, which serves nobody."""
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self._family()]
        return (max(pages) if len(pages) == 2 else sum(pages)) * os.sysconf("SC_PAGE_SIZE")

    def _family(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]


def _cpu_seconds(pid: int) -> float:
    """Time on a core in nanosecond steps from the scheduler; where that is not compiled in, in ticks."""
    try:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9
    except FileNotFoundError:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def core_times(core: int) -> tuple[int, int]:
    """Busy and all ticks of one core since boot, whoever used it."""
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{core} "))
    ticks = [int(field) for field in line.split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


class CoreMeter:
    """How busy a core was between its making and the call of `busy`."""

    def __init__(self, core: int) -> None:
        self._core = core
        self._start = core_times(core)

    def busy(self) -> float:
        busy, everything = core_times(self._core)
        return (busy - self._start[0]) / max(1, everything - self._start[1])
