#pragma once
#include <spidergate/runtime/clock.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace spidergate::testing {

/// A clock that stands still until a test advances it. Thread-safe. It starts at the real steady time: a worker's
/// deadlines are kept by the real clock, and one set from an earlier hour would be over at once.
class manual_clock final : public runtime::clock {
 public:
  /// 2026-01-01T12:00:00Z: away from midnight, so a test meets a day's end only when it means to.
  static constexpr epoch_ms noon = 1'767'268'800'000;

  explicit manual_clock(epoch_ms start = noon) : epoch_(start) {}

  [[nodiscard]] steady_time steady_now() const noexcept override {
    return start_ + std::chrono::milliseconds(elapsed_.load());
  }
  [[nodiscard]] epoch_ms epoch_now() const noexcept override { return epoch_.load(); }

  void advance(std::chrono::milliseconds by) {
    elapsed_ += by.count();
    epoch_ += by.count();
  }
  /// Moves the wall clock only, as NTP or an operator does.
  void set_epoch(epoch_ms now) { epoch_ = now; }

 private:
  const steady_time start_ = std::chrono::steady_clock::now();
  std::atomic<std::int64_t> elapsed_{0};
  std::atomic<epoch_ms> epoch_;
};

}  // namespace spidergate::testing
