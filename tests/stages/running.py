"""Runs a program whose output is both shown and kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def show(command: list[str], **environment: str) -> tuple[int, str]:
    """Runs it with its output on the terminal; gives the exit code and that output."""
    process = subprocess.Popen(command, cwd=REPOSITORY, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    kept = []
    for line in process.stdout:
        kept.append(line)
        sys.stdout.write(line)
        sys.stdout.flush()
    return process.wait(), "".join(kept)


def ask(command: list[str], **environment: str) -> tuple[int, str]:
    """Runs it silently; gives the exit code and its output."""
    done = subprocess.run(command, cwd=REPOSITORY, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return done.returncode, done.stdout
