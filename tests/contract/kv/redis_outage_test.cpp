#include "counter_store_fixture.hpp"
#include "kv_replica.hpp"
#include "manual_clock.hpp"
#include "redis_server.hpp"

#include <algorithm>
#include <atomic>

namespace spidergate::kv {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::kv_replica;
using testing::redis_server;

/// Redis frozen, gone, flushed: what callers see, and what is true afterwards.
class redis_outage : public ::testing::Test {
 protected:
  redis_options options(bool deny = false, std::chrono::milliseconds timeout = 50ms) {
    redis_options made;
    made.url = secret_string(server.url());
    made.deny_when_lost = deny;
    made.timeout = timeout;
    return made;
  }

  static std::int64_t milliseconds_of(const std::function<void()>& work) {
    const auto begun = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count();
  }

  /// Admits, seeding what is unseeded from `ledger` after the time that the store asks for.
  static bool admit_seeded(kv_replica& replica, const charge& budget, const std::string& holder, std::size_t lane,
                           const std::function<std::int64_t()>& ledger) {
    for (int i = 0; i < 20; ++i) {
      const auto said = replica.admit({budget}, noon, holder, lane);
      if (!said) return false;
      if (said->unseeded.empty()) return said->admitted;
      std::this_thread::sleep_for(std::chrono::milliseconds(said->seed_after_ms));
      if (!replica.seed(budget, ledger(), noon, lane)) return false;
    }
    ADD_FAILURE() << "the budget is never seeded";
    return false;
  }

  /// What the store says is held of it.
  std::int64_t reserved_of(const charge& budget) {
    constexpr std::size_t reserved = 5;
    const auto found = server.ask_numbers({"GET", "sg:m:bud:a@" + std::to_string(budget.window_start)});
    return found.size() > reserved ? found[reserved] : 0;
  }

  redis_server server;
};

TEST_F(redis_outage, frozen_redis_costs_few_calls_a_deadline_and_the_rest_nothing) {
  kv_replica replica(options());
  ASSERT_TRUE(eventually([&] { return replica.admit({per_minute("rpm:a", 5)}, noon).has_value(); }));
  const auto before = replica.counters().stats();
  server.freeze();
  std::vector<std::int64_t> took;
  for (int i = 0; i < 200; ++i) {
    took.push_back(milliseconds_of([&] {
      EXPECT_TRUE(replica.admit({per_minute("rpm:b", 1000)}, noon, "req_1", static_cast<std::size_t>(i) % 2)->admitted);
    }));
  }
  const auto slow = std::count_if(took.begin(), took.end(), [](std::int64_t ms) { return ms >= 40; });
  EXPECT_LE(slow, 4);
  EXPECT_LT(*std::max_element(took.begin(), took.end()), 500);
  EXPECT_FALSE(replica.counters().reachable());
  const auto after = replica.counters().stats();
  EXPECT_EQ(after.answered_locally - before.answered_locally, 200U);
  EXPECT_EQ(after.times_lost - before.times_lost, 1U);
  server.thaw();
  EXPECT_TRUE(eventually([&] { return replica.counters().reachable(); }));
  EXPECT_TRUE(eventually([&] {
    const auto local = replica.counters().stats().answered_locally;
    return replica.admit({per_minute("rpm:a", 5, 0)}, noon) && replica.counters().stats().answered_locally == local;
  }));
}

TEST_F(redis_outage, one_late_answer_sends_nobody_to_the_local_counters) {
  kv_replica replica(options());
  ASSERT_TRUE(eventually([&] { return replica.admit({per_minute("rpm:a", 5)}, noon).has_value(); }));
  // A beat of the leading worker may be late at the same moment: two failures are an outage, and say nothing here.
  int only_late = 0;
  for (int i = 0; i < 40 && only_late < 3; ++i) {
    ASSERT_TRUE(eventually([&] { return replica.counters().reachable(); }));
    const auto before = replica.counters().stats();
    server.freeze();
    std::jthread thawing([&] {
      std::this_thread::sleep_for(70ms);
      server.thaw();
    });
    EXPECT_TRUE(replica.admit({per_minute("rpm:b", 1000)}, noon)->admitted);
    thawing.join();
    const auto after = replica.counters().stats();
    if (after.times_lost != before.times_lost || after.timeouts == before.timeouts) continue;
    ++only_late;
    EXPECT_EQ(after.answered_locally, before.answered_locally);
  }
  EXPECT_GT(only_late, 0);
}

TEST_F(redis_outage, limits_hold_in_the_process_while_redis_is_lost) {
  kv_replica replica(options());
  ASSERT_TRUE(eventually([&] { return replica.pick({{"int_a", 0, 10, 0}}, noon).has_value(); }));
  const auto counted = replica.counters().counts("int_a", noon).daily_count;
  server.kill();
  std::int64_t admitted = 0, picked_more = 0;
  for (int i = 0; i < 30; ++i) {
    admitted +=
        replica.admit({per_minute("rpm:a", 7)}, noon, "req_1", static_cast<std::size_t>(i) % 2)->admitted ? 1 : 0;
    picked_more += replica.pick({{"int_a", 0, 10, 0}}, noon)->found ? 1 : 0;
  }
  EXPECT_EQ(admitted, 7);
  EXPECT_EQ(counted + picked_more, 10) << "local counters go on from what Redis said";
}

TEST_F(redis_outage, lost_redis_denies_where_it_is_told_to) {
  kv_replica replica(options(true));
  ASSERT_TRUE(eventually([&] { return replica.admit({per_minute("rpm:a", 5)}, noon).has_value(); }));
  server.freeze();
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(replica.admit({per_minute("rpm:a", 5)}, noon));
    EXPECT_FALSE(replica.pick({{"int_a"}}, noon));
    EXPECT_FALSE(replica.seed(daily_budget("bud:a", 5, 1), 0, noon));
  }
  EXPECT_EQ(replica.counters().stats().answered_locally, 0U);
  server.thaw();
  EXPECT_TRUE(eventually([&] { return replica.admit({per_minute("rpm:a", 5)}, noon).has_value(); }));
}

