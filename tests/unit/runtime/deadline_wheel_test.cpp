#include <spidergate/runtime/deadline_wheel.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <run_coroutine.hpp>
#include <vector>

namespace spidergate::runtime {
namespace {

using namespace std::chrono_literals;
using testing::in;
using testing::run_until;

class alarm final : public deadline_wheel::entry {
 public:
  explicit alarm(std::function<void()> action = [] {}) : action_(std::move(action)) {}
  int rung = 0;
  steady_time rung_at{};

 private:
  void on_deadline() noexcept override {
    ++rung;
    rung_at = std::chrono::steady_clock::now();
    action_();
  }
  std::function<void()> action_;
};

class deadline_wheel_test : public ::testing::Test {
 protected:
  worker worker_{0, system_clock()};
  deadline_wheel& wheel_ = worker_.deadlines();
};

TEST_F(deadline_wheel_test, fires_once_and_never_early) {
  alarm a;
  const auto due = in(25ms);
  wheel_.arm(a, due);
  run_until(worker_, [&] { return a.rung > 0; });
  EXPECT_GE(a.rung_at, due);
  EXPECT_FALSE(a.armed());
  EXPECT_EQ(a.rung, 1);
}

TEST_F(deadline_wheel_test, fires_in_order_of_deadlines) {
  std::vector<int> order;
  alarm late([&] { order.push_back(2); });
  alarm early([&] { order.push_back(1); });
  wheel_.arm(late, in(60ms));
  wheel_.arm(early, in(10ms));
  run_until(worker_, [&] { return late.rung > 0; });
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(deadline_wheel_test, fires_what_is_overdue_at_the_next_tick) {
  alarm a;
  wheel_.arm(a, steady_time{});
  run_until(worker_, [&] { return a.rung > 0; });
}

TEST_F(deadline_wheel_test, forgets_what_is_disarmed_moved_or_destroyed) {
  alarm disarmed;
  alarm moved;
  alarm probe;
  auto destroyed = std::make_unique<alarm>([] { ADD_FAILURE(); });
  for (auto* a : {&disarmed, &moved, destroyed.get()}) wheel_.arm(*a, in(10ms));
  disarmed.disarm();
  wheel_.arm(moved, steady_time::max());
  destroyed.reset();
  wheel_.arm(probe, in(40ms));
  run_until(worker_, [&] { return probe.rung > 0; });
  EXPECT_EQ(disarmed.rung + moved.rung, 0);
}

TEST_F(deadline_wheel_test, keeps_deadlines_beyond_one_round) {
  alarm far;
  alarm probe;
  // The same slot, one round later.
  wheel_.arm(far, in(20ms + 512 * deadline_wheel::tick));
  wheel_.arm(probe, in(50ms));
  run_until(worker_, [&] { return probe.rung > 0; });
  EXPECT_TRUE(far.armed());
  EXPECT_EQ(far.rung, 0);
}

TEST_F(deadline_wheel_test, lets_a_firing_entry_destroy_and_arm_others) {
  const auto due = in(10ms);
  alarm next;
  auto victim = std::make_unique<alarm>([] { ADD_FAILURE(); });
  alarm killer([&] {
    victim.reset();
    wheel_.arm(next, steady_time{});
  });
  wheel_.arm(killer, due);
  wheel_.arm(*victim, due);
  run_until(worker_, [&] { return next.rung > 0; });
}

TEST_F(deadline_wheel_test, rests_while_nothing_is_armed) {
  alarm a;
  wheel_.arm(a, in(10ms));
  run_until(worker_, [&] { return a.rung > 0; });
  run_until(worker_, [&] { return !wheel_.ticking(); });
  wheel_.arm(a, in(10ms));
  run_until(worker_, [&] { return a.rung > 1; });
}

}  // namespace
}  // namespace spidergate::runtime
