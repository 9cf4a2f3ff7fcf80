#include "counter_store_fixture.hpp"

#include <atomic>

namespace spidergate::kv {
namespace {

/// The part of the contract that is about money.
class budgets : public counter_store_contract {
 protected:
  /// What a budget stands at, asked without charging.
  std::int64_t used(std::string_view key, epoch_ms now = noon) {
    return admit({daily_budget(key, 1'000'000, 0)}, now, "looker").levels[0].used;
  }
};

INSTANTIATE_TEST_SUITE_P(all, budgets, ::testing::ValuesIn(implementations()),
                         [](const auto& about) { return about.param.name; });

TEST_P(budgets, unknown_budget_is_named_and_nothing_is_charged) {
  const std::vector<charge> charges{per_minute("rpm:a", 10), daily_budget("bud:a", 1000, 10), at_once("par:a", 5),
                                    daily_budget("bud:b", 1000, 10)};
  seed(charges[1], 0, noon);
  const auto said = admit(charges, noon);
  EXPECT_FALSE(said.admitted);
  ASSERT_EQ(said.unseeded.size(), 1U);
  EXPECT_EQ(said.unseeded[0], 3U);
  EXPECT_EQ(said.granted, 0);
  EXPECT_EQ(said.levels.size(), 4U);
  seed(charges[3], 500, noon);
  const auto after = admit(charges, noon);
  EXPECT_TRUE(after.admitted);
  EXPECT_TRUE(after.unseeded.empty());
  EXPECT_EQ(after.levels[0].used, 1);
  EXPECT_EQ(after.levels[1].used, 10);
  EXPECT_EQ(after.levels[2].used, 1);
  EXPECT_EQ(after.levels[3].used, 510);
  EXPECT_EQ(after.levels[3].resets_at, start_of_day(noon) + day_ms);
}

TEST_P(budgets, whole_amount_is_granted_where_only_that_is_of_use) {
  seed(daily_budget("bud:a", 1000, 0), 100, noon);
  const auto said = admit({daily_budget("bud:a", 1000, 900)}, noon);
  EXPECT_TRUE(said.admitted);
  EXPECT_EQ(said.granted, 900);
  EXPECT_EQ(said.levels[0].used, 1000);
  const auto refused = admit({daily_budget("bud:a", 1000, 1)}, noon + 1, "req_2");
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.granted, 0);
  EXPECT_EQ(refused.levels[0].used, 1000);
  EXPECT_EQ(refused.levels[0].resets_at, start_of_day(noon) + day_ms);
  EXPECT_EQ(refused.retry_after_ms, start_of_day(noon) + day_ms - noon - 1);
}

TEST_P(budgets, small_amount_is_granted_whole) {
  seed(daily_budget("bud:a", 1000, 0), 0, noon);
  EXPECT_EQ(admit({daily_budget("bud:a", 1000, 125, 10)}, noon).granted, 125) << "an eighth of what is left";
}

TEST_P(budgets, large_amount_that_may_be_cut_is_granted_an_eighth_of_what_is_left) {
  seed(daily_budget("bud:a", 1000, 0), 200, noon);
  EXPECT_EQ(admit({daily_budget("bud:a", 1000, 5000, 10)}, noon, "req_1").granted, 100);
  EXPECT_EQ(admit({daily_budget("bud:a", 1000, 5000, 10)}, noon, "req_2").granted, 87) << "of 700, rounded down";
  EXPECT_EQ(used("bud:a"), 387);
}

TEST_P(budgets, grant_is_never_below_the_least_that_is_of_use) {
  seed(daily_budget("bud:a", 1000, 0), 900, noon);
  EXPECT_EQ(admit({daily_budget("bud:a", 1000, 500, 60)}, noon, "req_1").granted, 60);
  const auto refused = admit({daily_budget("bud:a", 1000, 500, 60)}, noon, "req_2");
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.refused_by, 0U);
  EXPECT_EQ(used("bud:a"), 960);
}

