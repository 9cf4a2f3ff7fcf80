#include "counter_store_fixture.hpp"
#include "kv_replica.hpp"
#include "manual_clock.hpp"
#include "redis_server.hpp"

#include <random>

/// What the scripts do with the packed forms of their counters, beyond what every store promises.
namespace spidergate::kv {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::kv_replica;
using testing::patient;
using testing::redis_server;

void expect_the_same(const verdict& theirs, const verdict& ours, int round) {
  EXPECT_EQ(theirs.admitted, ours.admitted) << round;
  EXPECT_EQ(theirs.retry_after_ms, ours.retry_after_ms) << round;
  ASSERT_EQ(theirs.levels.size(), ours.levels.size());
  for (std::size_t i = 0; i < ours.levels.size(); ++i) {
    EXPECT_EQ(theirs.levels[i].used, ours.levels[i].used) << i << " in " << round;
    EXPECT_EQ(theirs.levels[i].resets_at, ours.levels[i].resets_at) << i << " in " << round;
  }
}

TEST(redis_scripts, windows_hold_what_those_in_memory_hold_whatever_comes) {
  redis_server server;
  kv_replica replica(patient(server));
  memory_counters memory;
  std::mt19937 random(5);
  const auto up_to = [&](std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random); };
  auto now = noon;
  for (int round = 0; round < 3000; ++round) {
    // Mostly within an entry of the window, at times beyond many, at times beyond all; clocks differ a little.
    now += round % 500 == 499 ? 70'000 : round % 7 == 0 ? up_to(9'000) : up_to(600) - 100;
    const auto holder = "req_" + std::to_string(round);
    const std::vector<charge> charges{per_minute("tpm:a", 5'000, up_to(90)), per_day("rpd:a", 1'000'000, up_to(3))};
    const auto theirs = replica.admit(charges, now, holder);
    const auto ours = *memory.admit_now(holder, charges, now);
    ASSERT_TRUE(theirs && ours);
    expect_the_same(*theirs, *ours, round);
    if (HasFailure() || !ours->admitted) continue;
    const std::vector<settlement> of{{charges[0], up_to(180)}, {charges[1], up_to(6)}};
    const auto charged_at = round % 3 == 0 ? now : now - up_to(65'000);
    replica.crew().run(0, [&] { replica.counters().settle(holder, of, charged_at, now); });
    memory.settle(holder, of, charged_at, now);
  }
}

TEST(redis_scripts, holds_of_a_dead_replica_end_though_they_are_too_many_for_one_look) {
  constexpr int many = 1300;
  redis_server server;
  kv_replica survivor(patient(server));
  const auto budget = daily_budget("bud:a", 10'000'000, 100);
  ASSERT_TRUE(survivor.seed(budget, 0, noon));
  {
    testing::manual_clock time{noon};
    kv_replica dying(patient(server), 1, time);
    for (int i = 0; i < many; ++i) ASSERT_TRUE(dying.admit({budget}, noon, "req_" + std::to_string(i))->admitted);
  }
  const auto looked = [&](epoch_ms now) {
    return survivor.admit({daily_budget("bud:a", 10'000'000, 0)}, now, "looker");
  };
  EXPECT_EQ(looked(noon + 29'999)->levels[0].used, many * 100);
  EXPECT_TRUE(eventually([&] {
    const auto said = looked(noon + 30'000);
    return !said->unseeded.empty() && said->levels[0].used == 0;
  })) << "each call looks at a part of them";
}

TEST(redis_scripts, budget_without_holds_keeps_its_end_and_that_of_its_holds) {
  redis_server server;
  kv_replica replica(patient(server));
  const auto budget = daily_budget("bud:a", 1000, 100);
  const auto key = "sg:m:bud:a@" + std::to_string(budget.window_start);
  ASSERT_TRUE(replica.seed(budget, 0, noon));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(replica.admit({budget}, noon)->admitted);
    replica.settle("req_1", {{budget, 10}}, noon);
    ASSERT_EQ(replica.admit({daily_budget("bud:a", 1000, 0)}, noon, "looker")->levels[0].used, 10 * (i + 1));
    replica.settle("looker", {{daily_budget("bud:a", 1000, 0), 0}}, noon);
    for (const auto& one : {key, key + ":x"}) EXPECT_GT(std::stoll(server.ask({"PTTL", one})), 0) << one;
  }
}

}  // namespace
}  // namespace spidergate::kv
