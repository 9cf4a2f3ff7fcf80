#pragma once
#include <atomic>
#include <cstdint>

namespace spidergate::kv::redis {

/// Whether Redis is asked at all: shared by all workers, so that a frozen one costs few requests a deadline. Opens at
/// the second failure without a success between them; closed again by whoever has probed. Thread-safe.
class breaker {
 public:
  static constexpr std::uint32_t failures_to_open = 2;

  [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  void succeeded() noexcept {
    if (failures_.load(std::memory_order_relaxed) != 0) failures_.store(0, std::memory_order_relaxed);
  }
  void failed() noexcept {
    if (failures_.fetch_add(1, std::memory_order_relaxed) + 1 < failures_to_open) return;
    if (closed_.exchange(false, std::memory_order_acq_rel)) times_opened_.fetch_add(1, std::memory_order_relaxed);
  }
  void close() noexcept {
    failures_.store(0, std::memory_order_relaxed);
    closed_.store(true, std::memory_order_release);
  }
  [[nodiscard]] std::uint64_t times_opened() const noexcept { return times_opened_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> closed_{true};
  std::atomic<std::uint32_t> failures_{0};
  std::atomic<std::uint64_t> times_opened_{0};
};

}  // namespace spidergate::kv::redis
