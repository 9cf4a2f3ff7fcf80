#pragma once
#include "await_now.hpp"

#include <spidergate/kv/counter_store.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace spidergate::kv {

/// One implementation under test: a name, and how to get an empty store.
struct implementation {
  std::string name;
  std::function<std::unique_ptr<counter_store>()> open;
};

inline constexpr epoch_ms noon = 1'767'268'800'000;  // 2026-01-01T12:00:00Z, the start of a minute and not of a day
inline constexpr std::int64_t minute_ms = 60'000;

/// What every counter_store promises. Time is an argument, so nothing sleeps.
class counter_store_contract : public ::testing::TestWithParam<implementation> {
 protected:
  void SetUp() override { store = GetParam().open(); }

  verdict admit(const std::vector<charge>& charges, epoch_ms now, std::string_view holder = "req_1") {
    return testing::await_now(store->admit(holder, charges, now)).value();
  }
  bool passes(const charge& c, epoch_ms now) { return admit({c}, now).admitted; }
  picked pick(const std::vector<pick_option>& options, epoch_ms now) {
    return testing::await_now(store->pick(options, now)).value();
  }

  /// Runs `work` on that many threads at once.
  static void race(int threads, const std::function<void(int thread)>& work) {
    std::vector<std::jthread> running;
    running.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i) running.emplace_back(work, i);
  }

  std::unique_ptr<counter_store> store;
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

}  // namespace spidergate::kv
