#include <spidergate/model/usage.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string_view>

namespace spidergate::model {
namespace {

unit_price per_million(std::string_view usd) {
  return unit_price::from_usd_per_million(usd).value();
}

usage tokens(std::int64_t prompt, std::int64_t completion) {
  usage used;
  used.prompt = prompt;
  used.completion = completion;
  return used;
}

price gpt_4o_mini() {
  price rates;
  rates.input = per_million("0.15");
  rates.output = per_million("0.6");
  rates.cache_read = per_million("0.075");
  return rates;
}

TEST(cost, is_exact_for_a_plain_request) {
  EXPECT_EQ(cost_of(tokens(1000, 500), gpt_4o_mini()).to_usd(), "0.00045");
  EXPECT_EQ(cost_of(tokens(1, 0), gpt_4o_mini()).to_usd(), "0.00000015");
}

TEST(cost, charges_each_token_in_one_bucket) {
  price rates;
  rates.input = per_million("1");
  rates.cache_read = per_million("10");
  rates.cache_write = per_million("100");
  rates.output = per_million("1000");
  rates.reasoning = per_million("10000");
  usage used = tokens(10, 10);
  used.cached = 3;
  used.cache_written = 2;
  used.reasoning = 4;
  // 5 x 1 + 3 x 10 + 2 x 100 + 6 x 1000 + 4 x 10000 micro-dollars.
  EXPECT_EQ(cost_of(used, rates).nano_usd, 46'235'000);
}

TEST(cost, absent_cache_prices_are_the_input_price_and_absent_reasoning_the_output_price) {
  price rates;
  rates.input = per_million("2");
  rates.output = per_million("8");
  usage used = tokens(100, 100);
  used.cached = 40;
  used.cache_written = 10;
  used.reasoning = 50;
  EXPECT_EQ(cost_of(used, rates), cost_of(tokens(100, 100), rates));
}

TEST(cost, unknown_prices_count_as_nothing_and_are_told_apart_from_zero) {
  EXPECT_EQ(cost_of(tokens(1000, 1000), price{}).nano_usd, 0);
  EXPECT_FALSE(price{}.known());
  price free;
  free.input = unit_price{};
  EXPECT_TRUE(free.known());
}

TEST(cost, a_request_price_is_added_once) {
  price rates = gpt_4o_mini();
  rates.per_request = money::from_usd("0.005");
  EXPECT_EQ(cost_of(tokens(1000, 500), rates).to_usd(), "0.00545");
}

TEST(cost, a_tier_prices_the_whole_request_once_the_prompt_is_longer) {
  price rates;
  rates.input = per_million("1.25");
  rates.output = per_million("10");
  rates.cache_read = per_million("0.125");
  price::tier tier;
  tier.above_tokens = 200'000;
  tier.input = per_million("2.5");
  tier.output = per_million("15");
  rates.tiers = {tier};
  EXPECT_EQ(cost_of(tokens(200'000, 1000), rates).to_usd(), "0.26");
  EXPECT_EQ(cost_of(tokens(200'001, 1000), rates).to_usd(), "0.5150025");
  usage cached = tokens(200'001, 0);
  cached.cached = 200'001;
  EXPECT_EQ(cost_of(cached, rates).to_usd(), "0.025000125") << "an absent part keeps the base price";
}

TEST(cost, the_highest_reached_tier_applies_alone) {
  price rates;
  rates.input = per_million("1");
  for (const auto& [above, usd] : {std::pair{100, "2"}, std::pair{200, "3"}}) {
    price::tier tier;
    tier.above_tokens = above;
    tier.input = per_million(usd);
    rates.tiers.push_back(tier);
  }
  EXPECT_EQ(cost_of(tokens(100, 0), rates).nano_usd, 100'000);
  EXPECT_EQ(cost_of(tokens(101, 0), rates).nano_usd, 202'000);
  EXPECT_EQ(cost_of(tokens(201, 0), rates).nano_usd, 603'000);
}

TEST(cost, parts_that_exceed_their_whole_are_cut_to_it) {
  price rates = gpt_4o_mini();
  usage absurd = tokens(10, 5);
  absurd.cached = 1'000'000;
  absurd.cache_written = 1'000'000;
  absurd.reasoning = 1'000'000;
  usage all_cached = tokens(10, 5);
  all_cached.cached = 10;
  EXPECT_EQ(cost_of(absurd, rates), cost_of(all_cached, rates));
  EXPECT_EQ(cost_of(tokens(-5, -5), rates).nano_usd, 0);
}

TEST(cost, property_never_negative_monotone_and_bounded_by_the_dearest_bucket) {
  std::mt19937_64 random(7);
  const auto pick = [&random](std::int64_t limit) {
    return std::uniform_int_distribution<std::int64_t>(0, limit)(random);
  };
  for (int round = 0; round < 5000; ++round) {
    price rates;
    rates.input = unit_price{pick(100'000'000)};
    rates.output = unit_price{pick(100'000'000)};
    if (round % 2 == 0) rates.cache_read = unit_price{pick(rates.input->pico_usd)};
    if (round % 3 == 0) rates.cache_write = unit_price{pick(200'000'000)};
    if (round % 5 == 0) rates.reasoning = unit_price{pick(200'000'000)};
    usage used = tokens(pick(1'000'000), pick(100'000));
    used.cached = pick(used.prompt);
    used.cache_written = pick(used.prompt - used.cached);
    used.reasoning = pick(used.completion);
    const auto cost = cost_of(used, rates);
    EXPECT_GE(cost.nano_usd, 0);

    auto longer = used;
    longer.prompt += 1 + pick(1000);
    longer.completion += 1 + pick(1000);
    EXPECT_GE(cost_of(longer, rates), cost);

    price dearest;
    dearest.input = std::max({*rates.input, rates.cache_write.value_or(unit_price{})});
    dearest.output = std::max({*rates.output, rates.reasoning.value_or(unit_price{})});
    EXPECT_LE(cost, cost_of(tokens(used.prompt, used.completion), dearest));
  }
}

TEST(cost, property_is_the_sum_of_buckets_rounded_once) {
  std::mt19937_64 random(11);
  const auto pick = [&random](std::int64_t limit) {
    return std::uniform_int_distribution<std::int64_t>(0, limit)(random);
  };
  for (int round = 0; round < 5000; ++round) {
    price rates;
    rates.input = unit_price{pick(99'999)};
    rates.output = unit_price{pick(99'999)};
    rates.cache_read = unit_price{pick(99'999)};
    usage used = tokens(pick(10'000), pick(10'000));
    used.cached = pick(used.prompt);
    const std::int64_t pico = (used.prompt - used.cached) * rates.input->pico_usd +
                              used.cached * rates.cache_read->pico_usd + used.completion * rates.output->pico_usd;
    EXPECT_EQ(cost_of(used, rates).nano_usd, (pico + 500) / 1000);
  }
}

}  // namespace
}  // namespace spidergate::model
