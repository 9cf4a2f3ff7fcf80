#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace spidergate {

/// The most that put_digits() writes.
inline constexpr std::size_t most_digits = 20;

namespace detail {

inline constexpr auto digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

inline constexpr auto powers_of_ten = [] {
  std::array<std::uint64_t, most_digits> powers{};
  std::uint64_t power = 1;
  for (auto& one : powers) one = power, power *= 10;
  return powers;
}();

}  // namespace detail

/// How many digits the number has in decimal; of 0 it is one.
[[nodiscard]] constexpr std::size_t digit_count(std::uint64_t number) noexcept {
  // A bit is about 1233 / 4096 of a digit: right, or one too few.
  const auto fewest = static_cast<std::size_t>(std::bit_width(number | 1U)) * 1233 >> 12U;
  return fewest + (fewest < most_digits && number >= detail::powers_of_ten[fewest] ? 1 : 0) + (number == 0 ? 1 : 0);
}

/// Writes the number in decimal and returns where it ends: at most `most_digits` bytes further. For what is written
/// many times for each request; half the work of std::to_chars.
inline char* put_digits(char* at, std::uint64_t number) noexcept {
  char* const end = at + digit_count(number);
  at = end;
  for (; number >= 100; number /= 100) std::memcpy(at -= 2, &detail::digit_pairs[number % 100 * 2], 2);
  if (number >= 10)
    std::memcpy(at - 2, &detail::digit_pairs[number * 2], 2);
  else
    at[-1] = static_cast<char>('0' + number);
  return end;
}

/// The same with a '-' before it where it is negative: at most 20 bytes too.
inline char* put_number(char* at, std::int64_t number) noexcept {
  if (number >= 0) return put_digits(at, static_cast<std::uint64_t>(number));
  *at = '-';
  return put_digits(at + 1, -static_cast<std::uint64_t>(number));
}

}  // namespace spidergate
