#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate {

/// Milliseconds since 1970-01-01T00:00:00Z: what is stored and what is shown.
using epoch_ms = std::int64_t;

/// A monotonic point in time: what deadlines and latencies are made of.
using steady_time = std::chrono::steady_clock::time_point;

inline constexpr epoch_ms day_ms = 86'400'000;

/// The first millisecond of the UTC day that holds `now`.
[[nodiscard]] constexpr epoch_ms start_of_day(epoch_ms now) noexcept {
  return now - now % day_ms;
}

/// "2026-11-21T02:39:00.123Z".
[[nodiscard]] std::string to_iso8601(epoch_ms time);

/// Reads "250ms", "10s", "5m", "24h", "90d" or a bare number of seconds; nothing when malformed, negative or out of
/// range.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest of those forms that is exact: 90000 ms -> "90s".
[[nodiscard]] std::string to_duration_text(std::chrono::milliseconds duration);

}  // namespace spidergate
