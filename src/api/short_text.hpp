#pragma once
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spidergate::api {

/// A short text put together in place, for the value of a header: nothing is allocated, and no number goes through
/// floating point. What does not fit is cut off: the capacity is chosen for the longest that can come.
template <std::size_t Capacity>
class short_text {
 public:
  short_text& text(std::string_view more) noexcept {
    const auto fitting = more.substr(0, Capacity - size_);
    std::copy(fitting.begin(), fitting.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += fitting.size();
    return *this;
  }

  short_text& number(std::int64_t value) noexcept {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return text({digits.data(), end});
  }

  /// "12.345": milliseconds with three digits behind the point.
  short_text& milliseconds(std::chrono::microseconds time) noexcept {
    const auto count = time.count();
    const auto magnitude = count < 0 ? -count : count;
    const auto rest = magnitude % 1000;
    const std::array fraction{'.', digit(rest / 100), digit(rest / 10 % 10), digit(rest % 10)};
    if (count < 0) text("-");
    return number(magnitude / 1000).text({fraction.data(), fraction.size()});
  }

  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

 private:
  static char digit(std::int64_t value) noexcept { return static_cast<char>('0' + value); }

  std::array<char, Capacity> bytes_;
  std::size_t size_ = 0;
};

}  // namespace spidergate::api
