"""The other gateways, from the package registries they are published in, each in a folder of its own of one cache."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PORTKEY_VERSION = "1.15.2"
LITELLM_VERSION = "1.106.2"
BIFROST_VERSION = "v1.6.0"
FINISHED = "finished"  # a file of that name says that an installation came to its end


class NotInstalled(Exception):
    """It cannot be had here; the text is the package manager's own last words."""


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    install: Callable[[Path], None]
    program: str  # below the folder of the installation
    runtime: str = ""  # where one installation serves one version of it only

    @property
    def title(self) -> str:
        return f"{self.version} under {self.runtime}" if self.runtime else self.version

    def folder(self, cache: Path) -> Path:
        return cache / "-".join(part for part in (self.name.lower(), self.version, self.runtime) if part)

    def installed(self, cache: Path) -> Path:
        """What to start; installs it first when it is not there. Raises NotInstalled."""
        folder = self.folder(cache)
        program = folder / self.program
        if not (folder / FINISHED).exists() or not program.exists():
            folder.mkdir(parents=True, exist_ok=True)
            self.install(folder)
            if not program.exists():
                raise NotInstalled(f"the package has no {self.program}")
            (folder / FINISHED).touch()
        return program


def install_portkey(folder: Path) -> None:
    # The only install script is one that patches dependencies, and a released package has no patches.
    run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), f"@portkey-ai/gateway@{PORTKEY_VERSION}"])


def install_litellm(folder: Path) -> None:
    run([sys.executable, "-m", "venv", "--clear", str(folder / "venv")])
    run([str(folder / "venv/bin/pip"), "install", "--disable-pip-version-check", f"litellm[proxy]=={LITELLM_VERSION}"])


def install_bifrost(folder: Path) -> None:
    places = {"GOBIN": str(folder / "bin"), "GOMODCACHE": str(folder / "modules"), "GOCACHE": str(folder / "build"),
              "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -modcacherw".strip()}
    run(["go", "install", f"github.com/maximhq/bifrost/transports/bifrost-http@{BIFROST_VERSION}"], places)


def run(command: list[str], environment: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    except OSError as missing:
        raise NotInstalled(f"{command[0]}: {missing.strerror}") from missing
    if done.returncode != 0:
        raise NotInstalled(last_words(done.stderr) or last_words(done.stdout) or f"{command[0]} ended with {done.returncode}")


def last_words(output: str, lines: int = 3, length: int = 300) -> str:
    """The end of what a package manager printed, on one line; without the hosts of registries, which are the user's own matter, and of a
    long line without its middle."""
    said = [re.sub(r"https?://[^\s/]+", "", line.strip()) for line in output.splitlines() if line.strip()]
    return " / ".join(line if len(line) <= length else f"{line[:length // 2]} … {line[-length // 2:]}" for line in said[-lines:])


PORTKEY = Package("Portkey", PORTKEY_VERSION, install_portkey, "node_modules/@portkey-ai/gateway/build/start-server.js")
LITELLM = Package("LiteLLM", LITELLM_VERSION, install_litellm, "venv/bin/litellm", f"python{platform.python_version()}")
BIFROST = Package("Bifrost", BIFROST_VERSION, install_bifrost, "bin/bifrost-http")
ALL = [PORTKEY, LITELLM, BIFROST]
