#include "counter_store_fixture.hpp"
#include "kv_replica.hpp"
#include "manual_clock.hpp"
#include "redis_server.hpp"

#include <atomic>
#include <sstream>

namespace spidergate::kv {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::kv_replica;
using testing::patient;
using testing::redis_server;

redis_options options_for(const redis_server& server, int database = 0) {
  redis_options made;
  made.url = secret_string(server.url(database));
  made.extra_ca_file = {};
  return made;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// --- the server and who we are to it

TEST(redis_counters, script_that_redis_forgot_is_sent_anew) {
  redis_server server;
  kv_replica replica(patient(server));
  ASSERT_TRUE(replica.admit({per_minute("rpm:a", 10)}, noon));
  server.ask({"SCRIPT", "FLUSH"});
  EXPECT_EQ(replica.admit({per_minute("rpm:a", 10)}, noon)->levels[0].used, 2);
  server.ask({"SCRIPT", "FLUSH"});
  replica.settle("req_1", {{per_minute("rpm:a", 10), 5}}, noon);
  EXPECT_TRUE(eventually([&] { return replica.admit({per_minute("rpm:a", 10, 0)}, noon)->levels[0].used == 6; }));
  EXPECT_EQ(replica.counters().stats().failures, 0U);
}

TEST(redis_counters, password_database_and_prefix_are_used) {
  redis_server server({.password = "open sesame"});
  auto options = options_for(server);
  const auto port = server.url().substr(server.url().rfind(':') + 1);
  options.url = secret_string("redis://default:open%20sesame@127.0.0.1:" + port.substr(0, port.find('/')) + "/3");
  options.key_prefix = "mine:";
  options.timeout = 5s;
  EXPECT_EQ(check_redis(options), "");
  kv_replica replica(options);
  ASSERT_TRUE(replica.admit({per_minute("rpm:a", 10)}, noon)->admitted);
  EXPECT_EQ(replica.counters().stats().answered_locally, 0U);
  server.ask({"SELECT", "0"});
  EXPECT_EQ(server.ask({"DBSIZE"}), "0");
  server.ask({"SELECT", "3"});
  const auto keys = lines_of(server.ask({"KEYS", "*"}));
  EXPECT_EQ(keys.size(), 2U) << "the counter and the generation";
  for (const auto& key : keys) EXPECT_TRUE(key.starts_with("mine:")) << key;
}

TEST(redis_counters, wrong_password_is_said_by_the_check_and_never_shown) {
  redis_server server({.password = "right"});
  auto options = options_for(server);
  options.url = secret_string("redis://:wr0ng@127.0.0.1:" + server.url().substr(server.url().rfind(':') + 1));
  const auto said = check_redis(options);
  EXPECT_NE(said.find("WRONGPASS"), std::string::npos) << said;
  EXPECT_EQ(said.find("wr0ng"), std::string::npos) << said;
  options.deny_when_lost = true;
  kv_replica replica(options);
  EXPECT_FALSE(replica.admit({per_minute("rpm:a", 10)}, noon));
}

TEST(redis_counters, server_that_is_not_there_is_said_by_the_check) {
  redis_options options;
  {
    redis_server server;
    options = options_for(server);
  }
  EXPECT_NE(check_redis(options).find("cannot connect"), std::string::npos);
  options.url = secret_string("redis://:secret@/x");
  EXPECT_EQ(check_redis(options).find("secret"), std::string::npos);
}

TEST(redis_counters, tls_is_spoken_to_a_server_whose_certificate_is_trusted_alone) {
  redis_server server({.tls = true});
  auto options = options_for(server);
  options.timeout = 5s;
  EXPECT_NE(check_redis(options), "") << "nobody vouches for that certificate";
  options.extra_ca_file = server.ca_file();
  EXPECT_EQ(check_redis(options), "");
  kv_replica replica(options);
  ASSERT_TRUE(replica.admit({per_minute("rpm:a", 10)}, noon));
  EXPECT_EQ(replica.admit({per_minute("rpm:a", 10)}, noon)->levels[0].used, 2);
  EXPECT_EQ(replica.counters().stats().answered_locally, 0U);
}

TEST(redis_counters, caller_that_is_no_attached_worker_is_refused) {
  redis_server server;
  kv_replica replica(patient(server));
  testing::worker_crew strangers(1);
  strangers.start();
  const std::vector<charge> charges{per_minute("rpm:a", 10)};
  const auto said =
      strangers.await<result<verdict>>(0, [&] { return replica.counters().admit("req_1", charges, noon); });
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error(), boost::system::errc::operation_not_permitted);
}

TEST(redis_counters, every_key_ends_by_itself) {
  redis_server server;
  kv_replica replica(patient(server));
  const auto budget = daily_budget("bud:a", 1000, 100);
  const auto now = noon;
  ASSERT_TRUE(replica.seed(budget, 0, now));
  ASSERT_TRUE(
      replica.admit({per_minute("rpm:a", 10), per_day("rpd:a", 10), at_once("par:a", 5), budget}, now)->admitted);
  ASSERT_TRUE(replica.pick({{"int_a"}}, now)->found);
  replica.settle("req_9", {{daily_budget("bud:b", 10, 1), 1}}, now);
  ASSERT_TRUE(
      eventually([&] { return server.ask({"EXISTS", "sg:m:bud:b@" + std::to_string(start_of_day(noon))}) == "1"; }));
  const auto keys = lines_of(server.ask({"KEYS", "*"}));
  EXPECT_GE(keys.size(), 9U);
  for (const auto& key : keys) EXPECT_GT(std::stoll(server.ask({"PTTL", key})), 0) << key;
}

// --- several replicas

TEST(redis_counters, replicas_together_pick_a_key_exactly_to_its_daily_limit) {
  redis_server server;
  kv_replica first(patient(server)), second(patient(server));
  std::atomic<int> taken{0};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        auto& replica = i < 2 ? first : second;
        for (int n = 0; n < 400; ++n) taken += replica.pick({{"int_a", 0, 1000, 0}}, noon, i % 2)->found ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(taken, 1000);
  EXPECT_EQ(first.counters().stats().answered_locally + second.counters().stats().answered_locally, 0U);
}

TEST(redis_counters, key_without_limits_that_stands_alone_is_picked_at_once_and_told_soon) {
  redis_server server;
  kv_replica first(patient(server)), second(patient(server));
  const std::vector<pick_option> options{{"int_b", 1, 5, 5}, {"int_a", 2}};
  for (int i = 1; i <= 30; ++i) {
    const auto taken = first.pick_now(options, noon, static_cast<std::size_t>(i % 2));
    ASSERT_TRUE(taken && *taken && (*taken)->found);
    EXPECT_EQ((*taken)->index, 1U);
    EXPECT_EQ((*taken)->daily_count, i);
  }
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(second.pick_now(options, noon));
  const auto told = [&] {
    const auto numbers = server.ask_numbers({"GET", "sg:p:int_a"});
    return numbers.size() > 1 ? numbers[1] : 0;
  };
  EXPECT_TRUE(eventually([&] { return told() == 42; })) << told();
  ASSERT_TRUE(second.pick_now(options, noon));
  EXPECT_TRUE(eventually([&] { return told() == 43; })) << told();
  EXPECT_TRUE(eventually([&] { return second.counters().counts("int_a", noon).daily_count == 43; }));
  EXPECT_EQ(second.counters().counts("int_a", noon).minute_count, 43);
  EXPECT_EQ(first.pick({{"int_a", 2, 44, 0}}, noon)->daily_count, 44) << "counted once each";
  EXPECT_FALSE(first.pick({{"int_a", 2, 44, 0}}, noon)->found) << "a limit that it is given later knows them all";
}

TEST(redis_counters, key_that_must_be_chosen_or_has_a_limit_is_not_picked_without_asking) {
  redis_server server;
  kv_replica replica(patient(server));
  EXPECT_FALSE(replica.pick_now({}, noon));
  EXPECT_FALSE(replica.pick_now({{"int_a", 1, 10, 0}}, noon));
  EXPECT_FALSE(replica.pick_now({{"int_a", 1, 0, 10}}, noon));
  EXPECT_FALSE(replica.pick_now({{"int_a", 1}, {"int_b", 1}}, noon)) << "the one that was picked less";
  EXPECT_FALSE(replica.pick_now({{"int_a", 1}, {"int_b", 2, 10, 0}}, noon)) << "the first as long as it may be";
  EXPECT_TRUE(replica.pick_now({{"int_a", 1}, {"int_b", 1}, {"int_c", 2}}, noon));
  EXPECT_FALSE(replica.pick_now({{"int_a", 1}, {"int_c", 2}, {"int_b", 2}}, noon));
}

TEST(redis_counters, replicas_together_admit_a_budget_for_100_exactly_100_times) {
  redis_server server;
  kv_replica first(patient(server)), second(patient(server));
  const auto budget = daily_budget("bud:a", 100 * 77, 77);
  ASSERT_TRUE(first.seed(budget, 0, noon));
  std::atomic<int> admitted{0};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        auto& replica = i < 2 ? first : second;
        for (int n = 0; n < 250; ++n) {
          const auto holder = "req_" + std::to_string(i * 1000 + static_cast<std::size_t>(n));
          if (!replica.admit({budget}, noon, holder, i % 2)->admitted) continue;
          ++admitted;
          replica.settle(holder, {{budget, 77}}, noon, i % 2);
        }
      });
    }
  }
  EXPECT_EQ(admitted, 100);
}

