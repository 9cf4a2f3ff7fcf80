#include "counter_store_fixture.hpp"
#include "kv_replica.hpp"
#include "manual_clock.hpp"
#include "redis_server.hpp"
#include "run_coroutine.hpp"

#include <algorithm>
#include <array>
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

struct running_request {
  std::string holder;
  std::vector<charge> charges;
  epoch_ms charged_at;
};

TEST(redis_scripts, settlements_that_go_together_come_to_what_they_come_to_one_by_one) {
  redis_server server;
  kv_replica replica(patient(server));
  memory_counters memory;
  runtime::worker home(0, runtime::system_clock());
  std::mt19937 random(7);
  const auto up_to = [&](std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random); };
  const auto charges_of = [&](std::size_t owner) -> std::vector<charge> {
    static constexpr std::array<std::array<std::string_view, 4>, 3> keys{{{"tpm:a", "rpd:a", "par:a", "bud:a"},
                                                                          {"tpm:b", "rpd:b", "par:b", "bud:b"},
                                                                          {"tpm:c", "rpd:c", "par:c", "bud:c"}}};
    const auto& own = keys[owner];
    return {per_minute(own[0], 50'000, up_to(90)), per_day(own[1], 10'000, up_to(3)), at_once(own[2], 300),
            daily_budget(own[3], 1'000'000, up_to(50))};
  };
  for (std::size_t owner = 0; owner < 3; ++owner) {
    const auto budget = charges_of(owner)[3];
    ASSERT_TRUE(replica.seed(budget, 0, noon));
    ASSERT_TRUE(testing::run_coroutine(home, memory.seed(budget, 0, noon)));
  }
  auto now = noon;
  std::vector<running_request> ends;
  for (int round = 0; round < 1000; ++round) {
    now += up_to(250);
    const auto charges = charges_of(static_cast<std::size_t>(up_to(2)));
    const auto holder = "req_" + std::to_string(round);
    const auto theirs = replica.admit(charges, now, holder);
    const auto ours = *memory.admit_now(holder, charges, now);
    ASSERT_TRUE(theirs && ours && theirs->admitted && ours->admitted) << round;
    for (std::size_t i = 0; i < charges.size(); ++i) {
      ASSERT_EQ(theirs->levels[i].used, ours->levels[i].used) << i << " in " << round;
    }
    ends.push_back({holder, charges, now});
    if (ends.size() <= static_cast<std::size_t>(up_to(2'000))) continue;
    std::shuffle(ends.begin(), ends.end(), random);
    replica.crew().run(0, [&] {
      for (const auto& [who, what, charged_at] : ends) {
        const std::vector<settlement> of{
            {what[0], up_to(180)}, {what[1], up_to(6)}, {what[2], 0}, {what[3], up_to(90)}};
        replica.counters().settle(who, of, charged_at, now);
        memory.settle(who, of, charged_at, now);
      }
    });
    ends.clear();
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
