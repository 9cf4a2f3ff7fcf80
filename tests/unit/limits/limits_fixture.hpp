#pragma once
#include "manual_clock.hpp"
#include "run_coroutine.hpp"

#include <spidergate/kv/memory_counters.hpp>
#include <spidergate/limits/limiter.hpp>

#include <boost/asio/error.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace spidergate::limits {

/// A ledger that knows what it was told.
class told_ledger final : public spending_record {
 public:
  struct question {
    level of;
    std::string owner;
    epoch_ms since;
    steady_time deadline;
  };

  awaitable<result<money>> spent(runtime::worker& /*home*/, level of, std::string owner, epoch_ms since,
                                 steady_time deadline) override {
    asked.push_back({of, owner, since, deadline});
    if (before_answer) co_await before_answer();
    if (broken) co_return make_error_code(boost::asio::error::timed_out);
    co_return sums[{owner, since}];
  }

  std::map<std::pair<std::string, epoch_ms>, money> sums;
  std::vector<question> asked;
  bool broken = false;
  std::function<awaitable<void>()> before_answer;
};

class limits_fixture : public ::testing::Test {
 protected:
  limiter::admission reserve(std::int64_t tokens = 0) {
    return reserve_on(home, {.tokens = tokens, .worst = {}, .least = {}});
  }
  limiter::admission spend(money worst, money least) {
    return reserve_on(home, {.tokens = 0, .worst = worst, .least = least});
  }
  limiter::admission spend(money worst) { return spend(worst, worst); }

  limiter::admission reserve_on(runtime::worker& on, demand what) {
    return testing::run_coroutine(
        on, limits.reserve(on, std::make_shared<auth::principal>(who), "req_" + std::to_string(++count), what));
  }

  static auth::principal named(std::string id) {
    auth::principal made;
    made.token_id = std::move(id);
    made.client_id = "cli_0123456789abcdefghijkl";
    made.brand_id = "brd_0123456789abcdefghijkl";
    return made;
  }

  auth::principal who = named("tok_0123456789abcdefghijkl");
  testing::manual_clock time;
  runtime::worker home{0, time};
  kv::memory_counters counters;
  told_ledger ledger;
  limiter limits{counters, ledger, time};
  std::atomic<int> count{0};
};

}  // namespace spidergate::limits