TEST_F(redis_outage, restarted_redis_knows_no_budget_but_what_runs_is_told_again) {
  testing::manual_clock time{noon};
  kv_replica replica(options(), 2, time);
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(eventually([&] { return admit_seeded(replica, budget, "req_1", 0, [] { return 50; }); }));
  ASSERT_TRUE(eventually([&] { return replica.pick({{"int_a"}}, noon).has_value(); }));
  const auto counted = replica.counters().counts("int_a", noon).daily_count;
  const auto lost = replica.counters().stats().times_lost;
  server.restart();
  ASSERT_TRUE(eventually([&] { return reserved_of(budget) == 100; })) << "the reservation of req_1";
  EXPECT_TRUE(eventually([&] {
    const auto told = server.ask_numbers({"GET", "sg:p:int_a"});
    return told.size() > 1 && told[1] == counted;
  }));
  ASSERT_TRUE(eventually([&] { return replica.counters().reachable(); }));
  (void)lost;
  ASSERT_TRUE(eventually([&] {
    const auto local = replica.counters().stats().answered_locally;
    const auto said = replica.admit({budget}, noon, "req_2");
    return replica.counters().stats().answered_locally == local && said && said->unseeded.size() == 1;
  }));
  ASSERT_TRUE(admit_seeded(replica, budget, "req_2", 0, [] { return 60; }));
  const auto seen = replica.admit({daily_budget("bud:a", 1000, 0)}, noon, "looker");
  EXPECT_EQ(seen->levels[0].used, 60 + 100 + 100);
  replica.settle("req_1", {{budget, 7}}, noon);
  EXPECT_EQ(replica.admit({daily_budget("bud:a", 1000, 0)}, noon, "looker")->levels[0].used, 60 + 7 + 100);
}

