#include <spidergate/model/usage.hpp>

#include <gtest/gtest.h>

#include <limits>
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

TEST(buckets, parts_take_from_their_whole_in_order) {
  usage used = tokens(100, 50);
  used.cached = 60, used.cache_written = 30, used.audio_prompt = 20;
  used.reasoning = 40, used.audio_completion = 40;
  const auto in = buckets_of(used);
  EXPECT_EQ(in.cached, 60);
  EXPECT_EQ(in.cache_written, 30);
  EXPECT_EQ(in.audio_prompt, 10);
  EXPECT_EQ(in.uncached, 0);
  EXPECT_EQ(in.reasoning, 40);
  EXPECT_EQ(in.audio_completion, 10);
  EXPECT_EQ(in.completion, 0);
}

TEST(cost, sound_images_and_the_request_have_their_own_prices) {
  price rates;
  rates.input = per_million("1");
  rates.output = per_million("2");
  rates.audio_input = per_million("40");
  rates.audio_output = per_million("80");
  rates.per_image = money::from_usd("0.04");
  rates.per_request = money::from_usd("0.005");
  usage used = tokens(100, 50);
  used.audio_prompt = 30, used.audio_completion = 20, used.images = 3;
  // 70 x 1 + 30 x 40 + 30 x 2 + 20 x 80 micro-dollars, and 3 x 0.04 + 0.005.
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.12793");
  rates.audio_input.reset();
  rates.audio_output.reset();
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.1252") << "as any other token";
}

TEST(cost, an_hour_in_the_cache_costs_more_than_five_minutes) {
  price rates;
  rates.input = per_million("3"), rates.cache_write = per_million("3.75"), rates.cache_write_1h = per_million("6");
  auto used = tokens(1000, 0);
  used.cache_written = 600, used.cache_written_1h = 400;
  // 400 x 3 + 200 x 3.75 + 400 x 6 micro-dollars.
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.00435");
  rates.cache_write_1h.reset();
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.00345") << "as any other write";
}

TEST(cost, images_are_charged_by_their_tokens_or_by_the_piece_never_both) {
  price rates;
  rates.input = per_million("5"), rates.image_input = per_million("10"), rates.image_output = per_million("40");
  rates.image_rates = {{.variant = "high_1024x1536", .per_image = money::from_usd("0.25"), .per_pixel = {}}};
  auto used = tokens(100, 6208);
  used.image_prompt = 40, used.image_completion = 6208, used.images = 1, used.image_variant = "high_1024x1536";
  // 60 x 5 + 40 x 10 + 6208 x 40 micro-dollars.
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.24902");
  rates.image_output.reset();
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.2507") << "tokens without a price of their own";
  used.completion = used.image_completion = 0;
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.2507") << "no tokens said";
}

TEST(cost, an_image_costs_what_its_variant_does_else_its_size_else_the_dearest) {
  price rates;
  rates.image_rates = {{.variant = "512x512", .per_image = money::from_usd("0.01"), .per_pixel = {}},
                       {.variant = "hd_512x512", .per_image = money::from_usd("0.03"), .per_pixel = {}}};
  usage used;
  used.images = 2;
  const auto costs = [&](std::string variant) {
    used.image_variant = std::move(variant);
    return cost_of(used, rates).to_usd();
  };
  EXPECT_EQ(costs("hd_512x512"), "0.06");
  EXPECT_EQ(costs("standard_512x512"), "0.02");
  EXPECT_EQ(costs("9999x9999"), "0.06");
  EXPECT_EQ(costs(""), "0.06");
  rates.per_image = money::from_usd("0.02");
  EXPECT_EQ(costs("9999x9999"), "0.04");
  EXPECT_EQ(image_price(rates, "hd_512x512"), money::from_usd("0.03"));
  EXPECT_EQ(image_price({}, "hd_512x512"), std::nullopt);
}

TEST(cost, pixels_are_exact_to_an_atto_dollar) {
  price rates;
  rates.image_rates = {
      {.variant = "medium_1024x1024", .per_image = {}, .per_pixel = pixel_price::from_usd("0.000000008056640625")}};
  usage used;
  used.images = 3, used.image_variant = "medium_1024x1024";
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.025344") << "3 x 2^20 pixels";
  used.pixels = 1'000'000;
  EXPECT_EQ(cost_of(used, rates).nano_usd, 8'056'641);
  rates = {};
  rates.per_pixel = pixel_price::from_usd("0.0000000013");
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.0013");
}

