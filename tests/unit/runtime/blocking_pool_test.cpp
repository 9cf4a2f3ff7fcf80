#include <spidergate/runtime/blocking_pool.hpp>

#include <gtest/gtest.h>

#include <future>
#include <run_coroutine.hpp>
#include <stdexcept>
#include <string>
#include <thread>

namespace spidergate::runtime {
namespace {

using namespace std::chrono_literals;
using testing::in;
using testing::run_coroutine;

class blocking_pool_test : public ::testing::Test {
 protected:
  worker home_{0, system_clock()};
};

TEST_F(blocking_pool_test, brings_the_value_home) {
  blocking_pool pool(1, 4);
  const auto here = std::this_thread::get_id();
  const auto job = [here]() -> result<std::string> {
    EXPECT_NE(std::this_thread::get_id(), here);
    return std::string("done");
  };
  EXPECT_EQ(run_coroutine(home_, run_blocking(home_, pool, job, steady_time::max())).value(), "done");
}

TEST_F(blocking_pool_test, passes_errors_and_exceptions_on) {
  blocking_pool pool(1, 4);
  const auto fails = []() -> result<int> { return error_code(asio::error::host_not_found); };
  EXPECT_EQ(run_coroutine(home_, run_blocking(home_, pool, fails, steady_time::max())).error(),
            asio::error::host_not_found);
  const auto throws = []() -> result<void> { throw std::runtime_error("no"); };
  EXPECT_THROW(static_cast<void>(run_coroutine(home_, run_blocking(home_, pool, throws, steady_time::max()))),
               std::runtime_error);
}

TEST_F(blocking_pool_test, gives_up_at_the_deadline_and_drops_the_late_value) {
  std::promise<void> release;
  blocking_pool pool(1, 4);
  const auto job = [blocked = release.get_future().share()]() -> result<int> {
    blocked.wait();
    return 1;
  };
  EXPECT_EQ(run_coroutine(home_, run_blocking(home_, pool, job, in(10ms))).error(), asio::error::timed_out);
  release.set_value();
}

TEST_F(blocking_pool_test, refuses_at_once_when_the_queue_is_full) {
  std::promise<void> release;
  std::promise<void> running;
  blocking_pool pool(1, 1);
  const auto blocked = release.get_future().share();
  ASSERT_TRUE(pool.try_post([&running, blocked] {
    running.set_value();
    blocked.wait();
  }));
  running.get_future().get();
  ASSERT_TRUE(pool.try_post([] {}));
  EXPECT_EQ(pool.queued(), 1U);
  const auto job = []() -> result<int> { return 1; };
  EXPECT_EQ(run_coroutine(home_, run_blocking(home_, pool, job, steady_time::max())).error(),
            asio::error::no_buffer_space);
  release.set_value();
}

TEST_F(blocking_pool_test, dropped_jobs_end_with_operation_aborted) {
  std::promise<void> release;
  auto pool = std::make_unique<blocking_pool>(1, 4);
  const auto blocked = release.get_future().share();
  ASSERT_TRUE(pool->try_post([blocked] { blocked.wait(); }));
  error_code outcome;
  home_.spawn([&]() -> awaitable<void> {
    const auto job = []() -> result<int> { return 1; };
    outcome = (co_await run_blocking(home_, *pool, job, steady_time::max())).error();
  });
  testing::settle(home_);
  // The destructor drops the queue before it waits for the running job.
  auto& draining = *pool;
  std::thread destroyer([&] { pool.reset(); });
  while (draining.queued() > 0) std::this_thread::yield();
  release.set_value();
  destroyer.join();
  testing::run_until(home_, [&] { return static_cast<bool>(outcome); });
  EXPECT_EQ(outcome, asio::error::operation_aborted);
}

}  // namespace
}  // namespace spidergate::runtime