TEST_F(redis_outage, flush_is_noticed_and_seeding_waits_for_all_replicas) {
  testing::manual_clock time{noon};
  kv_replica first(options(false, 5s), 1, time), second(options(false, 5s), 1, time);
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(admit_seeded(first, budget, "req_1", 0, [] { return 0; }));
  ASSERT_TRUE(admit_seeded(second, budget, "req_2", 0, [] { return 0; }));
  server.ask({"FLUSHALL"});
  const auto said = first.admit({budget}, noon, "req_3");
  ASSERT_EQ(said->unseeded.size(), 1U);
  EXPECT_GT(said->seed_after_ms, 0);
  EXPECT_LE(said->seed_after_ms, 700);
  std::this_thread::sleep_for(std::chrono::milliseconds(said->seed_after_ms));
  EXPECT_EQ(reserved_of(budget), 200) << "both have told what they hold";
}

TEST_F(redis_outage, flush_after_flush_under_load_lets_a_budget_for_100_pass_at_most_100) {
  testing::manual_clock time{noon};
  kv_replica first(options(false, 5s), 4, time), second(options(false, 5s), 4, time);
  constexpr int fitting = 100;
  const auto budget = daily_budget("bud:a", fitting * 40, 40);
  std::atomic<std::int64_t> spent{0};
  std::atomic<int> admitted{0};
  const auto give_up = std::chrono::steady_clock::now() + 6s;
  const auto goes_on = [&] { return spent < budget.limit && std::chrono::steady_clock::now() < give_up; };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        auto& replica = i % 2 == 0 ? first : second;
        const auto lane = i / 2;
        for (int n = 0; goes_on(); ++n) {
          const auto holder = "req_" + std::to_string(i) + "_" + std::to_string(n);
          if (!admit_seeded(replica, budget, holder, lane, [&] { return spent.load(); })) {
            std::this_thread::sleep_for(5ms);
            continue;
          }
          ++admitted;
          std::this_thread::sleep_for(n % 3 == 0 ? 900ms : 100ms);  // some outlast a flush and the wait to seed
          spent += 40;
          replica.settle(holder, {{budget, 40}}, noon, lane);
        }
      });
    }
    while (goes_on()) {
      std::this_thread::sleep_for(400ms);
      server.ask({"FLUSHALL"});
      std::this_thread::sleep_for(800ms);
    }
  }
  EXPECT_LE(admitted, fitting);
  EXPECT_GE(admitted, fitting / 2) << "else little was tried";
  EXPECT_EQ(first.counters().stats().answered_locally + second.counters().stats().answered_locally, 0U);
}

TEST_F(redis_outage, budgets_served_locally_are_asked_anew_afterwards) {
  kv_replica replica(options());
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(eventually([&] { return admit_seeded(replica, budget, "req_1", 0, [] { return 0; }); }));
  server.freeze();
  ASSERT_TRUE(admit_seeded(replica, budget, "req_2", 0, [] { return 300; }));
  const auto seen = replica.admit({daily_budget("bud:a", 1000, 0)}, noon, "looker");
  EXPECT_EQ(seen->levels[0].used, 300 + 100 + 100) << "what began in Redis is counted too";
  replica.settle("req_2", {{budget, 20}}, noon);
  replica.settle("req_1", {{budget, 20}}, noon);
  EXPECT_EQ(replica.admit({daily_budget("bud:a", 1000, 0)}, noon, "looker")->levels[0].used, 340);
  server.thaw();
  ASSERT_TRUE(eventually([&] { return replica.counters().reachable(); }));
  EXPECT_TRUE(eventually([&] {
    const auto local = replica.counters().stats().answered_locally;
    const auto said = replica.admit({budget}, noon, "req_3");
    return replica.counters().stats().answered_locally == local && said && said->unseeded.size() == 1;
  }));
}

