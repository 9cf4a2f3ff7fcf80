#include "redis/breaker.hpp"
#include "redis/running_requests.hpp"

#include <gtest/gtest.h>

namespace spidergate::kv::redis {
namespace {

const charge budget{"bud:a", window_kind::budget, 1000, 10, 5, 0, 0};
const charge place{"par:a", window_kind::lease, 1000, 10, 1, 0, 0};

running_requests::request holding_both() {
  return {{{"bud:a", window_kind::budget, 1000, 0, 5}, {"par:a", window_kind::lease, 1000, 0, 1}}, 1, 7, true, false};
}

TEST(running_requests, holder_is_forgotten_with_its_last_hold) {
  running_requests running;
  running.add("req_1", holding_both());
  const settlement first{place, 0}, second{budget, 3};
  const auto half = running.finish("req_1", {&first, 1});
  EXPECT_TRUE(half.known);
  EXPECT_TRUE(half.in_redis);
  EXPECT_EQ(half.generation, 7);
  EXPECT_EQ(running.size(), 1U);
  EXPECT_EQ(running.finish("req_1", {&second, 1}).settled_before, 0U);
  EXPECT_EQ(running.size(), 0U);
  EXPECT_FALSE(running.finish("req_1", {&first, 1}).known);
}

TEST(running_requests, second_settlement_of_a_budget_is_known_as_one) {
  running_requests running;
  running.add("req_1", holding_both());
  const std::vector<settlement> all{{place, 0}, {budget, 3}};
  EXPECT_EQ(running.finish("req_1", all).settled_before, 0U);
  EXPECT_EQ(running.finish("req_1", all).settled_before, 2U) << "a bit for the second";
  EXPECT_EQ(running.finish("req_2", all).settled_before, 0U);
}

TEST(running_requests, what_was_told_anew_belongs_to_the_new_generation) {
  running_requests running;
  auto local = holding_both();
  local.in_redis = false;
  running.add("req_1", local);
  running.registered("req_1", 9);
  running.registered("req_unknown", 9);
  const settlement ended{budget, 3};
  const auto said = running.finish("req_1", {&ended, 1});
  EXPECT_TRUE(said.in_redis);
  EXPECT_EQ(said.generation, 9);
}

TEST(redis_breaker, opens_at_the_second_failure_in_a_row) {
  breaker gate;
  gate.failed();
  gate.succeeded();
  gate.failed();
  EXPECT_TRUE(gate.closed());
  gate.failed();
  EXPECT_FALSE(gate.closed());
  gate.failed();
  EXPECT_EQ(gate.times_opened(), 1U);
  gate.succeeded();
  EXPECT_FALSE(gate.closed()) << "only who has probed closes it";
  gate.close();
  EXPECT_TRUE(gate.closed());
}

}  // namespace
}  // namespace spidergate::kv::redis
