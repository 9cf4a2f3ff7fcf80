#include "await_now.hpp"
#include "stripes.hpp"

#include <spidergate/kv/memory_counters.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spidergate::kv {
namespace {

constexpr epoch_ms noon = 1'767'268'800'000;

charge per_minute(std::string_view key) {
  return {key, window_kind::sliding, 60'000, 10, 1};
}

result<verdict> admit(memory_counters& in, const charge& one, epoch_ms now) {
  return testing::await_now(in.admit("req_1", {&one, 1}, now));
}

TEST(memory_counters, cells_whose_window_is_over_are_swept_by_later_calls) {
  memory_counters counters;
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(admit(counters, per_minute("rpm:tok_" + std::to_string(i)), noon));
  EXPECT_EQ(counters.stats().cells, 10'000U);
  for (int i = 0; i < 60'000; ++i) {
    ASSERT_TRUE(admit(counters, per_minute("rpm:new_" + std::to_string(i % 2000)), noon + 120'000 + i));
  }
  EXPECT_LE(counters.stats().cells, 2'100U);
  EXPECT_GE(counters.stats().swept, 9'900U);
}

TEST(memory_counters, full_store_refuses_new_counters_and_forgets_none) {
  memory_counters counters(640);
  int made = 0;
  for (int i = 0; i < 5'000; ++i) made += admit(counters, per_minute("rpm:tok_" + std::to_string(i)), noon) ? 1 : 0;
  EXPECT_EQ(made, 640);
  EXPECT_EQ(counters.stats().cells, 640U);
  EXPECT_EQ(counters.stats().refused_full, 5'000U - 640U);
  const auto known = admit(counters, per_minute("rpm:tok_0"), noon + 1);
  ASSERT_TRUE(known) << "a counter that is there goes on";
  EXPECT_EQ(known->levels[0].used, 2);
  const auto refused = admit(counters, per_minute("rpm:tok_4999"), noon + 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), boost::system::errc::no_buffer_space);
  EXPECT_TRUE(admit(counters, per_minute("rpm:tok_4999"), noon + 90'000)) << "room comes back with time";
}

TEST(memory_counters, full_store_still_picks) {
  memory_counters counters(64);
  for (int i = 0; i < 500; ++i) std::ignore = admit(counters, per_minute("rpm:tok_" + std::to_string(i)), noon);
  const pick_option key{"int_a", 0, 1, 0};
  EXPECT_TRUE(testing::await_now(counters.pick({&key, 1}, noon))->found);
  EXPECT_FALSE(testing::await_now(counters.pick({&key, 1}, noon))->found);
}

TEST(memory_counters, budgets_that_were_spent_elsewhere_are_asked_anew_and_keep_what_is_held) {
  memory_counters counters;
  const charge budget{"bud:a", window_kind::budget, day_ms, 1000, 100, start_of_day(noon), 0};
  ASSERT_TRUE(testing::await_now(counters.seed(budget, 10, noon)));
  ASSERT_TRUE(admit(counters, budget, noon)->admitted);
  counters.unseed_budgets();
  EXPECT_EQ(admit(counters, budget, noon)->unseeded.size(), 1U);
  ASSERT_TRUE(testing::await_now(counters.seed(budget, 500, noon)));
  counters.hold("req_2", budget, noon);
  const auto said = testing::await_now(counters.admit("req_3", {&budget, 1}, noon));
  EXPECT_EQ(said->levels[0].used, 500 + 100 + 100 + 100);
}

TEST(memory_counters, budgets_of_windows_that_are_over_are_swept) {
  memory_counters counters;
  charge budget{"bud:a", window_kind::budget, day_ms, 1000, 100, 0, 0};
  for (int i = 0; i < 500; ++i) {
    budget.window_start = start_of_day(noon) + i * day_ms;
    ASSERT_TRUE(testing::await_now(counters.seed(budget, 0, budget.window_start)));
    for (int n = 0; n < 50; ++n) ASSERT_TRUE(admit(counters, budget, budget.window_start));
  }
  EXPECT_LE(counters.stats().cells, 20U);
}

TEST(memory_counters, full_store_refuses_to_learn_of_new_budgets) {
  memory_counters counters(64);
  charge budget{"", window_kind::budget, day_ms, 1000, 100, start_of_day(noon), 0};
  int seeded = 0;
  for (int i = 0; i < 500; ++i) {
    const auto key = "bud:tok_" + std::to_string(i);
    budget.key = key;
    seeded += testing::await_now(counters.seed(budget, 0, noon)) ? 1 : 0;
  }
  EXPECT_EQ(seeded, 64);
  EXPECT_EQ(counters.stats().cells, 64U);
}

TEST(memory_counters, picked_keys_follow_what_another_store_says_and_are_never_lowered) {
  memory_counters counters;
  counters.follow("int_a", {5, 2, noon - 10}, noon);
  counters.follow("int_a", {4, 1, noon - 20}, noon);
  const auto counted = counters.counts("int_a", noon);
  EXPECT_EQ(counted.daily_count, 5);
  EXPECT_EQ(counted.minute_count, 2);
  EXPECT_EQ(counted.last_picked_at, noon - 10);
  const auto all = counters.counted_keys(noon);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].key, "int_a");
}

TEST(memory_counters, counters_of_one_owner_share_a_stripe) {
  cell_namer names;
  const auto requests = names.name("rpm:tok_1"), tokens = names.name("tpm:tok_1"), alone = names.name("tok_1");
  EXPECT_EQ(requests.stripe, tokens.stripe);
  EXPECT_EQ(alone.stripe, tokens.stripe);
}

TEST(memory_counters, sliding_window_needs_few_entries_however_many_charges) {
  sliding_window window(60'000);
  for (int i = 0; i < 200'000; ++i) {
    window.advance(noon + i);
    window.add(1, noon + i);
  }
  window.advance(noon + 200'000);
  EXPECT_GE(window.used(), 59'999);
  EXPECT_LE(window.used(), 61'000);
}

}  // namespace
}  // namespace spidergate::kv
