"""The table of issue 5: every row there is, in its order."""

from __future__ import annotations

from measuring import Bench, Result
from process_rows import RSS, START, THREADS
from proxy_rows import CHAT, HALF, SIZES
from rows import Goal, Row
from scale_rows import SCALE
from store_rows import POSTGRES, REDIS
from stream_rows import STREAMS
from tls_rows import TLS
from translation_rows import TRANSLATED

MEASURED = [CHAT, HALF, *SIZES, STREAMS, RSS, TLS, REDIS, POSTGRES, *TRANSLATED, THREADS, SCALE, START]


def _not_here(bench: Bench) -> Result:
    raise RuntimeError("tests/bench/peers measures other gateways")


PEERS = Row("peers", "other gateways with the work of `chat`", "peers", "SpiderGate",
            (Goal("requests/s per core", "rps_per_core", "Portkey", 40, 80, at_least=True), Goal("requests/s per core", "rps_per_core", "LiteLLM", 100, 300, at_least=True),
             Goal("requests/s per core", "rps_per_core", "Bifrost", 3, 6, at_least=True)), _not_here)

ALL = [*MEASURED, PEERS]
QUICK = {"chat", "streams", "tls", "redis", "postgres", "translated", "translated-streams", "scale", "start"}
