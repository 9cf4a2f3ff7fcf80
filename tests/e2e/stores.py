"""Where a gateway of the tests keeps what it knows. Both kinds give its configuration's sections and what its data directory holds at first."""

from __future__ import annotations

import itertools
import shutil

from gateway import Gateway
from servers import Postgresql, Redis


class OwnStores:
    """A SQLite file of its own, as after the first start of `model`."""

    def __init__(self, model: Gateway) -> None:
        self._model = model

    def sections(self) -> dict[str, dict]:
        return {}

    def fill(self, gateway: Gateway) -> None:
        shutil.copytree(self._model.data_dir, gateway.data_dir)
        gateway.key, gateway.admin = self._model.key, self._model.admin


class SharedStores:
    """PostgreSQL, which holds the database `set_up` that `model` has made, and Redis. Without a database's name, each gateway gets
    a new database and its own part of Redis, and so is alone; with it, gateways are replicas of each other."""

    def __init__(self, model: Gateway, postgresql: Postgresql, redis: Redis, *, database: str = "", postgresql_port: int | None = None,
                 redis_port: int | None = None) -> None:
        self._model, self._postgresql, self._redis, self._database = model, postgresql, redis, database
        self._ports = postgresql_port, redis_port
        self._numbers = itertools.count(1)

    def sections(self) -> dict[str, dict]:
        name = self._database or self._postgresql.create_database(f"gate_{next(self._numbers)}", template="set_up")
        return {"database": {"url": self._postgresql.url(name, self._ports[0])},
                "redis": {"url": self._redis.url(port=self._ports[1]), "key_prefix": f"{name}:"}}

    def fill(self, gateway: Gateway) -> None:
        """Replicas share the master key, nothing else in their data directories."""
        gateway.data_dir.mkdir(mode=0o700)
        shutil.copy2(self._model.data_dir / "master.key", gateway.data_dir)
        gateway.key, gateway.admin = self._model.key, self._model.admin
