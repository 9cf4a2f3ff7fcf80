#pragma once
#include "worker_crew.hpp"

#include <spidergate/kv/counter_store.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

namespace spidergate::kv {

/// One implementation under test: a name, and how to get an empty store for a crew that has not started yet.
struct implementation {
  std::string name;
  std::function<std::shared_ptr<counter_store>(testing::worker_crew& crew)> open;
  friend void PrintTo(const implementation& shown, std::ostream* out) { *out << shown.name; }
};

[[nodiscard]] std::vector<implementation> implementations();

inline constexpr epoch_ms noon = 1'767'268'800'000;  // 2026-01-01T12:00:00Z, the start of a minute and not of a day
inline constexpr std::int64_t minute_ms = 60'000;
inline constexpr int racing_threads = 8;

/// What every counter_store promises. Time is an argument, so nothing sleeps.
class counter_store_contract : public ::testing::TestWithParam<implementation> {
 protected:
  void SetUp() override {
    store = GetParam().open(crew);
    crew.start();
  }
  void TearDown() override { crew.stop(); }

  verdict admit(const std::vector<charge>& charges, epoch_ms now, std::string_view holder = "req_1") {
    return crew.await<result<verdict>>(lane, [&] { return store->admit(holder, charges, now); }).value();
  }
  bool passes(const charge& c, epoch_ms now) { return admit({c}, now).admitted; }
  void settle(std::string_view holder, const std::vector<settlement>& of, epoch_ms charged_at, epoch_ms now) {
    crew.run(lane, [&] { store->settle(holder, of, charged_at, now); });
  }
  void release(std::string_view holder, const charge& c, epoch_ms now) { settle(holder, {{c, 0}}, now, now); }
  void seed(const charge& budget, std::int64_t spent, epoch_ms now) {
    crew.await<result<void>>(lane, [&] { return store->seed(budget, spent, now); }).value();
  }
  picked pick(const std::vector<pick_option>& options, epoch_ms now) {
    return crew.await<result<picked>>(lane, [&] { return store->pick(options, now); }).value();
  }
  void restore(std::string_view key, std::int64_t count, epoch_ms last_picked_at, epoch_ms now) {
    crew.run(lane, [&] { store->restore(key, count, last_picked_at, now); });
  }

  /// Runs `work` on that many threads at once, each with a worker of its own. When it returns, all that they told the
  /// store has arrived.
  void race(const std::function<void(int thread)>& work) {
    std::vector<std::jthread> running;
    for (int i = 0; i < racing_threads; ++i) {
      running.emplace_back([&, i] {
        lane = static_cast<std::size_t>(i);
        work(i);
        admit({{"rpm:last", window_kind::sliding, minute_ms, 1, 0}}, noon);
      });
    }
  }

  testing::worker_crew crew{racing_threads};
  std::shared_ptr<counter_store> store;
  /// The worker that this thread calls on.
  static inline thread_local std::size_t lane = 0;
};

inline charge per_minute(std::string_view key, std::int64_t limit, std::int64_t amount = 1) {
  return {key, window_kind::sliding, minute_ms, limit, amount};
}
inline charge per_day(std::string_view key, std::int64_t limit, std::int64_t amount = 1) {
  return {key, window_kind::fixed, day_ms, limit, amount};
}
inline charge at_once(std::string_view key, std::int64_t limit) {
  return {key, window_kind::lease, 15 * minute_ms, limit, 1};
}
inline charge daily_budget(std::string_view key, std::int64_t limit, std::int64_t amount, std::int64_t least = 0) {
  return {key, window_kind::budget, day_ms, limit, amount, start_of_day(noon), least};
}

}  // namespace spidergate::kv
