#include "decimal.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace spidergate {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// magnitude = magnitude x 10 + digit, while it stays below 2^63 (so that the smallest int64 can be read too).
bool push_digit(std::uint64_t& magnitude, unsigned digit) {
  constexpr std::uint64_t limit = std::uint64_t{1} << 63U;
  if (magnitude > (limit - digit) / 10) return false;
  magnitude = magnitude * 10 + digit;
  return true;
}

std::optional<std::int64_t> with_sign(std::uint64_t magnitude, bool negative) {
  if (negative) return static_cast<std::int64_t>(-magnitude);
  if (magnitude > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return static_cast<std::int64_t>(magnitude);
}

/// Of value / 10^scale: 19 digits of the value, or the scale's and one before the point; sign and point.
constexpr std::size_t longest_decimal = 32;

char digit(std::uint64_t number) noexcept {
  return static_cast<char>('0' + number % 10);
}

}  // namespace

std::optional<std::int64_t> read_decimal(std::string_view text, int scale, excess_digits excess) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (!all_digits(whole) || (point != std::string_view::npos && !all_digits(fraction))) return std::nullopt;

  const auto kept = std::min(fraction.size(), static_cast<std::size_t>(scale));
  std::uint64_t magnitude = 0;
  const auto push = [&](char c) { return push_digit(magnitude, static_cast<unsigned>(c - '0')); };
  if (!std::all_of(whole.begin(), whole.end(), push)) return std::nullopt;
  for (std::size_t i = 0; i < static_cast<std::size_t>(scale); ++i) {
    if (!push(i < kept ? fraction[i] : '0')) return std::nullopt;
  }

  const auto rest = fraction.substr(kept);
  if (excess == excess_digits::refuse && rest.find_first_not_of('0') != std::string_view::npos) return std::nullopt;
  if (excess == excess_digits::round_half_up && !rest.empty() && rest.front() >= '5') ++magnitude;
  return with_sign(magnitude, negative);
}

std::string write_decimal(std::int64_t value, int scale) {
  const bool negative = value < 0;
  auto rest = negative ? -static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  // Written from the right end: the fraction without its last zeros, the point, the whole part.
  std::array<char, longest_decimal> room;
  auto at = room.end();
  int places = scale;
  for (; places > 0 && rest % 10 == 0; --places) rest /= 10;
  if (places > 0) {
    for (; places > 0; --places, rest /= 10) *--at = digit(rest);
    *--at = '.';
  }
  do {
    *--at = digit(rest);
    rest /= 10;
  } while (rest != 0);
  if (negative) *--at = '-';
  return {at, room.end()};
}

}  // namespace spidergate
