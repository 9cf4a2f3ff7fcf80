#pragma once
#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate {

/// Locale-free text questions; only A-Z and a-z have case.
[[nodiscard]] bool iequals(std::string_view left, std::string_view right) noexcept;
[[nodiscard]] std::string to_lower(std::string_view text);
/// Without leading and trailing spaces and tabs.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
/// The parts between separators, empty ones kept: split("a,,b", ',') gives "a", "", "b"; split("") gives one empty
/// part.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// The whole of `text` as a decimal integer without sign prefix '+', spaces or trailing bytes; nothing otherwise.
template <std::integral T>
[[nodiscard]] std::optional<T> parse_integer(std::string_view text) noexcept {
  T value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace spidergate