TEST_F(redis_outage, settlements_beyond_the_bound_are_counted_and_budgets_asked_anew) {
  kv_replica replica(options(true));
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(eventually([&] { return admit_seeded(replica, budget, "req_1", 0, [] { return 0; }); }));
  server.freeze();
  replica.crew().run(0, [&] {
    for (int i = 0; i < 10'050; ++i) {
      const std::vector<settlement> of{{budget, 1}};
      replica.counters().settle("req_x" + std::to_string(i), of, noon, noon);
    }
  });
  EXPECT_GE(replica.counters().stats().settlements_lost, 50U);
  server.thaw();
  ASSERT_TRUE(eventually([&] {
    const auto said = replica.admit({budget}, noon, "req_3");
    return said && said->unseeded.size() == 1;
  })) << "a new generation";
}

TEST_F(redis_outage, settlement_that_waited_for_redis_arrives_once) {
  testing::manual_clock time{noon};
  kv_replica replica(options(true), 1, time);
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(eventually([&] { return admit_seeded(replica, budget, "req_1", 0, [] { return 0; }); }));
  server.freeze();
  replica.settle("req_1", {{budget, 30}}, noon);
  std::this_thread::sleep_for(300ms);  // its first sending has timed out
  server.thaw();
  EXPECT_TRUE(eventually([&] {
    const auto said = replica.admit({daily_budget("bud:a", 1000, 0)}, noon, "looker");
    return said && said->levels[0].used == 30;
  }));
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(replica.admit({daily_budget("bud:a", 1000, 0)}, noon, "looker")->levels[0].used, 30);
  EXPECT_EQ(replica.counters().stats().settlements_lost, 0U);
}

TEST_F(redis_outage, calls_beyond_the_bound_fail_at_once) {
  kv_replica replica(options(true, 2s), 1);
  ASSERT_TRUE(eventually([&] { return replica.admit({per_minute("rpm:a", 5)}, noon).has_value(); }));
  server.freeze();
  constexpr int calls = 5000;
  std::atomic<int> full{0}, failed{0};
  const std::vector<charge> charges{per_minute("rpm:a", 5)};
  struct one_call {
    static awaitable<void> run(redis_counters& counters, std::span<const charge> of, std::atomic<int>& refused,
                               std::atomic<int>& ended) {
      const auto said = co_await counters.admit("req_1", of, noon);
      if (!said && said.error() == asio::error::no_buffer_space) ++refused;
      ++ended;
    }
  };
  for (int i = 0; i < calls; ++i) {
    replica.crew()[0].spawn([&] { return one_call::run(replica.counters(), charges, full, failed); });
  }
  EXPECT_TRUE(eventually([&] { return full >= calls - 4096; }, 1500ms)) << full;
  EXPECT_TRUE(eventually([&] { return failed == calls; }));
  server.thaw();
}

/// A call that nobody waits for any more when its worker goes.
awaitable<void> left_alone(redis_counters& counters, std::span<const charge> of) {
  std::ignore = co_await counters.admit("req_1", of, noon);
}

TEST_F(redis_outage, workers_may_go_with_calls_under_way_before_the_counters_or_after_them) {
  const std::vector<charge> charges{per_minute("rpm:a", 5), at_once("par:a", 5)};
  for (const bool counters_first : {true, false}) {
    memory_counters local;
    auto crew = std::make_unique<testing::worker_crew>(2);
    auto resolver = std::make_unique<runtime::blocking_pool>(1, 8);
    auto counters = std::make_unique<redis_counters>(options(true, 5s), local, *resolver, testing::noon_clock());
    counters->attach((*crew)[0]);
    counters->attach((*crew)[1]);
    crew->start();
    const auto answered = [&] {
      return crew->await<result<verdict>>(1, [&] { return counters->admit("req_0", charges, noon); }).has_value();
    };
    ASSERT_TRUE(eventually(answered));
    server.freeze();
    for (std::size_t i = 0; i < 40; ++i) {
      (*crew)[i % 2].spawn([&] { return left_alone(*counters, charges); });
    }
    crew->run(0, [] {});
    crew->run(1, [] {});
    crew->stop();
    resolver.reset();
    if (counters_first) counters.reset();
    crew.reset();
    server.thaw();
  }
}

}  // namespace
}  // namespace spidergate::kv
