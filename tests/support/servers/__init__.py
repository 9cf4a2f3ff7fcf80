"""Real PostgreSQL and Redis servers for tests, on free ports, with every way to make them fail. See README.md."""

from .place import Place
from .postgresql import Postgresql, PostgresqlTemplate
from .redis import Redis
from .relay import Relay

__all__ = ["Place", "Postgresql", "PostgresqlTemplate", "Redis", "Relay"]
