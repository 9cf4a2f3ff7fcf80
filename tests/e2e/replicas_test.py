"""Three replicas on one PostgreSQL and one Redis: what is promised about money and keys holds for all of them together (spec 7, 8, 11)."""

import time
from decimal import Decimal

import pytest
from load import Load, chat_request, statuses
from ledger import receipts_of
from provider_process import until

USAGE = {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}  # of every call here
COST = Decimal("0.00011")  # by the prices in conftest.py


@pytest.fixture
def three(replicas):
    return replicas(3)


def ports(gateways):
    return [gateway.port for gateway in gateways]


def key_known_to_all(gateways, *options):
    made = gateways[0].create_key(*options)
    for gateway in gateways:
        until("a replica to know the key", lambda: gateway.get("/v1/models", key=made["key"]).status == 200, 2)
    return made


def test_a_budget_for_a_hundred_calls_lets_no_more_than_a_hundred_of_a_thousand_racing_ones_through(three, provider, say):
    made = key_known_to_all(three, "--budget-monthly", str(100 * COST))
    provider.script({"usage": USAGE, "delay_ms": 30}, times=None)
    request = chat_request(made["key"], max_tokens=50)
    with Load(ports(three), request, clients=150, times=1000) as race:
        race.join()
    seen = statuses(race.answers)
    assert set(seen) == {(200, ""), (402, "budget_exceeded")}
    admitted, raced = seen[200, ""], len(provider.requests())
    assert raced == admitted, "a refused request reaches no provider"
    # What the race left over, because more was reserved than used, can still be spent; not a call more.
    calls = Load(ports(three), request, clients=1, times=120)
    with calls:
        calls.join()
    rest = statuses(calls.answers)
    delivered = admitted + rest[200, ""]
    say(f"budget for 100 calls, 3 replicas: 1000 raced, {admitted} admitted, {delivered} after using up the rest, {len(provider.requests())} at the provider")
    assert delivered == len(provider.requests()) and 90 <= delivered <= 100
    receipts = until("all receipts", lambda: len(found := receipts_of(three[0], token_id=made["id"])) >= 1120 and found)
    paid = [Decimal(str(receipt["cost"]["total_usd"])) for receipt in receipts]
    assert sum(paid) == delivered * COST <= 100 * COST
    refused = next(answer for answer in race.answers if answer.status == 402)
    assert refused.headers["x-should-retry"] == "false" and b"monthly budget of this API key" in refused.body


def test_a_hundred_requests_a_minute_admit_at_most_a_hundred_and_one(three, provider, say):
    made = key_known_to_all(three, "--rate-limit", "100")
    with Load(ports(three), chat_request(made["key"]), clients=30, times=600) as race:
        race.join()
    seen = statuses(race.answers)
    say(f"100 requests a minute, 3 replicas: 600 raced, {seen[200, '']} admitted")
    assert set(seen) == {(200, ""), (429, "rate_limit_exceeded")} and 100 <= seen[200, ""] <= 101
    assert len(provider.requests()) == seen[200, ""]


def test_a_provider_keys_daily_limit_is_exact(replicas, provider, running_provider, say):
    three = replicas(3, start=False, providers={"tr": {"dialect": "openai", "base_url": running_provider.url("/tr"), "auth": "bearer", "models": [{"name": "echo"}]}})
    three[0].add_provider_key("tr", "pk-secret-tr-0003", "tr-a", "--daily-limit", "200")
    for gateway in three:
        gateway.start()
    with Load(ports(three), chat_request(three[0].key, "tr/echo"), clients=30, times=600) as race:
        race.join()
    seen, reached = statuses(race.answers), len(provider.requests(key="pk-secret-tr-0003"))
    say(f"daily limit of 200, 3 replicas: 600 raced, {reached} used the key")
    assert reached == seen[200, ""] == 200 and set(seen) == {(200, ""), (503, "no_available_key")}


