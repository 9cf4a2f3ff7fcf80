#pragma once
#include <spidergate/core/time.hpp>

#include <cstdint>

namespace spidergate::runtime {

/// The time, as an argument that tests can own. Thread-safe.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual steady_time steady_now() const noexcept = 0;
  [[nodiscard]] virtual epoch_ms epoch_now() const noexcept = 0;
  /// The same in microseconds, where the clock is that fine.
  [[nodiscard]] virtual std::int64_t epoch_us_now() const noexcept { return epoch_now() * 1000; }
};

[[nodiscard]] const clock& system_clock();

}  // namespace spidergate::runtime
