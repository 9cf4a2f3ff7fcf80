#include "decimal.hpp"

#include <spidergate/core/money.hpp>

#include <limits>

namespace spidergate {
namespace {

constexpr int nano_digits = 9;
constexpr int pico_digits = 12;
constexpr int atto_digits = 18;
constexpr int per_million_digits = 6;
constexpr std::int64_t pico_per_nano = 1000;
constexpr std::int64_t atto_per_pico = 1'000'000;
constexpr std::int64_t ms_per_second = 1000;

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

std::optional<unit_price> unit_price::from_usd_per_unit(std::string_view decimal) {
  const auto pico = read_decimal(decimal, pico_digits, excess_digits::round_half_up);
  if (!pico || decimal.front() == '-') return std::nullopt;
  return unit_price{*pico};
}

std::optional<pixel_price> pixel_price::from_usd(std::string_view decimal) {
  const auto atto = read_decimal(decimal, atto_digits, excess_digits::round_half_up);
  if (!atto || decimal.front() == '-') return std::nullopt;
  return pixel_price{*atto};
}

std::string pixel_price::to_usd() const {
  return write_decimal(atto_usd, atto_digits);
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

void cost_sum::add_parts(wide amount, std::int64_t parts) noexcept {
  auto whole = amount / parts;
  auto rest = static_cast<std::int64_t>(amount % parts) * (atto_per_pico / parts) + atto_usd_;
  if (rest < 0) rest += atto_per_pico, --whole;
  if (rest >= atto_per_pico) rest -= atto_per_pico, ++whole;
  atto_usd_ = rest;
  pico_usd_ = saturating_sum(pico_usd_, whole);
}

void cost_sum::add_pixels(std::int64_t pixels, pixel_price price) noexcept {
  add_parts(static_cast<wide>(pixels) * price.atto_usd, atto_per_pico);
}

void cost_sum::add_milliseconds(std::int64_t ms, unit_price of_a_second) noexcept {
  add_parts(static_cast<wide>(ms) * of_a_second.pico_usd, ms_per_second);
}

money cost_sum::total() const noexcept {
  constexpr wide half = pico_per_nano / 2;
  constexpr wide largest = std::numeric_limits<std::int64_t>::max();
  const wide shifted = saturating_sum(pico_usd_, half);
  // Nearly always: the division of two words is a call that takes ten times as long.
  if (shifted >= 0 && shifted <= largest) return money{static_cast<std::int64_t>(shifted) / pico_per_nano};
  // Division truncates towards zero; half up means towards the larger number on both sides of it.
  wide nano = shifted / pico_per_nano;
  if (shifted < 0 && nano * pico_per_nano != shifted) --nano;
  if (nano > largest) nano = largest;
  if (nano < -largest) nano = -largest;
  return money{static_cast<std::int64_t>(nano)};
}

}  // namespace spidergate