TEST(cost, sound_is_charged_by_its_tokens_or_by_the_second_never_both) {
  price rates;
  rates.per_second_in = unit_price::from_usd_per_unit("0.0001");
  usage used;
  used.audio_ms_in = 61'500;
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.00615");
  rates.audio_input = per_million("6");
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.00615") << "no tokens said";
  used.prompt = used.audio_prompt = 1000;
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.006");
  rates.audio_input.reset();
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.00615") << "tokens without a price";
  rates = {};
  rates.per_second_out = unit_price::from_usd_per_unit("0.00025"), rates.audio_output = per_million("12");
  used = {};
  used.audio_ms_out = 2000;
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.0005");
  used.completion = used.audio_completion = 50;
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.0006");
}

TEST(cost, characters_searches_and_web_searches_are_charged_by_the_piece) {
  price rates;
  rates.per_character_in = unit_price::from_usd_per_unit("0.000015");
  rates.per_character_out = unit_price::from_usd_per_unit("0.000001");
  rates.per_search = money::from_usd("0.002"), rates.per_web_search = money::from_usd("0.01");
  usage used;
  used.characters_in = 1000, used.characters_out = 500, used.searches = 3, used.web_searches = 2;
  EXPECT_EQ(cost_of(used, rates).to_usd(), "0.0415");
  used.searches = used.web_searches = used.characters_in = used.characters_out = -5;
  EXPECT_EQ(cost_of(used, rates).nano_usd, 0);
}

TEST(cost, any_kind_of_price_makes_a_price_known) {
  price rates;
  rates.per_second_in = unit_price{};
  EXPECT_TRUE(rates.known());
  rates = {};
  rates.image_rates.emplace_back().per_pixel = pixel_price{1};
  EXPECT_TRUE(rates.known());
  rates = {};
  rates.per_search = money{};
  EXPECT_TRUE(rates.known());
  rates = {};
  rates.per_web_search = money{5};
  EXPECT_FALSE(rates.known()) << "it says nothing of the answer itself";
}

TEST(cost, saturates_at_the_largest_money) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  price rates;
  for (auto* each : {&rates.input, &rates.output, &rates.cache_read, &rates.reasoning}) *each = unit_price{most};
  rates.per_image = money{most};
  rates.per_request = money{most};
  usage used = tokens(most, most);
  EXPECT_EQ(used.total(), most);
  used.cached = most / 2, used.reasoning = most / 3, used.images = most;
  EXPECT_EQ(cost_of(used, rates).nano_usd, most);
  EXPECT_EQ(tokens(-most, -most).total(), std::numeric_limits<std::int64_t>::min());
}

