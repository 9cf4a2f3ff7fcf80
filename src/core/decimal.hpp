#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate {

/// What to do with digits beyond the scale.
enum class excess_digits {
  refuse,         ///< only zeros are allowed there
  round_half_up,  ///< away from zero at exactly one half
};

/// Reads "-12.5" as the integer 12.5 x 10^scale; nothing when it is malformed or out of range.
[[nodiscard]] std::optional<std::int64_t> read_decimal(std::string_view text, int scale, excess_digits excess);

/// The shortest exact decimal of value / 10^scale, without exponent. REQUIRES: scale is at most 18.
[[nodiscard]] std::string write_decimal(std::int64_t value, int scale);

}  // namespace spidergate
