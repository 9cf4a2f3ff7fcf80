"""Prices of every kind (spec 13, 14), from the config file and agreed for a brand or a provider key: exact in headers, receipts
and usage, whether streamed or not."""

import json
from decimal import Decimal

import pytest
from provider_process import until

PRICES = {"input_per_mtok_usd": "1", "output_per_mtok_usd": "2", "cache_read_per_mtok_usd": "0.1", "cache_write_per_mtok_usd": "1.25",
          "reasoning_per_mtok_usd": "3", "audio_input_per_mtok_usd": "40", "audio_output_per_mtok_usd": "80", "per_request_usd": "0.005"}
USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500,
         "prompt_tokens_details": {"cached_tokens": 300, "cache_write_tokens": 200, "audio_tokens": 100},
         "completion_tokens_details": {"reasoning_tokens": 200, "audio_tokens": 100}}
# Micro-dollars: 400 plain, 300 cached, 200 written, 100 heard; 200 said, 200 thought, 100 spoken; and the request.
COST = Decimal(400 * 1 + 30 + 250 + 100 * 40 + 200 * 2 + 200 * 3 + 100 * 80 + 5000) / 10**6

BOTH_WAYS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@pytest.fixture
def priced(fresh, plain_config):
    """Makes a gateway whose model tp/echo has these prices; with more models, if given."""
    def make(prices=PRICES, **more):
        tp = plain_config["providers"]["tp"]
        models = [{"name": "echo", **prices}, *({"name": name, **of} for name, of in more.items())]
        return fresh(providers={"tp": {**tp, "models": models}})

    return make


def cost_of(receipt):
    assert Decimal(str(receipt["cost"]["total_usd"])) == Decimal(str(receipt["cost"]["provider_cost_usd"]))
    return Decimal(str(receipt["cost"]["total_usd"]))


def asked_cost(gateway, provider, usage=USAGE, model="tp/echo", **more):
    """What one more request costs by its receipt; the headers of a whole answer have to say the same."""
    provider.script({"usage": usage})
    reply = gateway.chat(model, **more)
    assert reply.status == 200, reply.body
    cost = cost_of(gateway.receipt(reply.request_id))
    if not more.get("stream"):
        assert Decimal(reply.headers["x-spidergate-cost-usd"]) == cost
        assert Decimal(str(json.loads(reply.headers["x-llm-gateway"])["cost_usd"])) == cost
    return cost


@BOTH_WAYS
def test_every_kind_of_token_has_its_own_price(priced, provider, stream):
    gateway = priced()
    assert asked_cost(gateway, provider, stream=stream) == COST


@BOTH_WAYS
def test_the_receipt_says_which_tokens_were_charged(priced, provider, stream):
    gateway = priced()
    provider.script({"usage": USAGE})
    receipt = gateway.receipt(gateway.chat(stream=stream).request_id)
    assert receipt["execution"]["tokens"] == {
        "prompt": 1000, "cached": 300, "cache_written": 200, "completion": 500, "reasoning": 200, "audio_prompt": 100,
        "audio_completion": 100, "total": 1500, "estimated": False}
    assert receipt["fallback"]["attempts"][0]["tokens"] == receipt["execution"]["tokens"]


def test_usage_adds_up_what_receipts_say(priced, provider):
    gateway = priced()
    for stream in (False, True, False):
        asked_cost(gateway, provider, stream=stream)
    total = gateway.manage("GET", "/usage").json["data"][0]
    assert (total["requests"], Decimal(str(total["cost_usd"]))) == (3, 3 * COST)


def test_kinds_without_a_price_cost_what_plain_tokens_do(priced, provider):
    gateway = priced({"input_per_mtok_usd": "1", "output_per_mtok_usd": "2"})
    assert asked_cost(gateway, provider) == Decimal("0.002")


def test_a_request_that_nobody_served_costs_nothing_even_with_a_price_per_request(priced, provider):
    gateway = priced()
    provider.script({"status": 500}, times=None)
    assert cost_of(gateway.receipt(gateway.chat().request_id)) == 0


