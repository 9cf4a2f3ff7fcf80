#include <spidergate/runtime/worker.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <run_coroutine.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace spidergate::runtime {
namespace {

awaitable<int> give(int value) {
  co_return value;
}

awaitable<std::unique_ptr<int>> wrap(int value) {
  co_return std::make_unique<int>(co_await give(value));
}

awaitable<int> fail() {
  throw std::runtime_error("failed");
  co_return 0;
}

TEST(awaitable, gives_values_that_only_move) {
  worker w(0, system_clock());
  EXPECT_EQ(*testing::run_coroutine(w, wrap(7)), 7);
}

TEST(awaitable, gives_its_exception_to_whoever_awaits_it) {
  const auto look = [](std::string& seen) -> awaitable<void> {
    try {
      co_await fail();
    } catch (const std::runtime_error& e) {
      seen = e.what();
    }
  };
  worker w(0, system_clock());
  std::string seen;
  testing::run_coroutine(w, look(seen));
  EXPECT_EQ(seen, "failed");
  EXPECT_THROW(testing::run_coroutine(w, fail()), std::runtime_error);
}

TEST(awaitable, begins_when_it_is_awaited_and_not_before) {
  bool begun = false;
  const auto begin = [](bool& flag) -> awaitable<void> {
    flag = true;
    co_return;
  };
  worker w(0, system_clock());
  auto work = begin(begun);
  EXPECT_FALSE(begun);
  testing::run_coroutine(w, std::move(work));
  EXPECT_TRUE(begun);
}

TEST(awaitable, any_number_of_calls_that_need_not_wait_takes_no_stack) {
  const auto add_up = [](long& sum) -> awaitable<void> {
    for (int i = 0; i < 1'000'000; ++i) sum += co_await give(1);
  };
  worker w(0, system_clock());
  long sum = 0;
  testing::run_coroutine(w, add_up(sum));
  EXPECT_EQ(sum, 1'000'000);
}

TEST(awaitable, a_chain_that_waits_goes_on_where_it_was) {
  const auto inner = [](wait_point& at) -> awaitable<int> {
    const auto woken = co_await at.wait(steady_time::max());
    co_return woken ? 1 : 2;
  };
  const auto outer = [](auto& call, wait_point& at, std::vector<int>& got) -> awaitable<void> {
    for (int i = 0; i < 3; ++i) got.push_back(co_await call(at));
  };
  worker w(0, system_clock());
  wait_point at(w);
  std::vector<int> got;
  bool ended = false;
  run_detached(outer(inner, at, got), [&](const std::exception_ptr&) { ended = true; });
  EXPECT_TRUE(at.waiting());
  at.resume_now();
  at.resume_now();
  EXPECT_EQ(got.size(), 2U);
  EXPECT_FALSE(ended);
  at.resume_now(asio::error::timed_out);
  EXPECT_EQ(got, (std::vector<int>{1, 1, 2}));
  EXPECT_TRUE(ended);
}

TEST(awaitable, a_chain_that_waits_ends_with_its_worker_and_gives_back_what_it_holds) {
  const auto inner = [](worker& home, std::shared_ptr<int> /*held*/) -> awaitable<void> {
    wait_point at(home);
    (void)co_await at.wait(steady_time::max());
  };
  const auto outer = [](auto& call, worker& home, std::shared_ptr<int> held, bool& passed) -> awaitable<void> {
    co_await call(home, held);
    passed = true;
  };
  const auto held = std::make_shared<int>(0);
  bool passed = false, ended = false;
  {
    worker w(0, system_clock());
    run_detached(outer(inner, w, held, passed), [&](const std::exception_ptr&) { ended = true; });
    EXPECT_GE(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(passed);
  EXPECT_FALSE(ended);
}

TEST(awaitable, what_was_never_awaited_gives_back_what_it_was_given) {
  const auto held = std::make_shared<int>(0);
  {
    const auto never = [](std::shared_ptr<int> /*given*/) -> awaitable<void> { co_return; }(held);
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(frame_cache, keeps_what_its_bound_allows_and_gives_all_back) {
  using detail::frame_cache;
  void* const before = frame_cache::take(500);
  frame_cache::give(before, 500);
  EXPECT_EQ(frame_cache::kept_bytes(), 0U) << "only a worker's thread keeps frames";
  {
    const frame_cache::scope keeping;
    void* const first = frame_cache::take(500);
    frame_cache::give(first, 500);
    EXPECT_GE(frame_cache::kept_bytes(), 500U);
    EXPECT_EQ(frame_cache::take(490), first) << "the next of about that size gets it";
    frame_cache::give(first, 490);

    std::vector<void*> frames;
    for (std::size_t bytes = 0; bytes < 2 * frame_cache::max_bytes; bytes += 4096)
      frames.push_back(frame_cache::take(4096));
    for (void* frame : frames) frame_cache::give(frame, 4096);
    EXPECT_LE(frame_cache::kept_bytes(), frame_cache::max_bytes);
    const auto kept = frame_cache::kept_bytes();
    frame_cache::give(frame_cache::take(frame_cache::max_frame_bytes + 1), frame_cache::max_frame_bytes + 1);
    EXPECT_EQ(frame_cache::kept_bytes(), kept);
  }
  EXPECT_EQ(frame_cache::kept_bytes(), 0U);
}

}  // namespace
}  // namespace spidergate::runtime
