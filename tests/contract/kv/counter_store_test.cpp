#include "counter_store_fixture.hpp"

#include <atomic>
#include <random>

namespace spidergate::kv {
namespace {

INSTANTIATE_TEST_SUITE_P(all, counter_store_contract, ::testing::ValuesIn(implementations()),
                         [](const auto& about) { return about.param.name; });

// --- sliding windows

TEST_P(counter_store_contract, sliding_window_admits_exactly_its_limit) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(passes(per_minute("rpm:a", 100), noon + i));
  EXPECT_FALSE(passes(per_minute("rpm:a", 100), noon + 100));
  EXPECT_TRUE(passes(per_minute("rpm:b", 100), noon + 100)) << "another key has its own window";
}

TEST_P(counter_store_contract, burst_at_the_end_of_a_minute_blocks_until_it_has_slid_out) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(passes(per_minute("rpm:a", 100), noon + 59'900 + i));
  EXPECT_FALSE(passes(per_minute("rpm:a", 100), noon + 60'500));
  EXPECT_FALSE(passes(per_minute("rpm:a", 100), noon + 90'000)) << "half a window later all of them still count";
  EXPECT_TRUE(passes(per_minute("rpm:a", 100), noon + 121'000));
}

TEST_P(counter_store_contract, no_minute_ever_holds_more_than_one_percent_over_the_limit) {
  for (const std::int64_t limit : {7, 60, 100, 1000}) {
    std::mt19937 random(42);
    std::vector<epoch_ms> admitted;
    auto now = noon;
    const auto key = "rpm:" + std::to_string(limit);
    for (int i = 0; i < 6000; ++i) {
      if (passes(per_minute(key, limit), now)) admitted.push_back(now);
      const bool burst = random() % 20 != 0;
      now += burst ? static_cast<epoch_ms>(random() % 3) : static_cast<epoch_ms>(random() % 40'000);
    }
    std::size_t oldest = 0;
    for (std::size_t i = 0; i < admitted.size(); ++i) {
      while (admitted[oldest] + minute_ms <= admitted[i]) ++oldest;
      ASSERT_LE(static_cast<double>(i - oldest + 1), static_cast<double>(limit) * 1.01) << "at " << admitted[i] - noon;
    }
  }
}

TEST_P(counter_store_contract, even_traffic_just_under_the_limit_is_never_refused) {
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(passes(per_minute("rpm:a", 600), noon + i * 105)) << i;
}

TEST_P(counter_store_contract, charge_stops_counting_at_most_a_60th_late) {
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(passes(per_minute("rpm:a", 500), noon + i));
  EXPECT_EQ(admit({per_minute("rpm:a", 500)}, noon + 499 + minute_ms + minute_ms / 60).levels[0].used, 1);
}

TEST_P(counter_store_contract, amounts_are_charged_whole_or_not_at_all) {
  EXPECT_TRUE(passes(per_minute("tpm:a", 1000, 600), noon));
  const auto refused = admit({per_minute("tpm:a", 1000, 401)}, noon + 1);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.levels[0].used, 600);
  EXPECT_TRUE(passes(per_minute("tpm:a", 1000, 400), noon + 2));
}

TEST_P(counter_store_contract, refusal_says_after_which_time_it_fits) {
  ASSERT_TRUE(passes(per_minute("tpm:a", 1000, 700), noon));
  ASSERT_TRUE(passes(per_minute("tpm:a", 1000, 300), noon + 20'000));
  const auto refused = admit({per_minute("tpm:a", 1000, 500)}, noon + 30'000);
  ASSERT_FALSE(refused.admitted);
  EXPECT_GE(refused.retry_after_ms, 30'000);
  EXPECT_LE(refused.retry_after_ms, 31'000);
  EXPECT_TRUE(passes(per_minute("tpm:a", 1000, 500), noon + 30'000 + refused.retry_after_ms));
}

TEST_P(counter_store_contract, amount_above_its_limit_never_fits) {
  const auto refused = admit({per_minute("tpm:a", 1000, 1001)}, noon);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.retry_after_ms, verdict::never);
}

TEST_P(counter_store_contract, levels_say_when_the_window_is_free_again) {
  const auto first = admit({per_minute("rpm:a", 2)}, noon);
  EXPECT_EQ(first.levels[0].used, 1);
  EXPECT_EQ(first.levels[0].resets_at, noon + minute_ms);
  const auto last = admit({per_minute("rpm:a", 2)}, noon + 30'000);
  EXPECT_EQ(last.levels[0].used, 2);
  EXPECT_EQ(last.levels[0].resets_at, noon + minute_ms) << "full: when the first of them has slid out";
}

// --- fixed windows

TEST_P(counter_store_contract, fixed_day_resets_at_midnight_utc) {
  const auto midnight = start_of_day(noon) + day_ms;
  EXPECT_TRUE(passes(per_day("rpd:a", 1), midnight - 1));
  const auto refused = admit({per_day("rpd:a", 1)}, midnight - 1);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.retry_after_ms, 1);
  EXPECT_EQ(refused.levels[0].resets_at, midnight);
  EXPECT_TRUE(passes(per_day("rpd:a", 1), midnight));
}

TEST_P(counter_store_contract, late_clock_of_another_thread_does_not_reopen_a_day) {
  const auto midnight = start_of_day(noon) + day_ms;
  ASSERT_TRUE(passes(per_day("rpd:a", 1), midnight));
  EXPECT_FALSE(passes(per_day("rpd:a", 1), midnight - 1));
  EXPECT_FALSE(passes(per_day("rpd:a", 1), midnight + 1));
}

TEST_P(counter_store_contract, clock_set_back_by_days_starts_anew) {
  ASSERT_TRUE(passes(per_day("rpd:a", 1), noon + 30 * day_ms));
  ASSERT_TRUE(passes(per_minute("rpm:a", 1), noon + 30 * day_ms));
  EXPECT_TRUE(passes(per_day("rpd:a", 1), noon));
  EXPECT_TRUE(passes(per_minute("rpm:a", 1), noon));
}

// --- leases

TEST_P(counter_store_contract, leases_count_until_released) {
  EXPECT_TRUE(admit({at_once("par:a", 2)}, noon, "req_1").admitted);
  EXPECT_TRUE(admit({at_once("par:a", 2)}, noon, "req_2").admitted);
  EXPECT_FALSE(admit({at_once("par:a", 2)}, noon, "req_3").admitted);
  release("req_1", at_once("par:a", 2), noon + 1);
  release("req_1", at_once("par:a", 2), noon + 1);
  EXPECT_TRUE(admit({at_once("par:a", 2)}, noon + 1, "req_3").admitted);
  EXPECT_FALSE(admit({at_once("par:a", 2)}, noon + 1, "req_4").admitted) << "releasing twice gives one place back";
}

TEST_P(counter_store_contract, lease_that_is_never_released_expires) {
  const charge short_lease{"par:a", window_kind::lease, 20'000, 1, 1};
  ASSERT_TRUE(admit({short_lease}, noon, "req_1").admitted);
  const auto refused = admit({short_lease}, noon + 19'999, "req_2");
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.retry_after_ms, 1);
  EXPECT_TRUE(admit({short_lease}, noon + 20'000, "req_2").admitted);
}

// --- several charges are one step

TEST_P(counter_store_contract, refused_call_moves_no_counter) {
  const std::vector<charge> charges{per_minute("rpm:a", 10), per_minute("tpm:a", 100, 50), per_day("rpd:b", 2),
                                    at_once("par:a", 5)};
  ASSERT_TRUE(admit(charges, noon, "req_1").admitted);
  ASSERT_TRUE(admit(charges, noon, "req_2").admitted);
  const auto refused = admit(charges, noon, "req_3");
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.refused_by, 1U) << "the first that does not fit";
  ASSERT_EQ(refused.levels.size(), 4U);
  EXPECT_EQ(refused.levels[0].used, 2);
  EXPECT_EQ(refused.levels[1].used, 100);
  EXPECT_EQ(refused.levels[2].used, 2);
  EXPECT_EQ(refused.levels[3].used, 2);
  EXPECT_EQ(refused.retry_after_ms, start_of_day(noon) + day_ms - noon) << "all must fit";
}

TEST_P(counter_store_contract, call_without_charges_is_admitted) {
  EXPECT_TRUE(admit({}, noon).admitted);
}

// --- settling windows

TEST_P(counter_store_contract, settling_corrects_the_window_that_was_charged) {
  ASSERT_TRUE(passes(per_minute("tpm:a", 1000, 900), noon));
  settle("req_1", {{per_minute("tpm:a", 1000, 900), 100}}, noon, noon + 5000);
  EXPECT_EQ(admit({per_minute("tpm:a", 1000, 0)}, noon + 5000).levels[0].used, 100);
  settle("req_1", {{per_minute("tpm:a", 1000, 100), 1600}}, noon, noon + 6000);
  EXPECT_EQ(admit({per_minute("tpm:a", 1000, 0)}, noon + 6000).levels[0].used, 1600)
      << "what was really used counts, over the limit too";
  EXPECT_FALSE(passes(per_minute("tpm:a", 1000, 1), noon + 7000));
}

TEST_P(counter_store_contract, settling_raises_a_charge_of_nothing) {
  ASSERT_TRUE(passes(per_minute("tpm:a", 1000, 0), noon));
  settle("req_1", {{per_minute("tpm:a", 1000, 0), 70}}, noon, noon + 1000);
  EXPECT_EQ(admit({per_minute("tpm:a", 1000, 0)}, noon + 1000).levels[0].used, 70);
}

TEST_P(counter_store_contract, settling_never_goes_below_zero) {
  ASSERT_TRUE(passes(per_minute("tpm:a", 1000, 10), noon));
  ASSERT_TRUE(passes(per_day("tpd:a", 1000, 10), noon));
  settle("req_1", {{per_minute("tpm:a", 1000, 60), 10}, {per_day("tpd:a", 1000, 60), 10}}, noon, noon);
  EXPECT_EQ(admit({per_minute("tpm:a", 1000, 0)}, noon).levels[0].used, 0);
  EXPECT_EQ(admit({per_day("tpd:a", 1000, 0)}, noon).levels[0].used, 0);
}

TEST_P(counter_store_contract, settling_after_the_window_changes_nothing) {
  const auto midnight = start_of_day(noon) + day_ms;
  ASSERT_TRUE(passes(per_day("tpd:a", 1000, 10), midnight - 1));
  ASSERT_TRUE(passes(per_day("tpd:a", 1000, 500), midnight));
  settle("req_1", {{per_day("tpd:a", 1000, 10), 0}}, midnight - 1, midnight + 5);
  EXPECT_EQ(admit({per_day("tpd:a", 1000, 0)}, midnight + 5).levels[0].used, 500);

  ASSERT_TRUE(passes(per_minute("tpm:a", 1000, 10), noon));
  ASSERT_TRUE(passes(per_minute("tpm:a", 1000, 500), noon + 40'000));
  settle("req_1", {{per_minute("tpm:a", 1000, 10), 0}}, noon, noon + 70'000);
  EXPECT_EQ(admit({per_minute("tpm:a", 1000, 0)}, noon + 70'000).levels[0].used, 500);
}

TEST_P(counter_store_contract, one_call_settles_charges_of_every_kind) {
  const std::vector<charge> charges{per_minute("tpm:a", 1000, 900), per_day("rpd:b", 9), at_once("par:a", 1)};
  ASSERT_TRUE(admit(charges, noon).admitted);
  settle("req_1", {{charges[0], 30}, {charges[1], 1}, {charges[2], 0}}, noon, noon + 10);
  const auto after = admit({per_minute("tpm:a", 1000, 0), per_day("rpd:b", 9, 0), at_once("par:a", 1)}, noon + 10);
  EXPECT_TRUE(after.admitted);
  EXPECT_EQ(after.levels[0].used, 30);
  EXPECT_EQ(after.levels[1].used, 1);
}

// --- picks

TEST_P(counter_store_contract, pick_takes_rank_then_daily_count_then_longest_unused) {
  restore("int_a", 5, noon - 100, noon);
  restore("int_b", 3, noon - 100, noon);
  restore("int_c", 3, noon - 900, noon);
  restore("int_d", 99, noon - 10, noon);
  const std::vector<pick_option> level{{"int_a"}, {"int_b"}, {"int_c"}};
  EXPECT_EQ(pick(level, noon).index, 2U) << "fewest today, longest unused";
  EXPECT_EQ(pick(level, noon + 1).index, 1U) << "now the one with fewest";
  EXPECT_EQ(pick({{"int_a"}, {"int_b"}, {"int_d", 7}}, noon + 2).index, 2U) << "a higher rank comes before counts";
}

TEST_P(counter_store_contract, pick_spreads_evenly_over_equals) {
  const std::vector<pick_option> equals{{"int_a"}, {"int_b"}, {"int_c"}};
  std::vector<int> taken(3);
  for (int i = 0; i < 300; ++i) ++taken[pick(equals, noon + i).index];
  EXPECT_EQ(taken, (std::vector<int>{100, 100, 100}));
}

TEST_P(counter_store_contract, pick_skips_what_is_at_a_limit) {
  const std::vector<pick_option> options{{"int_a", 9, 2, 0}, {"int_b", 5, 0, 1}};
  EXPECT_EQ(pick(options, noon).index, 0U);
  EXPECT_EQ(pick(options, noon).daily_count, 2);
  const auto third = pick(options, noon);
  EXPECT_EQ(third.index, 1U);
  EXPECT_EQ(third.minute_count, 1);
  EXPECT_FALSE(pick(options, noon + 59'999).found);
  EXPECT_EQ(pick(options, noon + 61'000).index, 1U) << "its minute has passed";
  EXPECT_EQ(pick(options, start_of_day(noon) + day_ms).index, 0U) << "a new day";
}

TEST_P(counter_store_contract, refused_pick_counts_nothing) {
  const std::vector<pick_option> only{{"int_a", 0, 1, 0}};
  ASSERT_TRUE(pick(only, noon).found);
  ASSERT_FALSE(pick(only, noon + 5).found);
  const auto counted = store->counts("int_a", noon + 5);
  EXPECT_EQ(counted.daily_count, 1);
  EXPECT_EQ(counted.minute_count, 1);
  EXPECT_EQ(counted.last_picked_at, noon);
}

TEST_P(counter_store_contract, pick_of_nothing_finds_nothing) {
  EXPECT_FALSE(pick({}, noon).found);
}

TEST_P(counter_store_contract, restore_raises_and_never_lowers) {
  restore("int_a", 40, noon - 5000, noon);
  EXPECT_EQ(store->counts("int_a", noon).daily_count, 40);
  ASSERT_TRUE(pick({{"int_a"}}, noon).found);
  restore("int_a", 12, noon - 9000, noon);
  const auto counted = store->counts("int_a", noon);
  EXPECT_EQ(counted.daily_count, 41);
  EXPECT_EQ(counted.last_picked_at, noon);
  EXPECT_EQ(store->counts("int_a", noon + day_ms).daily_count, 0);
  EXPECT_EQ(store->counts("int_unknown", noon).daily_count, 0);
}

// --- many threads

TEST_P(counter_store_contract, racing_threads_are_admitted_exactly_to_the_limit) {
  std::atomic<int> admitted{0};
  race([&](int) {
    for (int i = 0; i < 500; ++i) admitted += passes(per_minute("rpm:a", 1000), noon + i) ? 1 : 0;
  });
  EXPECT_EQ(admitted, 1000);
}

TEST_P(counter_store_contract, racing_threads_over_many_counters_keep_all_of_them_exact) {
  std::atomic<int> admitted{0};
  race([&](int thread) {
    for (int i = 0; i < 400; ++i) {
      const auto own = "rpm:tok_" + std::to_string(thread);
      std::vector<charge> charges{per_minute(own, 350), per_day("rpd:cli", 2000), per_day("rpd:brd", 1500)};
      if (thread % 2 == 0) std::swap(charges[0], charges[2]);
      admitted += admit(charges, noon + i).admitted ? 1 : 0;
    }
  });
  EXPECT_EQ(admitted, 1500);
  EXPECT_EQ(admit({per_day("rpd:cli", 2000, 0)}, noon + 500).levels[0].used, 1500) << "no refused call has moved it";
}

TEST_P(counter_store_contract, racing_leases_never_exceed_the_limit) {
  std::atomic<int> inside{0}, most{0};
  race([&](int thread) {
    for (int i = 0; i < 300; ++i) {
      const auto holder = "req_" + std::to_string(thread) + "_" + std::to_string(i);
      if (!admit({at_once("par:a", 3)}, noon + i, holder).admitted) continue;
      const auto now_inside = ++inside;
      for (auto seen = most.load(); seen < now_inside && !most.compare_exchange_weak(seen, now_inside);) continue;
      --inside;
      release(holder, at_once("par:a", 3), noon + i);
    }
  });
  EXPECT_LE(most, 3);
  EXPECT_EQ(admit({{"par:a", window_kind::lease, minute_ms, 9, 0}}, noon + 300).levels[0].used, 0);
}

TEST_P(counter_store_contract, daily_limit_of_1000_is_never_1001) {
  std::atomic<int> taken{0};
  const std::vector<pick_option> options{{"int_a", 1, 1000, 0}, {"int_b", 0, 500, 0}};
  race([&](int) {
    for (int i = 0; i < 400; ++i) taken += pick(options, noon + i).found ? 1 : 0;
  });
  EXPECT_EQ(taken, 1500);
  EXPECT_EQ(store->counts("int_a", noon + 400).daily_count, 1000);
  EXPECT_EQ(store->counts("int_b", noon + 400).daily_count, 500);
}

}  // namespace
}  // namespace spidergate::kv
