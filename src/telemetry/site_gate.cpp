#include "site_gate.hpp"

namespace spidergate::telemetry {

std::optional<std::uint64_t> site_gate::pass(std::uint64_t site, steady_time now) noexcept {
  auto& mine = slots_[site % slots_.size()];
  const std::int64_t current = now.time_since_epoch() / window;
  auto seen = mine.window_start.load(std::memory_order_relaxed);
  if (seen != current && mine.window_start.compare_exchange_strong(seen, current, std::memory_order_relaxed)) {
    mine.used.store(0, std::memory_order_relaxed);
  }
  if (mine.used.fetch_add(1, std::memory_order_relaxed) >= burst) {
    mine.left_out.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  return mine.left_out.exchange(0, std::memory_order_relaxed);
}

}  // namespace spidergate::telemetry
