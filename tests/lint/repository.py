"""What the lint tests look at: the files of the repository, and the table of rooms in CMakeLists.txt."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPP = (".cpp", ".hpp")


@cache
def files() -> list[Path]:
    """Every file that is, or is about to be, in version control, relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, check=True).stdout.decode().split("\0")
    return sorted({Path(name) for name in listed if name and (ROOT / name).is_file()})


def cpp_files(*folders: str) -> list[Path]:
    return [file for file in files() if file.suffix in CPP and (not folders or file.parts[0] in folders)]


def text(file: Path) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


@cache
def rooms() -> dict[str, list[str]]:
    """Each sg_room() of CMakeLists.txt with its DEPENDS list: rooms and outside targets alike."""
    found = {}
    for name, depends in re.findall(r"^sg_room\((\w+)(?:\s+DEPENDS\s+([^)]*))?\)", text(Path("CMakeLists.txt")), re.M):
        found[name] = depends.split()
    return found


def reachable(room: str) -> set[str]:
    """The rooms and outside targets that a room depends on, directly or through others. Not the room itself, but on a cycle."""
    seen: set[str] = set()
    waiting = list(rooms().get(room, []))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(rooms().get(name, []))
    return seen


def room_of(file: Path) -> str | None:
    """include/spidergate/<room>/... and src/<room>/...; a file straight in src/ belongs to app."""
    if file.parts[:2] == ("include", "spidergate") and len(file.parts) > 3:
        return file.parts[2]
    if file.parts[0] == "src":
        return file.parts[1] if len(file.parts) > 2 else "app"
    return None
