#pragma once
#include <spidergate/core/time.hpp>

#include <cstdint>

namespace spidergate::limits {

/// One window of the UTC calendar: which has no summer time, so a day always has 24 hours.
struct calendar_window {
  epoch_ms start = 0;
  std::int64_t length_ms = 0;

  [[nodiscard]] epoch_ms end() const noexcept { return start + length_ms; }
  friend bool operator==(const calendar_window&, const calendar_window&) = default;
};

[[nodiscard]] calendar_window day_of(epoch_ms now) noexcept;
/// From Monday to Sunday, as ISO 8601 has it.
[[nodiscard]] calendar_window week_of(epoch_ms now) noexcept;
[[nodiscard]] calendar_window month_of(epoch_ms now) noexcept;

}  // namespace spidergate::limits
