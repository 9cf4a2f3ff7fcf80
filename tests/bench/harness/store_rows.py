"""The gateway with the stores that replicas share: counters in Redis, the ledger in PostgreSQL."""

from __future__ import annotations

import bodies
import databases
import upstreams
from measuring import Bench, Load, Result
from rows import Goal, Row, Stand, compare_requests
from subjects import HAProxy, SpiderGate

RECEIPTS_PER_SECOND = 2000


def _run_redis(bench: Bench) -> Result:
    with databases.redis() as server, Stand(bench) as stand:
        upstream = stand.keep(upstreams.fixed(stand.directory(), bench.tools, bodies.answer(700)))
        gateway = stand.subject(SpiderGate, upstream, sections={"redis": {"url": server.url()}})
        result = compare_requests(bench, "redis", [stand.subject(HAProxy, upstream), gateway], Load())
        if not server.keys("sg:*"):
            raise RuntimeError("the gateway counted nothing in Redis")
        return result


def _run_postgresql(bench: Bench) -> Result:
    load = Load(rate=RECEIPTS_PER_SECOND, share_of_seconds=1.5)
    with databases.postgresql() as server, Stand(bench) as stand:
        upstream = stand.keep(upstreams.fixed(stand.directory(), bench.tools, bodies.answer(700)))
        database = server.create_database("bench")
        plain = stand.subject(SpiderGate, upstream)
        shared = stand.subject(SpiderGate, upstream, name="with PostgreSQL", sections={"database": {"url": server.url(database)}})
        result = compare_requests(bench, "postgres", [plain, shared], load)
        rounds = result[shared.name]
        served = int(sum(one["warm_up_requests"] + one["requests"] for one in rounds))
        rounds[-1]["errors"] += max(0, served - databases.await_receipts(server, database, served))
        return result


REDIS = Row("redis", "limits, budget and key counters in Redis", "requests", "HAProxy",
            (Goal("CPU per request", "cpu_us", "HAProxy", 1.0, 0.85),), _run_redis)

POSTGRES = Row("postgres", f"the ledger in PostgreSQL at {RECEIPTS_PER_SECOND:,} receipts a second, open loop", "requests", "SpiderGate",
               (Goal("p99", "p99_us", "SpiderGate", 1.1, 1.0, subject="with PostgreSQL"),), _run_postgresql)
