#include "counter_store_fixture.hpp"
#include "kv_replica.hpp"
#include "manual_clock.hpp"
#include "redis_server.hpp"

#include <atomic>

/// What happens between two steps of a budget's or a lease's life in Redis.
namespace spidergate::kv {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::kv_replica;
using testing::patient;
using testing::redis_server;

TEST(redis_races, request_that_ends_while_holds_are_renewed_holds_nothing_afterwards) {
  redis_server server;
  testing::manual_clock time{noon};
  kv_replica replica(patient(server), 4, time);
  const auto budget = daily_budget("bud:a", 1'000'000, 100);
  const auto place = at_once("par:a", 1'000);
  ASSERT_TRUE(replica.seed(budget, 0, noon));
  std::atomic<std::int64_t> spent{0};
  {
    std::atomic<bool> enough{false};
    std::vector<std::jthread> threads;
    for (std::size_t lane = 1; lane < 4; ++lane) {
      threads.emplace_back([&, lane] {
        for (int round = 0; !enough; ++round) {
          std::vector<std::string> holders;
          for (int n = 0; n < 80; ++n) {  // all lanes together hold more than is told at once
            holders.push_back("req_" + std::to_string(lane) + "_" + std::to_string(round) + "_" + std::to_string(n));
            ASSERT_TRUE(replica.admit({place, budget}, noon, holders.back(), lane)->admitted);
          }
          for (const auto& one : holders) replica.settle(one, {{place, 0}, {budget, 1}}, noon, lane);
          spent += static_cast<std::int64_t>(holders.size());
        }
      });
    }
    for (int i = 0; i < 400; ++i) {  // a renewal is due at each beat
      time.advance(10s);
      std::this_thread::sleep_for(5ms);
    }
    enough = true;
  }
  const auto looked = [&] {
    return replica.admit({at_once("par:a", 1'000), daily_budget("bud:a", 1'000'000, 0)}, noon, "looker")->levels;
  };
  EXPECT_TRUE(eventually([&] { return server.ask({"ZCARD", "sg:l:par:a"}) == "0"; }, 1s))
      << server.ask({"ZRANGE", "sg:l:par:a", "0", "-1"});
  EXPECT_TRUE(eventually([&] { return looked()[1].used == spent; }, 1s)) << looked()[1].used << " of " << spent;
}

TEST(redis_races, what_the_ledger_said_before_a_flush_is_not_taken_after_it) {
  redis_server server;
  testing::manual_clock time{noon};
  kv_replica replica(patient(server), 1, time);
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_EQ(replica.admit({budget}, noon)->unseeded.size(), 1U);
  server.ask({"FLUSHALL"});
  ASSERT_EQ(replica.admit({budget}, noon, "req_2")->unseeded.size(), 1U);  // while the first still asks the ledger
  ASSERT_TRUE(replica.seed(budget, 300, noon));
  ASSERT_EQ(replica.admit({budget}, noon, "req_3")->unseeded.size(), 1U);
  ASSERT_TRUE(replica.seed(budget, 400, noon));
  EXPECT_EQ(replica.admit({budget}, noon, "req_3")->levels[0].used, 500);
}

TEST(redis_races, budget_of_a_dead_replica_is_seeded_when_others_have_filed_and_never_for_less_than_was_known) {
  redis_server server;
  kv_replica survivor(patient(server));
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(survivor.seed(budget, 50, noon));
  {
    testing::manual_clock time{noon};
    kv_replica dying(patient(server), 1, time);
    ASSERT_TRUE(dying.admit({budget}, noon, "req_dead")->admitted);
  }
  ASSERT_TRUE(survivor.admit({budget}, noon, "req_1")->admitted);
  survivor.settle("req_1", {{budget, 30}}, noon);
  std::this_thread::sleep_for(750ms);  // a new generation's own wait is over
  const auto after = survivor.admit({budget}, noon + 30'001, "req_2");
  ASSERT_EQ(after->unseeded.size(), 1U);
  EXPECT_GT(after->seed_after_ms, 0);
  EXPECT_LE(after->seed_after_ms, 700);
  ASSERT_TRUE(survivor.seed(budget, 60, noon + 30'001));  // the 30 are not in the ledger yet
  EXPECT_EQ(survivor.admit({daily_budget("bud:a", 1000, 0)}, noon + 30'001, "looker")->levels[0].used, 80);
}

}  // namespace
}  // namespace spidergate::kv