def test_parallel_requests_are_bounded_over_all_replicas_and_freed_when_they_end(three, provider):
    made = key_known_to_all(three, "--max-parallel", "5")
    provider.script({"stall": "head"}, times=5)
    request = chat_request(made["key"], spidergate_options={"timeout_ms": 2500})
    with Load(ports(three), request, clients=30, times=30) as crowd:
        provider.wait_for_requests(5)
        until("the others to be refused", lambda: len(crowd.answers) == 25)
        assert statuses(crowd.answers) == {(429, "concurrency_limit_exceeded"): 25}
        crowd.join()
    assert statuses(crowd.answers)[504, "deadline_exceeded"] == 5
    assert [gateway.chat(key=made["key"]).status for gateway in three] == [200, 200, 200]


@pytest.mark.timeout(90)
def test_what_a_killed_replica_held_is_free_in_time(three, provider, say):
    """Two parallel requests and half of a budget are held by a replica that is killed."""
    made = key_known_to_all(three, "--max-parallel", "2", "--budget-monthly", str(4 * COST))
    request = chat_request(made["key"], max_tokens=50)
    provider.script({"usage": USAGE, "stall": "head"}, times=2)
    with Load([three[0].port], request, clients=2, times=2):
        provider.wait_for_requests(2)
        assert three[1].chat(key=made["key"], max_tokens=50).error["code"] == "concurrency_limit_exceeded"
        three[0].kill()
        killed = time.monotonic()
    provider.script({"usage": USAGE}, times=None)
    until("the places to be free", lambda: three[1].chat(key=made["key"], max_tokens=50).status == 200, 45)
    places = time.monotonic() - killed
    until("the reservations to be free", lambda: three[2].chat(key=made["key"], max_tokens=50).status == 200, 10)
    say(f"killed replica: its places were free after {places:.1f} s, its reservations after {time.monotonic() - killed:.1f} s")


def revoke_by_command(gateway, token_id):
    gateway.must("key", "revoke", token_id)


def revoke_by_api(gateway, token_id):
    assert gateway.manage("DELETE", f"/keys/{token_id}").status in (200, 204)


@pytest.mark.parametrize("revoke", [revoke_by_command, revoke_by_api])
def test_a_token_revoked_under_load_is_refused_everywhere_within_a_second_and_never_comes_back(three, revoke, say):
    made = key_known_to_all(three)
    with Load(ports(three), chat_request(made["key"]), clients=12, rate=500) as load:
        time.sleep(1.5)  # not a wait: the load before the change
        revoke(three[2], made["id"])
        returned = time.monotonic()
        time.sleep(2.5)
    accepted = [answer for answer in load.answers if answer.status == 200]
    last = max(answer.asked_at for answer in accepted)
    say(f"{revoke.__name__}: {len(load.answers)} calls, last one accepted {1000 * (last - returned):.0f} ms after the revocation returned")
    assert len(load.answers) > 1200 and last <= returned + 1
    assert statuses(load.between(last + 0.001, returned + 10)).keys() == {(401, "revoked_api_key")}
    three[0].stop()
    three[0].start()
    assert {gateway.chat(key=made["key"]).error["code"] for gateway in three} == {"revoked_api_key"}


def test_a_limit_changed_under_load_holds_everywhere_within_a_second(three, say):
    made = key_known_to_all(three)
    with Load(ports(three), chat_request(made["key"]), clients=12, rate=300) as load:
        time.sleep(1.0)  # not a wait: the load before the change
        assert three[1].manage("PATCH", f"/keys/{made['id']}", {"rpm": 5}).status == 200
        returned = time.monotonic()
        time.sleep(2.0)
    last = max(answer.asked_at for answer in load.answers if answer.status == 200)
    say(f"a lower limit: last call accepted {1000 * (last - returned):.0f} ms after the change returned")
    assert last <= returned + 1
    assert statuses(load.between(last + 0.001, returned + 10)).keys() == {(429, "rate_limit_exceeded")}
