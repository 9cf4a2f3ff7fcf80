#pragma once
#include <cstddef>
#include <string_view>

/// What may follow a backslash in a string.
namespace spidergate::json {

[[nodiscard]] constexpr bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

[[nodiscard]] constexpr bool has_hex4(std::string_view text) noexcept {
  return text.size() >= 4 && is_hex(text[0]) && is_hex(text[1]) && is_hex(text[2]) && is_hex(text[3]);
}

/// Whether that letter behind a backslash is an escape by itself.
[[nodiscard]] constexpr bool is_plain_escape(char letter) noexcept {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return true;
    default:
      return false;
  }
}

}  // namespace spidergate::json
