#include "counter_store_fixture.hpp"
#include "manual_clock.hpp"
#include "redis_server.hpp"

#include <spidergate/kv/memory_counters.hpp>
#include <spidergate/kv/redis_counters.hpp>
#include <spidergate/runtime/blocking_pool.hpp>

namespace spidergate::kv {

namespace {

/// Redis with all that it needs, over one server for all tests.
class counters_in_redis final : public counter_store {
 public:
  explicit counters_in_redis(testing::worker_crew& crew) : counters_(options(), local_, resolver_, time_) {
    for (std::size_t i = 0; i < crew.size(); ++i) counters_.attach(crew[i]);
  }

  awaitable<result<verdict>> admit(std::string_view holder, std::span<const charge> charges, epoch_ms now) override {
    return counters_.admit(holder, charges, now);
  }
  void settle(std::string_view holder, std::span<const settlement> of, epoch_ms charged_at,
              epoch_ms now) noexcept override {
    counters_.settle(holder, of, charged_at, now);
  }
  awaitable<result<void>> seed(const charge& budget, std::int64_t spent, epoch_ms now) override {
    return counters_.seed(budget, spent, now);
  }
  awaitable<result<picked>> pick(std::span<const pick_option> options, epoch_ms now) override {
    return counters_.pick(options, now);
  }
  pick_counts counts(std::string_view key, epoch_ms now) const override { return counters_.counts(key, now); }
  void restore(std::string_view key, std::int64_t daily_count, epoch_ms last_picked_at, epoch_ms now) override {
    counters_.restore(key, daily_count, last_picked_at, now);
  }

 private:
  static redis_options options() {
    static testing::redis_server server;
    server.ask({"FLUSHALL"});
    return {.url = secret_string(server.url()), .deny_when_lost = true, .timeout = std::chrono::seconds(5)};
  }

  testing::manual_clock time_{noon};
  memory_counters local_;
  runtime::blocking_pool resolver_{1, 8};
  redis_counters counters_;
};

}  // namespace

std::vector<implementation> implementations() {
  return {{"memory", [](testing::worker_crew&) { return std::make_shared<memory_counters>(); }},
          {"redis", [](testing::worker_crew& crew) { return std::make_shared<counters_in_redis>(crew); }}};
}

}  // namespace spidergate::kv