@BOTH_WAYS
@pytest.mark.parametrize(("tokens", "cost"), [(0, "0"), (499, "0"), (500, "0.000000001"), (1499, "0.000000001"), (1500, "0.000000002")])
def test_a_cost_is_rounded_once_to_a_nano_dollar(priced, provider, tokens, cost, stream):
    gateway = priced({"input_per_mtok_usd": "0.000001", "output_per_mtok_usd": "0.000001"})
    # Half of them on each side: rounding each would lose them all, or double them.
    usage = {"prompt_tokens": tokens // 2, "completion_tokens": tokens - tokens // 2}
    assert asked_cost(gateway, provider, usage, stream=stream) == Decimal(cost)


@BOTH_WAYS
@pytest.mark.parametrize("details", [
    {"prompt_tokens_details": {"cached_tokens": 5000}}, {"prompt_tokens_details": {"audio_tokens": -1}},
    {"completion_tokens_details": {"reasoning_tokens": "200"}}, {"prompt_tokens_details": {"cached_tokens": 10**15}}],
    ids=["more-cached-than-prompt", "negative-sound", "text", "huge"])
def test_parts_that_cannot_be_true_are_not_charged(priced, provider, details, stream):
    gateway = priced()
    provider.script({"usage": {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500, **details}})
    receipt = gateway.receipt(gateway.chat(stream=stream).request_id)
    tokens = receipt["execution"]["tokens"]
    assert tokens["estimated"] is True and (tokens["cached"], tokens["reasoning"]) == (0, 0) and "audio_prompt" not in tokens
    assert cost_of(receipt) == Decimal(tokens["prompt"] + 2 * tokens["completion"] + 5000) / 10**6


# Agreed prices


def brand_path(gateway):
    return f"/brands/{gateway.manage('GET', '/brands').json['data'][0]['id']}"


def integration_path(gateway, provider_name="tp"):
    found = [one["id"] for one in gateway.manage("GET", "/integrations").json["data"] if one["provider_name"] == provider_name]
    assert len(found) == 1
    return f"/integrations/{found[0]}"


def agree(gateway, path, overrides):
    reply = gateway.manage("PATCH", path, {"price_overrides": overrides})
    assert reply.status == 200, reply.body
    return reply.json


def until_it_costs(gateway, provider, cost, **more):
    """A change shows in a running gateway within a moment."""
    until(f"a request to cost {cost}", lambda: asked_cost(gateway, provider, **more) == cost, 5)


OWNERS = pytest.mark.parametrize("path_of", [brand_path, integration_path], ids=["brand", "integration"])
# Of the micro-dollars above, with plain prompt tokens free and spoken ones at half the price.
AGREED, AGREED_COST = {"input_per_mtok_usd": "0", "audio_output_per_mtok_usd": 40}, COST - Decimal(400 + 4000) / 10**6


@OWNERS
def test_an_agreed_price_replaces_its_part_and_keeps_the_others(priced, provider, path_of):
    gateway = priced()
    shown = agree(gateway, path_of(gateway), {"tp/*": AGREED})
    assert shown["price_overrides"] == {"tp/*": AGREED}
    until_it_costs(gateway, provider, AGREED_COST)
    assert asked_cost(gateway, provider, stream=True) == AGREED_COST


@OWNERS
def test_an_agreed_price_is_in_usage_and_survives_a_restart(priced, provider, path_of):
    gateway = priced()
    agree(gateway, path_of(gateway), {"echo": AGREED})
    gateway.stop()
    gateway.start()
    for _ in range(3):
        assert asked_cost(gateway, provider) == AGREED_COST
    total = gateway.manage("GET", "/usage").json["data"][0]
    assert (total["requests"], Decimal(str(total["cost_usd"]))) == (3, 3 * AGREED_COST)


@OWNERS
def test_an_agreement_concerns_only_the_models_that_it_names(priced, provider, path_of):
    gateway = priced(other=PRICES)
    agree(gateway, path_of(gateway), {"tp/oth*": {"per_request_usd": "1"}})
    until_it_costs(gateway, provider, COST + Decimal("0.995"), model="tp/other")
    assert asked_cost(gateway, provider, model="tp/echo") == COST


@OWNERS
def test_an_agreement_that_is_taken_back_leaves_the_list_price(priced, provider, path_of):
    gateway = priced()
    agree(gateway, path_of(gateway), {"*": AGREED})
    until_it_costs(gateway, provider, AGREED_COST)
    agree(gateway, path_of(gateway), None)
    until_it_costs(gateway, provider, COST)


def test_the_key_s_agreement_stands_before_the_brand_s(priced, provider):
    gateway = priced()
    agree(gateway, brand_path(gateway), {"*": {"per_request_usd": "7"}})
    until_it_costs(gateway, provider, COST + Decimal("6.995"))
    agree(gateway, integration_path(gateway), {"*": {"per_request_usd": "0.25"}})
    until_it_costs(gateway, provider, COST + Decimal("0.245"))


def test_an_agreement_of_one_provider_s_key_leaves_the_other_alone(priced, provider):
    gateway = priced()
    agree(gateway, integration_path(gateway, "tq"), {"*": {"per_request_usd": "1"}})
    plain = {"prompt_tokens": 10, "completion_tokens": 10}
    until_it_costs(gateway, provider, Decimal("1.00003"), usage=plain, model="tq/backup")
    assert asked_cost(gateway, provider) == COST


def test_a_model_without_a_list_price_has_an_agreed_one(priced, provider):
    gateway = priced(unlisted={})
    provider.script({"usage": USAGE})
    assert gateway.receipt(gateway.chat("tp/unlisted").request_id)["cost"]["provider_cost_usd"] is None
    agree(gateway, brand_path(gateway), {"tp/unlisted": {"input_per_mtok_usd": "10"}})

    def cost():
        provider.script({"usage": USAGE})
        return gateway.receipt(gateway.chat("tp/unlisted").request_id)["cost"]["provider_cost_usd"]

    until("the agreed price to apply", lambda: cost() is not None, 5)
    assert Decimal(str(cost())) == Decimal("0.01")


@OWNERS
@pytest.mark.parametrize(("overrides", "said"), [
    ({"tp/*": {"input_per_mtok_usd": "-1"}}, "'tp/*'.input_per_mtok_usd: '-1' is not a price"),
    ({"tp/*": {"input": 1}}, "'tp/*'.input: unknown"), ({"tp/*": {"image_usd": "0.0000000001"}}, "at most 9 decimals"),
    ({"tp/*": {"input_per_mtok_usd": "0.0000001"}}, "at most 6 decimals"), ({"tp/*": 3}, "'tp/*': must be an object"),
    ({str(number): {"per_request_usd": 1} for number in range(1001)}, "more than 1000 entries")],
    ids=["negative", "unknown", "too-fine", "finer-than-pico", "number", "too-many"])
def test_an_agreement_that_makes_no_sense_is_refused_and_changes_nothing(gateway, path_of, overrides, said):
    path = path_of(gateway)
    before = gateway.manage("GET", path).json["price_overrides"]
    reply = gateway.manage("PATCH", path, {"price_overrides": overrides})
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, "invalid_value", "price_overrides")
    assert said in reply.error["message"]
    assert gateway.manage("GET", path).json["price_overrides"] == before


def test_a_price_in_the_config_file_that_makes_no_sense_is_named(fresh, plain_config):
    gateway = fresh(start=False, providers={"tp": {**plain_config["providers"]["tp"], "models": [{"name": "echo", "audio_input_per_mtok_usd": "-3"}]}})
    ran = gateway.cli("config", "check")
    assert ran.code != 0 and "providers.tp.models.echo.audio_input_per_mtok_usd: '-3' is not a price" in ran.out + ran.err
