#pragma once
#include "manual_clock.hpp"
#include "redis_server.hpp"
#include "worker_crew.hpp"

#include <spidergate/kv/memory_counters.hpp>
#include <spidergate/kv/redis_counters.hpp>
#include <spidergate/runtime/blocking_pool.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace spidergate::testing {

/// True when `holds` comes true in time.
inline bool eventually(const std::function<bool()>& holds,
                       std::chrono::milliseconds within = std::chrono::seconds(10)) {
  const auto give_up = std::chrono::steady_clock::now() + within;
  while (std::chrono::steady_clock::now() < give_up) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return holds();
}

/// A clock that stands at noon for all replicas.
inline const runtime::clock& noon_clock() {
  static const manual_clock standing;
  return standing;
}

/// For tests that are not about time on a busy machine.
inline kv::redis_options patient(const redis_server& server) {
  kv::redis_options made;
  made.url = secret_string(server.url());
  made.timeout = std::chrono::seconds(5);
  return made;
}

/// A gateway's worth of counters in Redis: workers, local counters, connections. Its clock agrees with the times that
/// tests pass to the calls: what it renews and restores by itself carries that clock's time.
class kv_replica {
 public:
  explicit kv_replica(kv::redis_options options, std::size_t workers = 2, const runtime::clock& time = noon_clock())
      : crew_(workers), counters_(std::move(options), local_, resolver_, time) {
    for (std::size_t i = 0; i < workers; ++i) counters_.attach(crew_[i]);
    crew_.start();
  }
  ~kv_replica() { crew_.stop(); }
  kv_replica(const kv_replica&) = delete;
  kv_replica& operator=(const kv_replica&) = delete;

  kv::redis_counters& counters() noexcept { return counters_; }
  worker_crew& crew() noexcept { return crew_; }

  result<kv::verdict> admit(const std::vector<kv::charge>& charges, epoch_ms now, std::string_view holder = "req_1",
                            std::size_t lane = 0) {
    return crew_.await<result<kv::verdict>>(lane, [&] { return counters_.admit(holder, charges, now); });
  }
  result<kv::picked> pick(const std::vector<kv::pick_option>& options, epoch_ms now, std::size_t lane = 0) {
    return crew_.await<result<kv::picked>>(lane, [&] { return counters_.pick(options, now); });
  }
  std::optional<result<kv::picked>> pick_now(const std::vector<kv::pick_option>& options, epoch_ms now,
                                             std::size_t lane = 0) {
    std::optional<result<kv::picked>> taken;
    crew_.run(lane, [&] { taken = counters_.pick_now(options, now); });
    return taken;
  }
  result<void> seed(const kv::charge& budget, std::int64_t spent, epoch_ms now, std::size_t lane = 0) {
    return crew_.await<result<void>>(lane, [&] { return counters_.seed(budget, spent, now); });
  }
  void settle(std::string_view holder, const std::vector<kv::settlement>& of, epoch_ms now, std::size_t lane = 0) {
    crew_.run(lane, [&] { counters_.settle(holder, of, now, now); });
  }

 private:
  worker_crew crew_;
  kv::memory_counters local_;
  runtime::blocking_pool resolver_{1, 64};
  kv::redis_counters counters_;
};

}  // namespace spidergate::testing
