#include "decimal.hpp"

#include <spidergate/core/money.hpp>

#include <limits>

namespace spidergate {
namespace {

constexpr int nano_digits = 9;
constexpr int pico_digits = 12;
constexpr int per_million_digits = 6;
constexpr std::int64_t pico_per_nano = 1000;

/// Each product of two 63-bit factors fits in 127 bits; two of the largest leave them.
template <class Wide>
Wide saturating_sum(Wide a, Wide b) noexcept {
  constexpr Wide largest = ~(Wide{1} << 127U);
  Wide sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? largest : -largest;
}

}  // namespace

std::optional<money> money::from_usd(std::string_view decimal) {
  const auto nano = read_decimal(decimal, nano_digits, excess_digits::refuse);
  if (!nano) return std::nullopt;
  return money{*nano};
}

std::string money::to_usd() const {
  return write_decimal(nano_usd, nano_digits);
}

std::optional<unit_price> unit_price::from_usd_per_million(std::string_view decimal) {
  const auto pico = read_decimal(decimal, per_million_digits, excess_digits::round_half_up);
  if (!pico || decimal.front() == '-') return std::nullopt;
  return unit_price{*pico};
}

std::string unit_price::to_usd_per_unit() const {
  return write_decimal(pico_usd, pico_digits);
}

std::string unit_price::to_usd_per_million() const {
  return write_decimal(pico_usd, per_million_digits);
}

void cost_sum::add(std::int64_t units, unit_price price) noexcept {
  pico_usd_ = saturating_sum(pico_usd_, static_cast<wide>(units) * price.pico_usd);
}

void cost_sum::add(money amount) noexcept {
  pico_usd_ = saturating_sum(pico_usd_, static_cast<wide>(amount.nano_usd) * pico_per_nano);
}

money cost_sum::total() const noexcept {
  constexpr wide half = pico_per_nano / 2;
  constexpr wide largest = std::numeric_limits<std::int64_t>::max();
  const wide shifted = saturating_sum(pico_usd_, half);
  // Division truncates towards zero; half up means towards the larger number on both sides of it.
  wide nano = shifted / pico_per_nano;
  if (shifted < 0 && nano * pico_per_nano != shifted) --nano;
  if (nano > largest) nano = largest;
  if (nano < -largest) nano = -largest;
  return money{static_cast<std::int64_t>(nano)};
}

}  // namespace spidergate
