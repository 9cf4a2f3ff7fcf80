"""What a brand prefers, as PATCHed by its owner, decides where its requests go (spec 9), and where no other brand's do."""

from itertools import cycle

import pytest
from provider_process import until

CHAIN = "test/chain"  # tp/echo, then tq/backup


class Brand:
    """A brand of its own, drawing on the pool's keys."""

    def __init__(self, gateway, provider, name):
        self._gateway, self._provider = gateway, provider
        made = gateway.manage("POST", "/brands", {"name": name, "pool_access": True}).json
        self._owner = made["admin_token"]["token"]
        until("the owner to be known", lambda: gateway.get("/api/v1/preferences", key=self._owner).status == 200, 2)
        self._key = gateway.send("POST", "/api/v1/keys", {"label": "one"}, key=self._owner).json["key"]
        self._marks = cycle(["mark-1", "mark-2"])
        until("the key to be known", lambda: self.call("tm/mark-1").status == 200, 2)

    def call(self, model, **more):
        return self._gateway.chat(model, key=self._key, **more)

    def went_to(self, model=CHAIN, **more):
        """Which providers were called for one request, and what came of it."""
        before = len(self._provider.requests())
        reply = self.call(model, **more)
        return [one["path"].split("/")[1] for one in self._provider.requests()[before:]], reply.status

    def prefers(self, **wanted):
        """Changes the preferences, which are in force within a second: a model that they block besides tells when."""
        mark = next(self._marks)
        reply = self._gateway.send("PATCH", "/api/v1/preferences", {**wanted, "blocked_models": [mark]}, key=self._owner)
        assert reply.status == 200, reply.body
        until(f"{wanted} to be in force", lambda: self.call(f"tm/{mark}").headers.get("x-spidergate-provider") != "tm", 1.2)


@pytest.fixture
def gateway_of_ours(fresh, provider):
    marks = {"dialect": "openai", "base_url": provider.url("/tm"), "auth": "none", "models": [{"name": "mark-1"}, {"name": "mark-2"}]}
    without_key = {"dialect": "openai", "base_url": provider.url("/tr"), "auth": "bearer", "models": [{"name": "keyless"}]}
    return fresh(providers={"tm": marks, "tr": without_key}, aliases={"test/long": ["tr/keyless", "tp/echo", "tq/backup"]})


@pytest.fixture
def brands(gateway_of_ours, provider):
    return Brand(gateway_of_ours, provider, "one"), Brand(gateway_of_ours, provider, "other")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_without_fallback_one_candidate_serves_or_none(brands, provider, stream):
    one, other = brands
    provider.script({"status": 500}, path="/tp/*", times=None)
    assert one.went_to(stream=stream) == (["tp", "tq"], 200)
    one.prefers(fallback_enabled=False)
    assert one.went_to(stream=stream) == (["tp"], 502)
    assert other.went_to(stream=stream) == (["tp", "tq"], 200), "another brand's requests fall back as ever"
    assert one.went_to(stream=stream, spidergate_options={"fallback_models": ["tq/backup"]}) == (["tp"], 502), "the request cannot bring it back"
    assert one.went_to("tq/backup", stream=stream) == (["tq"], 200)
    one.prefers(fallback_enabled=None)
    assert one.went_to(stream=stream) == (["tp", "tq"], 200)


def test_without_fallback_the_one_is_the_first_that_there_is_a_key_for(brands, provider):
    one, other = brands
    one.prefers(fallback_enabled=False)
    assert one.went_to("test/long") == (["tp"], 200)
    provider.script({"status": 500}, path="/tp/*", times=None)
    assert one.went_to("test/long") == (["tp"], 502)
    assert other.went_to("test/long") == (["tp", "tq"], 200)


def test_providers_and_models_that_a_brand_blocks_or_does_not_allow_are_never_called(brands, provider):
    one, other = brands
    one.prefers(blocked_providers=["tp"])
    assert one.went_to() == (["tq"], 200)
    assert one.went_to("tp/echo") == ([], 403)
    one.prefers(blocked_providers=None, allowed_models=["backup", "mark-*"])
    assert (one.went_to(), one.went_to("tp/echo")) == ((["tq"], 200), ([], 403))
    one.prefers(allowed_models=None, allowed_providers=["tp", "tm"])
    assert one.went_to() == (["tp"], 200)
    provider.script({"status": 500}, path="/tp/*")
    assert one.went_to() == (["tp"], 502), "what is not allowed is no fallback either"
    assert other.went_to() == (["tp"], 200)


def test_a_brands_fallback_chain_stands_behind_every_chain_that_the_client_did_not_write(brands, provider):
    one, other = brands
    provider.script({"status": 500}, path="/tp/*", times=None)
    assert one.went_to("tp/echo") == (["tp"], 502)
    one.prefers(fallback_chain=["tq/backup"])
    assert one.went_to("tp/echo") == (["tp", "tq"], 200)
    assert other.went_to("tp/echo") == (["tp"], 502)
    assert one.went_to("tp/echo", **{"x-fallback-chain": ["tp/org/slashed"]}) == (["tp"], 502), "the client's own chain stays as it is"