TEST(redis_counters, lease_and_reservation_of_a_dead_replica_end_within_half_a_minute) {
  redis_server server;
  kv_replica survivor(patient(server));
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(survivor.seed(budget, 0, noon));
  {
    testing::manual_clock time{noon};
    kv_replica dying(patient(server), 1, time);
    ASSERT_TRUE(dying.admit({at_once("par:a", 1), budget}, noon)->admitted);
  }
  EXPECT_FALSE(survivor.admit({at_once("par:a", 1)}, noon + 29'999, "req_2")->admitted);
  EXPECT_TRUE(survivor.admit({at_once("par:a", 1)}, noon + 30'000, "req_2")->admitted);
  EXPECT_EQ(survivor.admit({budget}, noon + 29'999, "req_2")->levels[0].used, 200);
  survivor.settle("req_2", {{budget, 0}}, noon);
  const auto after = survivor.admit({budget}, noon + 30'001, "req_3");
  EXPECT_EQ(after->unseeded.size(), 1U) << "what the dead one spent is in the ledger";
  ASSERT_TRUE(survivor.seed(budget, 40, noon + 30'001));
  EXPECT_EQ(survivor.admit({budget}, noon + 30'001, "req_3")->levels[0].used, 140);
}

TEST(redis_counters, holds_of_a_living_replica_are_renewed) {
  redis_server server;
  testing::manual_clock time{noon};
  kv_replica replica(patient(server), 1, time);
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(replica.seed(budget, 0, noon));
  ASSERT_TRUE(replica.admit({at_once("par:a", 1), budget}, noon)->admitted);
  const auto key = "sg:m:bud:a@" + std::to_string(budget.window_start) + ":x";
  const auto expiry = [&] { return server.ask_numbers({"HGET", key, "req_1"}).at(1); };
  EXPECT_EQ(expiry(), noon + 30'000);
  time.advance(25s);
  EXPECT_TRUE(eventually([&] { return expiry() == noon + 55'000; }));
  EXPECT_TRUE(
      eventually([&] { return server.ask({"ZSCORE", "sg:l:par:a", "req_1"}) == std::to_string(noon + 55'000); }));
  EXPECT_FALSE(replica.admit({at_once("par:a", 1)}, noon + 40'000, "req_2")->admitted);
  const auto seen = replica.admit({daily_budget("bud:a", 1000, 0)}, noon + 40'000, "looker");
  EXPECT_EQ(seen->levels[0].used, 100);
}

// --- settling

TEST(redis_counters, settlement_from_a_thread_that_is_no_worker_arrives) {
  redis_server server;
  kv_replica replica(patient(server));
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(replica.seed(budget, 0, noon));
  ASSERT_TRUE(replica.admit({budget}, noon)->admitted);
  const std::vector<settlement> of{{budget, 30}};
  replica.counters().settle("req_1", of, noon, noon);
  EXPECT_TRUE(eventually(
      [&] { return replica.admit({daily_budget("bud:a", 1000, 0)}, noon, "looker")->levels[0].used == 30; }));
}

TEST(redis_counters, settlement_may_come_when_the_workers_have_stopped) {
  redis_server server;
  kv_replica replica(patient(server));
  const auto budget = daily_budget("bud:a", 1000, 100);
  ASSERT_TRUE(replica.seed(budget, 0, noon));
  ASSERT_TRUE(replica.admit({budget}, noon)->admitted);
  replica.crew().stop();
  const std::vector<settlement> of{{budget, 30}};
  replica.counters().settle("req_1", of, noon, noon);
}

}  // namespace
}  // namespace spidergate::kv