/// Counts as providers may send them: mostly sensible, sometimes negative, larger than the whole, or the largest there
/// is.
class random_counts {
 public:
  explicit random_counts(std::uint64_t seed) : random_(seed) {}
  std::int64_t pick(std::int64_t limit) { return std::uniform_int_distribution<std::int64_t>(0, limit)(random_); }
  std::int64_t count() {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    switch (pick(15)) {
      case 0:
        return 0;
      case 1:
        return -pick(1000);
      case 2:
        return most - pick(3);
      case 3:
        return std::numeric_limits<std::int64_t>::min() + pick(3);
      case 4:
        return pick(most);
      default:
        return pick(100'000);
    }
  }
  usage used() {
    return {.prompt = count(),
            .cached = count(),
            .cache_written = count(),
            .cache_written_1h = pick(3) == 0 ? count() : 0,
            .completion = count(),
            .reasoning = count(),
            .audio_prompt = count(),
            .audio_completion = count(),
            .image_prompt = pick(3) == 0 ? count() : 0,
            .image_completion = pick(3) == 0 ? count() : 0,
            .images = pick(7) == 0 ? count() : 0,
            .image_variant = pick(1) == 0 ? "high_1024x1024" : "",
            .pixels = pick(7) == 0 ? count() : 0,
            .characters_in = pick(7) == 0 ? count() : 0,
            .audio_ms_in = pick(7) == 0 ? count() : 0,
            .audio_ms_out = pick(7) == 0 ? count() : 0,
            .searches = pick(7) == 0 ? count() : 0,
            .estimated = pick(1) == 0};
  }
  /// Prices from nothing to absurd, with some parts absent. Tiers only make dearer, as everybody's do.
  price rates() {
    const std::int64_t limit = pick(9) == 0 ? std::numeric_limits<std::int64_t>::max() : 100'000'000;
    price made;
    for (auto* each : {&made.input, &made.output, &made.cache_read, &made.cache_write, &made.reasoning,
                       &made.audio_input, &made.audio_output, &made.cache_write_1h, &made.image_input,
                       &made.image_output, &made.per_second_in, &made.per_second_out, &made.per_character_in})
      if (pick(3) != 0) *each = unit_price{pick(limit)};
    if (pick(3) == 0) made.per_image = money{pick(limit)};
    if (pick(3) == 0) made.per_request = money{pick(limit)};
    if (pick(3) == 0) made.per_search = money{pick(limit)};
    if (pick(3) == 0) made.per_pixel = pixel_price{pick(limit)};
    if (pick(3) == 0) made.image_rates.push_back({"high_1024x1024", money{pick(limit)}, pixel_price{pick(limit)}});
    return made;
  }

 private:
  std::mt19937_64 random_;
};

TEST(buckets, property_disjoint_not_negative_and_summing_up_whatever_a_provider_says) {
  random_counts random(13);
  for (int round = 0; round < 50'000; ++round) {
    const auto used = random.used();
    const auto in = buckets_of(used);
    for (const auto part : {in.uncached, in.cached, in.cache_written, in.cache_written_1h, in.audio_prompt,
                            in.image_prompt, in.completion, in.reasoning, in.audio_completion, in.image_completion})
      ASSERT_GE(part, 0);
    // None can overflow: each is what is left of the whole.
    ASSERT_EQ(in.uncached + in.cached + in.cache_written + in.cache_written_1h + in.audio_prompt + in.image_prompt,
              std::max<std::int64_t>(used.prompt, 0));
    ASSERT_EQ(in.completion + in.reasoning + in.audio_completion + in.image_completion,
              std::max<std::int64_t>(used.completion, 0));
    ASSERT_LE(in.cache_written_1h, std::max<std::int64_t>(used.cache_written_1h, 0));
    ASSERT_LE(in.image_prompt, std::max<std::int64_t>(used.image_prompt, 0));
    ASSERT_LE(in.image_completion, std::max<std::int64_t>(used.image_completion, 0));
    ASSERT_LE(in.cached, std::max<std::int64_t>(used.cached, 0));
    ASSERT_LE(in.cache_written, std::max<std::int64_t>(used.cache_written, 0));
    ASSERT_LE(in.audio_prompt, std::max<std::int64_t>(used.audio_prompt, 0));
    ASSERT_LE(in.reasoning, std::max<std::int64_t>(used.reasoning, 0));
    ASSERT_LE(in.audio_completion, std::max<std::int64_t>(used.audio_completion, 0));
  }
}

TEST(cost, property_more_never_costs_less_whatever_a_provider_says) {
  random_counts random(17);
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  for (int round = 0; round < 30'000; ++round) {
    const auto used = random.used();
    const auto rates = random.rates();
    const auto cost = cost_of(used, rates);
    ASSERT_GE(cost.nano_usd, 0);
    for (auto whole : {&usage::prompt, &usage::completion, &usage::images, &usage::searches, &usage::audio_ms_in,
                       &usage::audio_ms_out, &usage::characters_in}) {
      auto more = used;
      more.*whole += std::min(random.pick(100'000), used.*whole > 0 ? most - used.*whole : most);
      ASSERT_GE(cost_of(more, rates), cost);
    }
    for (auto part : {&price::input, &price::output, &price::cache_read, &price::cache_write, &price::reasoning,
                      &price::audio_input, &price::audio_output, &price::cache_write_1h, &price::image_input,
                      &price::image_output, &price::per_second_in, &price::per_second_out}) {
      if (!(rates.*part)) continue;
      auto dearer = rates;
      (dearer.*part)->pico_usd += std::min(random.pick(1000), most - (dearer.*part)->pico_usd);
      ASSERT_GE(cost_of(used, dearer), cost);
    }
  }
}

TEST(cost, property_a_longer_prompt_never_costs_less_across_rising_tiers) {
  random_counts random(19);
  for (int round = 0; round < 20'000; ++round) {
    auto rates = random.rates();
    auto dearest = rates;
    for (std::int64_t above = 1000 + random.pick(5000); rates.tiers.size() < 3; above += 1 + random.pick(50'000)) {
      price::tier tier;
      tier.above_tokens = above;
      // A tier that names each part that the base names, none below the tier before.
      const auto raised = [&](std::optional<unit_price>& of) {
        if (of) of->pico_usd += std::min(random.pick(1000), std::numeric_limits<std::int64_t>::max() - of->pico_usd);
        return of;
      };
      tier.input = raised(dearest.input), tier.output = raised(dearest.output);
      tier.cache_read = raised(dearest.cache_read), tier.cache_write = raised(dearest.cache_write);
      rates.tiers.push_back(tier);
    }
    usage used = tokens(random.pick(100'000), random.pick(10'000));
    used.cached = random.pick(used.prompt);
    used.cache_written = random.pick(used.prompt);
    used.audio_prompt = random.pick(used.prompt);
    auto longer = used;
    longer.prompt += random.pick(100'000);
    ASSERT_GE(cost_of(longer, rates), cost_of(used, rates));
  }
}

}  // namespace
}  // namespace spidergate::model
