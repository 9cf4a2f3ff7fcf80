"""A PostgreSQL server of a test's own, and what can happen to one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from free_ports import free_port
from provider_process import until

from .place import Place, send_all

USER = "spidergate"  # an ordinary role: superusers have connections in reserve and may write whenever they like
_VERSIONS = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "16MB", "fsync": "off", "full_page_writes": "off",
    "max_connections": "60", "logging_collector": "off", "log_checkpoints": "off", "max_wal_size": "128MB",
}


def _program(name: str) -> str:
    """From the newest version that Debian has installed, else from the path."""
    installed = sorted(_VERSIONS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = str(installed[-1]) if installed else shutil.which(name)
    if not found:
        raise RuntimeError(f"no {name}: scripts/install-packages test")
    return found


def _as_server_user() -> list[str]:
    """PostgreSQL refuses to run as root; and it ends with the one who started it."""
    user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user, "--pdeathsig=KILL"]


def _run(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]}: exit {done.returncode}\n{done.stdout}{done.stderr}")


class PostgresqlTemplate:
    """A data directory that servers are copied from: initdb takes a second, a copy takes none."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.data = place.directory("postgresql-template")
        self.data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.data, "postgres", "postgres")
        _run(*_as_server_user(), _program("initdb"), "-A", "trust", "--no-sync", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
             "--wal-segsize=1", "-D", self.data)
        server = Postgresql(self.data)
        server.start()
        server.query(f"CREATE ROLE {USER} LOGIN", database="postgres")
        server.stop()

    def server(self, **settings: object) -> "Postgresql":
        """A server of its own, started, without a database of ours. `settings` are those of postgresql.conf."""
        data = self._place.directory("postgresql")
        _run("cp", "-a", "--reflink=auto", self.data, data)
        return Postgresql(data, **settings).start()

    def become(self, server: "Postgresql") -> None:
        """Stops the server; what it holds is what later servers begin with."""
        server.stop()
        self.data = server.data


class Postgresql:
    """One server. A fault set by a method lasts until the method that ends it, or until restart()."""

    def __init__(self, data: Path, **settings: object) -> None:
        self.data = data
        self.port = free_port()
        self._settings = {**_SETTINGS, **{name: str(value) for name, value in settings.items()}, "port": str(self.port)}
        self._process: subprocess.Popen | None = None
        self.log_file = data.parent / f"{data.name}.log"

    # the process

    def start(self) -> "Postgresql":
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen([*_as_server_user(), _program("postgres"), "-D", str(self.data), *options],
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd="/")
        until(f"PostgreSQL to serve (log: {self.log_file})", self._answers, 20)
        return self

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(f"PostgreSQL ended with {self._process.returncode}: {self.log_file.read_text()[-2000:]}")
        return self._psql("SELECT 1", database="postgres").returncode == 0

    def stop(self) -> None:
        """A fast shutdown: clients are thrown out."""
        if self._process and self._process.poll() is None:
            self.thaw()
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)

    def close(self) -> None:
        """The end, also of its data: nothing has to be written down any more."""
        if self._process.poll() is None:
            self.kill()
        shutil.rmtree(self.data, ignore_errors=True)

    def kill(self) -> None:
        """kill -9 of the server and all its children."""
        send_all(self.data, signal.SIGKILL)
        self._process.wait(10)

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP of all its processes: connections stay open, new ones are accepted by the kernel, nothing is answered."""
        send_all(self.data, signal.SIGSTOP)

    def thaw(self) -> None:
        send_all(self.data, signal.SIGCONT)

    def heal(self) -> None:
        """Ends whatever fault there is."""
        self.thaw()
        if self._process.poll() is not None:
            self.start()
        self.read_only(False)
        self.out_of_connections(False)

    # faults it admits to

    def read_only(self, on: bool = True) -> None:
        """As a primary that became a standby: every new transaction may only read."""
        self._alter(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if on else 'off'}", "SELECT pg_reload_conf()")
        expected = "on" if on else "off"
        until("the setting to be read", lambda: self.query("SHOW default_transaction_read_only", database="postgres") == [(expected,)])

    def out_of_connections(self, on: bool = True) -> None:
        """Our role's connections end and it gets no new one: the same SQLSTATE (53300) as with max_connections used up."""
        self._alter(f"ALTER ROLE {USER} CONNECTION LIMIT {0 if on else -1}")
        if on:
            self.drop_connections()

    def drop_connections(self) -> None:
        self.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'", database="postgres")

    def _alter(self, *statements: str) -> None:
        self.query("SET default_transaction_read_only = off", *statements, database="postgres")

    # databases and what is in them

    def url(self, database: str, port: int | None = None) -> str:
        """For a client of ours; `port` is that of a relay in front."""
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{database}"

    def create_database(self, name: str, template: str = "template0") -> str:
        self.query(f'CREATE DATABASE "{name}" OWNER {USER} TEMPLATE "{template}"', database="postgres")
        return name

    def query(self, *statements: str, database: str) -> list[tuple[str, ...]]:
        """As superuser, each in a transaction of its own. Gives the rows; every value as text, NULL is empty."""
        done = self._psql(*statements, database=database)
        if done.returncode:
            raise RuntimeError(f"{statements}: {done.stderr}")
        return [tuple(line.split("\x1f")) for line in done.stdout.splitlines()]

    def _psql(self, *statements: str, database: str) -> subprocess.CompletedProcess:
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]
        commands = [word for statement in statements for word in ("-c", statement)]
        return subprocess.run([_program("psql"), "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", *where, *commands],
                              capture_output=True, text=True, check=False, timeout=60,
                              env={"PATH": os.environ["PATH"], "PGCONNECT_TIMEOUT": "5", "PGCLIENTENCODING": "UTF8"})
