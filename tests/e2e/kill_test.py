"""kill -9 under load (spec 14): an answer that a client has received whole has its receipt, once, whatever the moment of the kill."""

import http.client
import json
import random
import threading
import time
from functools import partial

import pytest
from provider_process import until
from wire import events

KILLS = 50
CLIENTS = 6


class Load:
    """Clients that ask without end and note the answers that they received to the last byte."""

    def __init__(self, gateway) -> None:
        self._gateway = gateway
        self._stop = threading.Event()
        self.received: dict[str, int] = {}  # request id -> tokens
        self._threads = [threading.Thread(target=self._client, args=(number,)) for number in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def has_received(self, count: int) -> bool:
        return len(self.received) >= count

    def _client(self, number: int) -> None:
        stream = number % 2 == 0
        body = f'{{"model":"tp/echo","stream":{str(stream).lower()},"stream_options":{{"include_usage":true}},"messages":[{{"role":"user","content":"one two"}}]}}'
        if not stream:
            body = body.replace('"stream":false,"stream_options":{"include_usage":true},', "")
        headers = {"Authorization": f"Bearer {self._gateway.key}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self._gateway.port, timeout=5)
        while not self._stop.is_set():
            try:
                connection.request("POST", "/v1/chat/completions", body, headers)
                answer = connection.getresponse()
                data = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()  # the kill: the answer was not received whole
                self._stop.wait(0.005)
                continue
            self._note(answer, data, stream)
        connection.close()

    def _note(self, answer, data: bytes, stream: bool) -> None:
        if answer.status != 200 or (stream and not data.endswith(b"data: [DONE]\n\n")):
            return
        usage = events(data)[-2]["usage"] if stream else json.loads(data)["usage"]
        self.received[answer.headers["x-request-id"]] = usage["total_tokens"]


def all_receipts(gateway) -> list[dict]:
    found, cursor = [], ""
    while True:
        page = gateway.manage("GET", f"/requests?limit=500{cursor}").json
        found += page["data"]
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.timeout(240)
def test_no_delivered_answer_is_without_its_receipt_after_fifty_kills(fresh, say):
    gateway = fresh(start=False)
    load = Load(gateway)
    load.start()
    try:
        for _ in range(KILLS):
            gateway.start()
            goal = len(load.received) + random.randrange(1, 60)
            until("answers to be delivered", partial(load.has_received, goal), 30)
            time.sleep(random.random() * 0.02)  # not a wait: the moment of the kill is to be any
            gateway.kill()
    finally:
        load.stop()
    gateway.start()
    assert len(load.received) > KILLS
    until("every delivered answer's receipt to be loaded", lambda: load.received.keys() <= {r["request_id"] for r in all_receipts(gateway)}, 15)
    receipts = all_receipts(gateway)
    ids = [receipt["request_id"] for receipt in receipts]
    say(f"kill -9: {KILLS} kills, {len(load.received)} answers delivered, {len(load.received.keys() - set(ids))} lost, {len(ids) - len(set(ids))} doubled, {len(ids)} receipts")
    assert len(ids) == len(set(ids)), "a receipt is there twice"
    by_id = {receipt["request_id"]: receipt for receipt in receipts}
    assert all(by_id[one]["execution"]["tokens"]["total"] == tokens for one, tokens in load.received.items())
    billed = int(gateway.manage("GET", "/usage").json["data"][0]["prompt_tokens"]) + int(gateway.manage("GET", "/usage").json["data"][0]["completion_tokens"])
    assert billed >= sum(load.received.values()), "the sums hold what was delivered"
