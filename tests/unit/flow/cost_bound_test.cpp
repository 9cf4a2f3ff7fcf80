#include "cost_bound.hpp"

#include <gtest/gtest.h>

#include <random>

namespace spidergate::flow {
namespace {

constexpr unit_price per_million(std::int64_t dollars) {
  return {dollars * 1'000'000};
}

template <class Change>
void reprice(catalogue::model_entry& of, Change change) {
  auto price = *of.price;
  change(price);
  of.price = std::move(price);
}

class cost_bounds : public ::testing::Test {
 protected:
  cost_bounds() {
    asked.most_prompt_tokens = 1000;
    asked.estimated_prompt_tokens = 300;
    provider.id = "p";
    reprice(entry, [&](auto& p) { p.input = per_million(1); });
    reprice(entry, [&](auto& p) { p.output = per_million(10); });
    entry.max_output = 4000;
    entry.context = 128'000;
  }

  void add(const catalogue::model_entry* what, std::string name = "m") {
    order.push_back({.what = {.provider = &provider, .entry = what, .model = std::move(name)}, .reason = {}});
  }
  [[nodiscard]] cost_bound bound() const { return bound_cost(routing, "brd", order, asked); }
  [[nodiscard]] std::optional<std::int64_t> clamp(money granted) const {
    return affordable_tokens(routing, "brd", order, asked, granted);
  }
  /// What the dearest answer of that length costs.
  [[nodiscard]] money cost(std::int64_t completion, const model::price& rates) const {
    return model::cost_of({.prompt = asked.most_prompt_tokens, .completion = completion * asked.answers}, rates);
  }

