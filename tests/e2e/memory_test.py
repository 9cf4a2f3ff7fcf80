"""Overload is shed before memory ends (spec 18): connections end first, then new requests are refused, and it passes."""

import http.client
import signal

from asking import ask
from provider_process import until


def limit_to(gateway, limit: int) -> None:
    gateway.configure({**gateway.config, "server": {**gateway.config["server"], "memory_limit": limit}})
    gateway.process.send_signal(signal.SIGHUP)


def connection_ends(gateway) -> bool:
    kept = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)
    kept.request("GET", "/healthz")
    answer = kept.getresponse()
    answer.read()
    kept.close()
    return answer.status == 200 and answer.getheader("connection") == "close"


def test_near_the_limit_connections_end_and_beyond_it_requests_are_refused(fresh):
    gateway = fresh()
    assert gateway.chat().status == 200 and not connection_ends(gateway)
    limit_to(gateway, int(gateway.resident_bytes() / 0.5))
    assert not connection_ends(gateway)

    limit_to(gateway, gateway.resident_bytes() // 2)
    until("requests to be refused", lambda: gateway.chat().status == 503, 5)
    refused = gateway.chat()
    assert refused.json["error"]["code"] == "gateway_overloaded" and int(refused.headers["retry-after"]) >= 1
    assert connection_ends(gateway)
    assert ask(gateway.port, "GET", "/healthz").status == 200
    assert ask(gateway.port, "GET", "/readyz").status == 503
    assert ask(gateway.admin_port, "GET", "/metrics").status == 200

    limit_to(gateway, 0)
    until("requests to be served again", lambda: gateway.chat().status == 200, 5)
    assert not connection_ends(gateway)
