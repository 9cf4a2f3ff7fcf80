#include <spidergate/runtime/turn.hpp>
#include <spidergate/runtime/worker.hpp>

#include <gtest/gtest.h>

#include <future>
#include <run_coroutine.hpp>
#include <stdexcept>
#include <string>

namespace spidergate::runtime {
namespace {

using namespace std::chrono_literals;
using testing::in;

TEST(worker, runs_posted_jobs_and_coroutines_on_its_own_thread) {
  worker w(0, system_clock());
  w.start();
  std::promise<std::thread::id> posted;
  std::promise<std::thread::id> spawned;
  w.post([&] { posted.set_value(std::this_thread::get_id()); });
  w.spawn([&]() -> awaitable<void> {
    spawned.set_value(std::this_thread::get_id());
    co_return;
  });
  const auto home = posted.get_future().get();
  EXPECT_NE(home, std::this_thread::get_id());
  EXPECT_EQ(spawned.get_future().get(), home);
  w.stop();
  w.stop();
}

TEST(worker, next_turn_lets_go_first_what_was_ready_before) {
  worker w(0, system_clock());
  std::string order;
  const auto tell_and_turn = [](worker& home, std::string& said) -> awaitable<void> {
    home.post([&said] { said += "posted,"; });
    wait_point woken(home);
    home.spawn([&] {
      return [](wait_point& on, std::string& of) -> awaitable<void> {
        (void)co_await on.wait(steady_time::max());
        of += "woken,";
      }(woken, said);
    });
    co_await next_turn(home);
    woken.release();
    co_await next_turn(home);
    said += "turned";
  };
  testing::run_coroutine(w, tell_and_turn(w, order));
  EXPECT_EQ(order, "posted,woken,turned");
}

TEST(worker, reports_exceptions_and_goes_on) {
  std::promise<std::string> reported;
  worker::set_bug_reporter([&](const std::exception_ptr& bug) {
    try {
      std::rethrow_exception(bug);
    } catch (const std::exception& e) {
      reported.set_value(e.what());
    }
  });
  worker w(0, system_clock());
  w.start();
  w.spawn([]() -> awaitable<void> {
    throw std::logic_error("broken");
    co_return;
  });
  EXPECT_EQ(reported.get_future().get(), "broken");
  reported = {};
  w.post([] { throw std::logic_error("broken job"); });
  EXPECT_EQ(reported.get_future().get(), "broken job");
  std::promise<void> alive;
  w.post([&] { alive.set_value(); });
  alive.get_future().get();
  w.stop();
  worker::set_bug_reporter([](const std::exception_ptr&) { ADD_FAILURE(); });
}

TEST(worker, sleeps_until_the_time_has_come) {
  worker w(0, system_clock());
  const auto due = in(20ms);
  EXPECT_TRUE(testing::run_coroutine(w, w.sleep_until(due)));
  EXPECT_GE(std::chrono::steady_clock::now(), due);
}

TEST(worker, stop_wakes_sleepers_with_false) {
  worker w(0, system_clock());
  w.start();
  std::promise<void> asleep;
  std::promise<bool> slept;
  w.spawn([&]() -> awaitable<void> {
    asleep.set_value();
    slept.set_value(co_await w.sleep_until(in(1h)));
  });
  asleep.get_future().get();
  w.stop();
  EXPECT_FALSE(slept.get_future().get());
}

TEST(worker, destroys_suspended_coroutines) {
  const auto witness = std::make_shared<int>();
  {
    worker w(0, system_clock());
    const auto sleep = [](worker& home, std::shared_ptr<int>) -> awaitable<void> {
      co_await home.sleep_until(in(1h));
      ADD_FAILURE();
    };
    w.spawn([&w, &sleep, witness] { return sleep(w, witness); });
    testing::settle(w);
    EXPECT_GT(witness.use_count(), 1);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(wait_point, refuses_a_second_waiter_and_ends_the_first_when_destroyed) {
  worker w(0, system_clock());
  auto place = std::make_unique<wait_point>(w);
  const auto wait = [](wait_point& at, error_code& outcome) -> awaitable<void> {
    outcome = (co_await at.wait(steady_time::max())).error();
  };
  error_code first;
  error_code second;
  w.spawn([&] { return wait(*place, first); });
  w.spawn([&] { return wait(*place, second); });
  testing::settle(w);
  EXPECT_EQ(second, asio::error::already_started);
  EXPECT_FALSE(first);
  place.reset();
  testing::settle(w);
  EXPECT_EQ(first, asio::error::operation_aborted);
}

}  // namespace
}  // namespace spidergate::runtime