  routing_snapshot routing;
  catalogue::provider provider;
  catalogue::model_entry entry;
  std::vector<router::ranked_candidate> order;
  model::inference_request asked;
};

TEST_F(cost_bounds, length_that_is_open_is_bounded_by_the_model) {
  add(&entry);
  EXPECT_EQ(bound().worst, cost(4000, *entry.price));
  EXPECT_EQ(bound().least, cost(500, *entry.price));
}

/// What is not text: whatever the answer turns out to be, it costs no more than was bounded.
TEST_F(cost_bounds, images_are_bounded_by_the_dearest_variant_or_their_tokens) {
  entry.mode = catalogue::mode::image;
  entry.price = {};
  reprice(entry, [&](auto& p) {
    p.image_rates = {{"low_1024x1024", money::from_usd("0.01"), {}}, {"high_1024x1024", money::from_usd("0.2"), {}}};
  });
  add(&entry);
  asked.kind = model::endpoint::images;
  asked.answers = 3;
  EXPECT_EQ(bound().worst.to_usd(), "0.6");
  EXPECT_EQ(bound().least, bound().worst);
  reprice(entry, [&](auto& p) { p.image_output = per_million(40); });
  EXPECT_GE(bound().worst, model::cost_of({.completion = 6240, .image_completion = 6240, .images = 3}, *entry.price));
  entry.price = {};
  reprice(entry, [&](auto& p) { p.per_pixel = pixel_price::from_usd("0.0000000013"); });
  EXPECT_GE(bound().worst, model::cost_of({.images = 3, .image_variant = "2048x2048"}, *entry.price));
}

TEST_F(cost_bounds, speech_is_bounded_by_its_characters) {
  entry.price = {};
  reprice(entry, [&](auto& p) { p.per_character_in = unit_price::from_usd_per_unit("0.000015"); });
  add(&entry);
  asked.kind = model::endpoint::speech;
  asked.characters = 1000;
  EXPECT_EQ(bound().worst.to_usd(), "0.015");
  entry.price = {};
  reprice(entry, [&](auto& p) { p.per_second_out = unit_price::from_usd_per_unit("0.00025"); });
  EXPECT_GE(bound().worst, model::cost_of({.audio_ms_out = 300'000}, *entry.price)) << "slowly spoken";
}

TEST_F(cost_bounds, a_transcription_is_bounded_by_the_bytes_of_its_sound) {
  entry.price = {};
  reprice(entry, [&](auto& p) { p.per_second_in = unit_price::from_usd_per_unit("0.0001"); });
  add(&entry);
  asked.kind = model::endpoint::transcriptions;
  asked.sound_bytes = 60 * 4000;
  const auto short_one = bound().worst;
  EXPECT_GE(short_one, model::cost_of({.audio_ms_in = 60'000}, *entry.price)) << "a minute at 32 kbit/s";
  asked.sound_bytes *= 10;
  EXPECT_GT(bound().worst, short_one);
}

TEST_F(cost_bounds, reranking_is_bounded_by_its_documents) {
  entry.price = {};
  reprice(entry, [&](auto& p) { p.per_search = money::from_usd("0.002"); });
  add(&entry);
  asked.kind = model::endpoint::rerank;
  asked.documents = 250;
  EXPECT_EQ(bound().worst.to_usd(), "0.006");
}

TEST_F(cost_bounds, searches_of_the_web_count_where_they_are_asked_for) {
  reprice(entry, [&](auto& p) { p.per_web_search = money::from_usd("0.01"); });
  add(&entry);
  const auto without = bound().worst;
  asked.members.push_back({.name = "web_search_options", .whole = R"("web_search_options":{})", .value = "{}"});
  EXPECT_EQ(bound().worst, without + *money::from_usd("0.1"));
}

TEST_F(cost_bounds, length_that_the_client_set_is_not_ours_to_shorten) {
  add(&entry);
  asked.max_tokens = 100;
  EXPECT_EQ(bound().worst, cost(100, *entry.price));
  EXPECT_EQ(bound().least, bound().worst);
}

TEST_F(cost_bounds, larger_of_both_names_counts) {
  add(&entry);
  asked.max_tokens = 100;
  asked.members = {{"max_completion_tokens", "", "100"}, {"max_tokens", "", "700"}};
  EXPECT_EQ(bound().worst, cost(700, *entry.price));
}

TEST_F(cost_bounds, every_answer_is_paid) {
  add(&entry);
  asked.answers = 3;
  EXPECT_EQ(bound().worst, cost(4000, *entry.price));
  EXPECT_EQ(bound().worst.nano_usd, (1000 * 1 + 3 * 4000 * 10) * 1000);
}

TEST_F(cost_bounds, dearest_candidate_counts) {
  auto dear = entry;
  reprice(dear, [&](auto& p) { p.output = per_million(50); });
  dear.max_output = 1000;
  add(&entry);
  add(&dear, "dear");
  EXPECT_EQ(bound().worst, cost(1000, *dear.price));
  EXPECT_EQ(bound().least, cost(500, *dear.price));
}

TEST_F(cost_bounds, dearest_kind_of_token_counts) {
  reprice(entry, [&](auto& p) { p.cache_write = per_million(2); });
  reprice(entry, [&](auto& p) { p.reasoning = per_million(20); });
  reprice(entry, [&](auto& p) { p.per_request = money{5'000'000}; });
  add(&entry);
  EXPECT_EQ(bound().worst.nano_usd, (1000 * 2 + 4000 * 20) * 1000 + 5'000'000);
  reprice(entry, [&](auto& p) { p.audio_input = per_million(40); });
  reprice(entry, [&](auto& p) { p.audio_output = per_million(80); });
  EXPECT_EQ(bound().worst.nano_usd, (1000 * 2 + 4000 * 20) * 1000 + 5'000'000) << "no sound asked for";
  asked.needs.audio = true;
  EXPECT_EQ(bound().worst.nano_usd, (1000 * 40 + 4000 * 80) * 1000 + 5'000'000);
}

TEST_F(cost_bounds, tiers_count_once_the_prompt_can_reach_them) {
  reprice(entry,
          [&](auto& p) { p.tiers = {{.above_tokens = 1000, .input = per_million(3), .output = per_million(30)}}; });
  add(&entry);
  EXPECT_EQ(bound().worst.nano_usd, (1000 * 1 + 4000 * 10) * 1000);
  asked.most_prompt_tokens = 1001;
  EXPECT_EQ(bound().worst.nano_usd, (1001 * 3 + 4000 * 30) * 1000);
}

TEST_F(cost_bounds, unknown_price_counts_as_nothing) {
  add(nullptr);
  EXPECT_EQ(bound().worst, money{});
  EXPECT_EQ(clamp(money{}), std::nullopt);
}

TEST_F(cost_bounds, embeddings_have_no_output) {
  add(&entry);
  asked.kind = model::endpoint::embeddings;
  EXPECT_EQ(bound().worst.nano_usd, 1000 * 1000);
  EXPECT_EQ(bound().least, bound().worst);
}

TEST_F(cost_bounds, pictures_and_what_cannot_be_seen_count_by_the_model) {
  add(&entry);
  asked.max_tokens = 0;
  asked.images = 2;
  EXPECT_EQ(bound().worst.nano_usd, (1000 + 2 * 16'384) * 1000);
  asked.images = 0;
  asked.unsized_media = true;
  EXPECT_EQ(bound().worst.nano_usd, (1000 + 128'000) * 1000);
  order.clear();
  add(&entry, "gpt-4o-mini-2024-07-18");
  asked.unsized_media = false;
  asked.images = 1;
  EXPECT_EQ(bound().worst.nano_usd, (1000 + 2'833 + 8 * 5'667) * 1000);
}

TEST_F(cost_bounds, overrides_of_brand_and_keys_count_instead_of_the_list) {
  add(&entry);
  routing.prices.emplace("brd", *catalogue::price_overrides::read(R"({"p/*":{"output_per_mtok_usd":"4"}})"));
  EXPECT_EQ(bound().worst.nano_usd, (1000 * 1 + 4000 * 4) * 1000);
  auto& keys = routing.key_prices["p"];
  keys.push_back({"int_pool", "", *catalogue::price_overrides::read(R"({"m":{"output_per_mtok_usd":"6"}})")});
  keys.push_back({"int_theirs", "other", *catalogue::price_overrides::read(R"({"m":{"output_per_mtok_usd":"99"}})")});
  keys.push_back({"int_cheap", "brd", *catalogue::price_overrides::read(R"({"m":{"input_per_mtok_usd":"0"}})")});
  EXPECT_EQ(bound().worst.nano_usd, (1000 * 1 + 4000 * 6) * 1000) << "a key of another brand cannot serve";
  const auto price_of = [&](const std::string& brand_id, std::string_view integration_id) {
    model::price room;
    return routing.price_of(order.front().what, brand_id, integration_id, room);
  };
  EXPECT_EQ(price_of("brd", "").output, per_million(4));
  EXPECT_EQ(price_of("brd", "int_pool").output, per_million(6));
  EXPECT_EQ(price_of("brd", "int_cheap").output, per_million(4));
  EXPECT_EQ(price_of("brd", "int_cheap").input, per_million(0));
  EXPECT_EQ(price_of("elsewhere", "").output, per_million(10));
}

TEST_F(cost_bounds, nothing_is_clamped_that_is_paid_for) {
  add(&entry);
  EXPECT_EQ(clamp(bound().worst), std::nullopt);
  EXPECT_LT(clamp(money{bound().worst.nano_usd - 1}), 4000);
}

TEST_F(cost_bounds, clamp_holds_at_every_candidate) {
  auto dear = entry;
  reprice(dear, [&](auto& p) { p.output = per_million(20); });
  auto free = entry;
  free.price = {};
  add(&free, "free");
  add(&entry);
  add(&dear, "dear");
  const money granted{(1000 * 1 + 1000 * 20) * 1000};
  const auto most = clamp(granted);
  ASSERT_TRUE(most.has_value());
  EXPECT_LE(cost(*most, *dear.price), granted);
  EXPECT_GE(*most, 998) << "and is no shorter than it has to be";
}

TEST_F(cost_bounds, clamp_fits_into_the_window_beside_the_prompt) {
  entry.context = 1000;
  add(&entry);
  EXPECT_EQ(clamp(cost(2000, *entry.price)), 700);
}

TEST_F(cost_bounds, length_that_nobody_knows_is_assumed_and_then_told) {
  entry.max_output = 0;
  add(&entry);
  EXPECT_EQ(bound().worst, cost(16'384, *entry.price));
  EXPECT_EQ(clamp(bound().worst), 16'384);
  entry.context = 8000;
  EXPECT_EQ(bound().worst, cost(8000, *entry.price)) << "the window bounds it";
  EXPECT_EQ(clamp(bound().worst), std::nullopt);
}

TEST_F(cost_bounds, no_answer_within_its_bounds_costs_more_than_was_granted) {
  std::mt19937_64 random(20'261'121);
  const auto up_to = [&](std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random); };
  for (int round = 0; round < 20'000; ++round) {
    entry.price = {};
    reprice(entry, [&](auto& p) { p.input = unit_price{up_to(20'000'000)}; });
    reprice(entry, [&](auto& p) { p.output = unit_price{up_to(90'000'000)}; });
    if (up_to(1) == 1) reprice(entry, [&](auto& p) { p.cache_read = unit_price{up_to(5'000'000)}; });
    if (up_to(1) == 1) reprice(entry, [&](auto& p) { p.cache_write = unit_price{up_to(25'000'000)}; });
    if (up_to(1) == 1) reprice(entry, [&](auto& p) { p.reasoning = unit_price{up_to(99'000'000)}; });
    if (up_to(1) == 1) reprice(entry, [&](auto& p) { p.per_request = money{up_to(10'000'000)}; });
    entry.max_output = 1 + up_to(100'000);
    asked.most_prompt_tokens = up_to(200'000);
    asked.answers = 1 + up_to(3);
    order.clear();
    add(&entry);
    const auto most = bound();
    const money granted{most.least.nano_usd + up_to(most.worst.nano_usd - most.least.nano_usd)};
    const auto longest = clamp(granted).value_or(entry.max_output);
    const auto completion = up_to(longest * asked.answers);
    const auto prompt = up_to(asked.most_prompt_tokens);
    const auto cached = up_to(prompt);
    const model::usage used{.prompt = prompt,
                            .cached = cached,
                            .cache_written = up_to(prompt - cached),
                            .completion = completion,
                            .reasoning = up_to(completion)};
    ASSERT_LE(model::cost_of(used, *entry.price), granted) << round;
  }
}

}  // namespace
}  // namespace spidergate::flow
