"""The gateway under callgrind, which counts every instruction of every thread, whatever else the machine does.

valgrind shows every program the same processor, one with AVX2 and nothing newer, so that libc, simdjson and OpenSSL choose the same
code on every x86-64 machine that has AVX2. valgrind 3.19 gives up on the DWARF 5 of clang 19: it gets a copy without debug
information, whose symbols are enough to name functions.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from subjects import SpiderGate


class CountedGateway(SpiderGate):
    """Counts from the first zero() on."""

    patience = 120.0

    def __init__(self, directory: Path, upstream_port: int) -> None:
        self.binary = directory / "spidergate"
        self._counts = directory / "counts"
        subprocess.run(["objcopy", "--strip-debug", SpiderGate.binary, self.binary], check=True)
        self.tool = ("valgrind", "--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes", f"--callgrind-out-file={self._counts}")
        super().__init__(directory, upstream_port)
        self._ask("instrumentation", "on")
        self._parts = 0

    def zero(self) -> None:
        self._ask("zero")

    def dump(self) -> list[tuple[str, Path]]:
        """What was counted since zero() or the last dump: the names of threads (worker-0, ledger, …), each with a file of callgrind's."""
        self._ask("dump")
        self._parts += 1
        files = [(name, Path(f"{self._counts}.{self._parts}-{number:02d}")) for number, name in self._threads().items()]
        return [(name, file) for name, file in files if file.exists()]

    def _threads(self) -> dict[int, str]:
        """valgrind's numbers of threads, which the files carry."""
        said = self._ask("v.info", "scheduler")
        pairs = re.findall(r"^Thread (\d+): .*\(lwpid (\d+)\)", said, re.M)
        return {int(number): Path(f"/proc/{self.process.pid}/task/{task}/comm").read_text().strip() for number, task in pairs}

    def _ask(self, *command: str) -> str:
        return subprocess.run(["vgdb", "--max-invoke-ms=5000", f"--pid={self.process.pid}", *command], capture_output=True, text=True, check=True, timeout=60).stdout


def instructions(counts: Path) -> int:
    """All instructions in one file of callgrind's."""
    return int(re.search(r"^totals: (\d+)", counts.read_text(), re.M)[1])


def functions(counts: Path, inclusive: bool) -> list[tuple[int, str]]:
    """Instructions and names of functions, most first."""
    command = ["callgrind_annotate", "--auto=no", "--threshold=100", f"--inclusive={'yes' if inclusive else 'no'}", counts]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^ *([\d,]+) \([ \d.]+%\)  \S*?:(.*?)(?: \[[^\]]*\])?$", said, re.M)
    return [(int(number.replace(",", "")), _shorter(name)) for number, name in rows]


def _shorter(name: str) -> str:
    name = name.replace("std::__cxx11::", "std::").replace("spidergate::", "")
    name = re.sub(r", std::char_traits<char>(?:, std::allocator<char>)? ?>", ">", name)
    return name.replace("std::basic_string<char>", "std::string").replace("std::basic_string_view<char>", "std::string_view")
