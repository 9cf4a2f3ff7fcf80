#include "manual_clock.hpp"

#include <spidergate/engine/health_board.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace spidergate::engine {
namespace {

using breaker = router::candidate_health::breaker;
using namespace std::chrono_literals;

struct health_board_test : ::testing::Test {
  spidergate::testing::manual_clock time;
  health_board board{{.failures = 3, .window = 60s, .cooldown = 30s, .max_cooldown = 100s, .half_open_requests = 1},
                     time};

  void fail(int times) {
    for (int i = 0; i < times; ++i) board.record("p/m", false);
  }
};

TEST_F(health_board_test, an_unknown_candidate_is_well) {
  EXPECT_EQ(board.look("p/m").state, breaker::closed);
  EXPECT_EQ(board.look("p/m").samples, 0U);
}

TEST_F(health_board_test, consecutive_failures_within_the_window_open_it) {
  fail(2);
  EXPECT_EQ(board.look("p/m").state, breaker::closed);
  fail(1);
  EXPECT_EQ(board.look("p/m").state, breaker::open);
  EXPECT_EQ(board.look("p/other").state, breaker::closed);
}

TEST_F(health_board_test, a_success_between_failures_starts_the_count_again) {
  fail(2);
  board.record("p/m", true);
  fail(2);
  EXPECT_EQ(board.look("p/m").state, breaker::closed);
}

TEST_F(health_board_test, failures_spread_over_more_than_the_window_do_not_open_it) {
  fail(2);
  time.advance(61s);
  fail(2);
  EXPECT_EQ(board.look("p/m").state, breaker::closed);
}

TEST_F(health_board_test, after_the_cooldown_one_probe_is_let_through) {
  fail(3);
  EXPECT_FALSE(board.try_probe("p/m"));
  time.advance(30s);
  EXPECT_EQ(board.look("p/m").state, breaker::half_open);
  EXPECT_TRUE(board.try_probe("p/m"));
  EXPECT_FALSE(board.try_probe("p/m"));
  board.release_probe("p/m");
  EXPECT_TRUE(board.try_probe("p/m"));
}

TEST_F(health_board_test, a_good_probe_closes_it) {
  fail(3);
  time.advance(30s);
  board.record("p/m", true);
  EXPECT_EQ(board.look("p/m").state, breaker::closed);
  fail(2);
  EXPECT_EQ(board.look("p/m").state, breaker::closed);
}

TEST_F(health_board_test, a_failed_probe_doubles_the_cooldown_up_to_its_bound) {
  fail(3);
  for (const auto cooldown : {30s, 60s, 100s, 100s}) {
    time.advance(cooldown - 1ms);
    EXPECT_EQ(board.look("p/m").state, breaker::open);
    time.advance(1ms);
    EXPECT_EQ(board.look("p/m").state, breaker::half_open);
    fail(1);
  }
}

TEST_F(health_board_test, the_success_rate_forgets_what_is_older_than_five_minutes) {
  board.record("p/m", false);
  for (int i = 0; i < 3; ++i) board.record("p/m", true);
  EXPECT_DOUBLE_EQ(board.look("p/m").success_rate, 0.75);
  EXPECT_EQ(board.look("p/m").samples, 4U);
  time.advance(6min);
  EXPECT_EQ(board.look("p/m").samples, 0U);
  board.record("p/m", true);
  EXPECT_DOUBLE_EQ(board.look("p/m").success_rate, 1.0);
}

}  // namespace
}  // namespace spidergate::engine