TEST_P(budgets, budget_that_is_overspent_refuses) {
  seed(daily_budget("bud:a", 1000, 0), 1'200, noon);
  EXPECT_FALSE(admit({daily_budget("bud:a", 1000, 500, 1)}, noon).admitted);
  EXPECT_FALSE(admit({daily_budget("bud:a", 1000, 1)}, noon).admitted);
  EXPECT_EQ(used("bud:a"), 1'200);
}

TEST_P(budgets, amount_above_the_whole_budget_never_fits) {
  seed(daily_budget("bud:a", 1000, 0), 0, noon);
  EXPECT_EQ(admit({daily_budget("bud:a", 1000, 1001)}, noon).retry_after_ms, verdict::never);
  EXPECT_EQ(admit({daily_budget("bud:a", 1000, 9000, 1001)}, noon).retry_after_ms, verdict::never);
}

TEST_P(budgets, tightest_budget_decides_the_grant_of_all) {
  const std::vector<charge> charges{daily_budget("bud:a", 8000, 2000, 10), daily_budget("bud:b", 800, 2000, 10)};
  seed(charges[0], 0, noon);
  seed(charges[1], 0, noon);
  const auto said = admit(charges, noon);
  ASSERT_TRUE(said.admitted);
  EXPECT_EQ(said.granted, 100);
  EXPECT_EQ(said.levels[0].used, 100);
  EXPECT_EQ(said.levels[1].used, 100);
}

TEST_P(budgets, refusal_by_a_rate_limit_or_another_budget_reserves_nothing) {
  const auto rich = daily_budget("bud:a", 1000, 50);
  const auto poor = daily_budget("bud:b", 60, 50);
  seed(rich, 0, noon);
  seed(poor, 0, noon);
  ASSERT_TRUE(admit({per_minute("rpm:a", 2), rich, poor}, noon, "req_1").admitted);
  const auto by_budget = admit({per_minute("rpm:a", 2), rich, poor}, noon, "req_2");
  EXPECT_FALSE(by_budget.admitted);
  EXPECT_EQ(by_budget.refused_by, 2U);
  EXPECT_EQ(by_budget.levels[0].used, 1);
  EXPECT_EQ(by_budget.levels[1].used, 50);
  ASSERT_TRUE(admit({per_minute("rpm:a", 2), rich}, noon, "req_3").admitted);
  const auto by_rate = admit({per_minute("rpm:a", 2), rich}, noon, "req_4");
  EXPECT_FALSE(by_rate.admitted);
  EXPECT_EQ(by_rate.refused_by, 0U);
  EXPECT_EQ(used("bud:a"), 100);
}

TEST_P(budgets, settling_ends_the_reservation_and_adds_what_was_spent_once) {
  seed(daily_budget("bud:a", 1000, 0), 10, noon);
  const auto held = daily_budget("bud:a", 1000, 500);
  ASSERT_TRUE(admit({held}, noon).admitted);
  EXPECT_EQ(used("bud:a"), 510);
  settle("req_1", {{held, 33}}, noon, noon + 10);
  EXPECT_EQ(used("bud:a"), 43);
  settle("req_1", {{held, 33}}, noon, noon + 20);
  EXPECT_EQ(used("bud:a"), 43) << "a second settlement changes nothing";
}

TEST_P(budgets, settling_may_add_more_than_was_reserved) {
  seed(daily_budget("bud:a", 1000, 0), 0, noon);
  const auto held = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(admit({held}, noon).admitted);
  settle("req_1", {{held, 1'700}}, noon, noon + 10);
  EXPECT_EQ(used("bud:a"), 1'700);
}

TEST_P(budgets, settling_long_after_still_adds_and_only_once) {
  seed(daily_budget("bud:a", 1000, 0), 0, noon);
  const auto held = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(admit({held}, noon).admitted);
  const auto later = noon + 16 * minute_ms;
  EXPECT_LE(used("bud:a", later), 100) << "an expired reservation may count no more";
  settle("req_1", {{held, 70}}, noon, later);
  settle("req_1", {{held, 70}}, noon, later);
  EXPECT_EQ(used("bud:a", later), 70);
}

TEST_P(budgets, what_is_settled_before_the_budget_is_known_is_added_when_it_is) {
  const auto held = daily_budget("bud:a", 1000, 100);
  settle("req_1", {{held, 70}}, noon, noon);
  ASSERT_EQ(admit({held}, noon).unseeded.size(), 1U);
  seed(held, 200, noon + 1000);
  EXPECT_EQ(used("bud:a"), 270);
}

TEST_P(budgets, what_was_settled_over_a_minute_before_seeding_is_in_the_ledger) {
  const auto held = daily_budget("bud:a", 1000, 100);
  settle("req_1", {{held, 70}}, noon, noon);
  seed(held, 200, noon + minute_ms);
  EXPECT_EQ(used("bud:a"), 200);
}

TEST_P(budgets, budget_is_seeded_only_once) {
  const auto budget = daily_budget("bud:a", 1000, 100);
  seed(budget, 200, noon);
  seed(budget, 900, noon);
  ASSERT_TRUE(admit({budget}, noon).admitted);
  seed(budget, 0, noon);
  EXPECT_EQ(used("bud:a"), 300);
}

TEST_P(budgets, windows_of_one_key_are_counters_of_their_own) {
  auto tomorrow = daily_budget("bud:a", 1000, 100);
  tomorrow.window_start += day_ms;
  seed(daily_budget("bud:a", 1000, 100), 900, noon);
  ASSERT_EQ(admit({tomorrow}, noon + day_ms).unseeded.size(), 1U);
  seed(tomorrow, 0, noon + day_ms);
  const auto said = admit({tomorrow}, noon + day_ms);
  EXPECT_TRUE(said.admitted);
  EXPECT_EQ(said.levels[0].used, 100);
  EXPECT_EQ(said.levels[0].resets_at, start_of_day(noon) + 2 * day_ms);
  EXPECT_EQ(used("bud:a"), 900);
}

TEST_P(budgets, request_that_ends_after_midnight_is_settled_in_its_own_day) {
  const auto today = daily_budget("bud:a", 1000, 100);
  auto tomorrow = today;
  tomorrow.window_start += day_ms;
  const auto midnight = tomorrow.window_start;
  seed(today, 0, noon);
  seed(tomorrow, 0, noon);
  ASSERT_TRUE(admit({today}, midnight - 10).admitted);
  settle("req_1", {{today, 90}}, midnight - 10, midnight + 1000);
  EXPECT_EQ(admit({tomorrow}, midnight + 1000).levels[0].used, 100);
  EXPECT_EQ(used("bud:a"), 90);
}

TEST_P(budgets, amounts_of_millions_of_dollars_stay_exact) {
  constexpr std::int64_t dollar = 1'000'000'000;
  const auto budget = daily_budget("bud:a", 8'000'000 * dollar, 3'999'999 * dollar + 1);
  seed(budget, 3'999'999 * dollar + 7, noon);
  EXPECT_EQ(admit({budget}, noon).levels[0].used, 7'999'998 * dollar + 8);
  settle("req_1", {{budget, 3}}, noon, noon);
  EXPECT_EQ(admit({daily_budget("bud:a", 8'000'000 * dollar, 0)}, noon).levels[0].used, 3'999'999 * dollar + 10);
}

TEST_P(budgets, racing_reservations_and_settlements_never_sum_above_the_limit) {
  const auto budget = daily_budget("bud:a", 10'000, 40);
  seed(budget, 0, noon);
  std::atomic<std::int64_t> spent{0}, highest{0};
  race([&](int thread) {
    for (int i = 0; i < 300; ++i) {
      const auto holder = "req_" + std::to_string(thread) + "_" + std::to_string(i);
      const auto said = admit({budget}, noon + i, holder);
      for (auto seen = highest.load(); seen < said.levels[0].used;) {
        if (highest.compare_exchange_weak(seen, said.levels[0].used)) break;
      }
      if (!said.admitted) continue;
      const std::int64_t cost = i % 41;
      spent += cost;
      settle(holder, {{budget, cost}}, noon + i, noon + i);
    }
  });
  EXPECT_LE(highest, 10'000);
  EXPECT_GT(spent, 9'900);
  EXPECT_EQ(used("bud:a", noon + 400), spent);
}

TEST_P(budgets, racing_requests_against_a_budget_for_100_are_100) {
  const auto budget = daily_budget("bud:a", 100 * 77, 77);
  seed(budget, 0, noon);
  std::atomic<int> admitted{0};
  race([&](int thread) {
    for (int i = 0; i < 50; ++i) {
      admitted += admit({budget}, noon, "req_" + std::to_string(thread * 1000 + i)).admitted ? 1 : 0;
    }
  });
  EXPECT_EQ(admitted, 100);
}

}  // namespace
}  // namespace spidergate::kv
