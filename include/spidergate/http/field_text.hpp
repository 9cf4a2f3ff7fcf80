#pragma once
#include <spidergate/core/byte_class.hpp>
#include <spidergate/core/digits.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spidergate::http {

/// A part of a field's value as it stands in our source: checked by the compiler, once.
class field_piece {
 public:
  template <std::size_t N>
  consteval field_piece(const char (&text)[N]) : text_(text, N - 1) {
    if (end_of(value_byte, text_, 0) != text_.size()) throw "not fit for a field's value";
  }
  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

/// The value of a header field, put together in place from literals and numbers, so that it need not be checked:
/// nothing is allocated, and no number goes through floating point. What does not fit is cut off: the capacity is
/// chosen for the longest that can come.
template <std::size_t Capacity>
class field_text {
 public:
  field_text& text(field_piece more) noexcept { return add(more.text()); }

  field_text& number(std::int64_t value) noexcept {
    std::array<char, most_digits> digits;
    return add({digits.data(), put_number(digits.data(), value)});
  }

  /// "12.345": milliseconds with three digits behind the point.
  field_text& milliseconds(std::chrono::microseconds time) noexcept {
    const auto count = time.count();
    const auto magnitude = count < 0 ? -count : count;
    const auto rest = magnitude % 1000;
    const std::array fraction{'.', digit(rest / 100), digit(rest / 10 % 10), digit(rest % 10)};
    if (count < 0) add("-");
    return number(magnitude / 1000).add({fraction.data(), fraction.size()});
  }

  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

 private:
  static char digit(std::int64_t value) noexcept { return static_cast<char>('0' + value); }

  field_text& add(std::string_view more) noexcept {
    const auto fitting = more.substr(0, Capacity - size_);
    std::copy(fitting.begin(), fitting.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += fitting.size();
    return *this;
  }

  std::array<char, Capacity> bytes_;
  std::size_t size_ = 0;
};

}  // namespace spidergate::http
