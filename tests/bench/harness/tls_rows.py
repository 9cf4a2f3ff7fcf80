"""TLS to the provider, over connections that are kept."""

from __future__ import annotations

import sys
from pathlib import Path

import bodies
import upstreams
from measuring import Bench, Load, Result
from rows import Goal, Row, Stand, compare_requests
from subjects import HAProxy, SpiderGate

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support" / "test_provider"))

import certificates  # noqa: E402


def _run(bench: Bench) -> Result:
    with Stand(bench) as stand:
        directory = stand.directory()
        authority = certificates.make(directory / "certificates")
        upstream = stand.keep(upstreams.FixedNginx(directory, bodies.answer(700), authority.parent))
        subjects = [stand.subject(kind, upstream, authority=authority) for kind in (HAProxy, SpiderGate)]
        return compare_requests(bench, "tls", subjects, Load())


TLS = Row("tls", "TLS to the provider, pooled connections; nginx as the provider", "requests", "HAProxy",
          (Goal("CPU per request", "cpu_us", "HAProxy", 0.8, 0.65),), _run)
