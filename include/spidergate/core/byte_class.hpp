#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace spidergate {

/// Which parts of an HTTP/1.1 message a byte may appear in (RFC 9110 section 5.6.2, RFC 9112 section 3.2).
enum byte_class : std::uint8_t {
  token_byte = 1,   ///< method and field name
  target_byte = 2,  ///< request target: visible ASCII without '#', which never travels
  value_byte = 4,   ///< field value: anything but control bytes, tab allowed
  host_byte = 8,    ///< Host: a name, an address, a port
};

inline constexpr std::array<std::uint8_t, 256> byte_classes = [] {
  constexpr const char* symbols = "!#$%&'*+-.^_`|~";
  constexpr const char* host_symbols = ".-_:[]%~!$&'()*+,;=";
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    std::uint8_t classes = alphanumeric ? token_byte | host_byte : 0;
    if (c > 0x20 && c < 0x7f && c != '#') classes |= target_byte;
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) classes |= value_byte;
    table[c] = classes;
  }
  for (const char* s = symbols; *s != 0; ++s) table[static_cast<unsigned char>(*s)] |= token_byte;
  for (const char* s = host_symbols; *s != 0; ++s) table[static_cast<unsigned char>(*s)] |= host_byte;
  return table;
}();

[[nodiscard]] constexpr bool is(byte_class wanted, char c) noexcept {
  return (byte_classes[static_cast<unsigned char>(c)] & wanted) != 0;
}

/// Where the run of bytes of one class that begins at `from` ends; the text's size if it goes on to its end.
[[nodiscard]] constexpr std::size_t end_of(byte_class wanted, std::string_view text, std::size_t from) noexcept {
  while (from < text.size() && is(wanted, text[from])) ++from;
  return from;
}

/// The same for bytes of a field value, eight at a time.
[[nodiscard]] inline std::size_t end_of_value(std::string_view text, std::size_t from) noexcept {
  constexpr std::uint64_t ones = ~std::uint64_t{0} / 255;
  constexpr std::uint64_t high = ones * 0x80;
  while (from + 8 <= text.size()) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + from, sizeof word);
    // The high bit of each byte below 0x20 or equal to 0x7f; a borrow can only add bytes behind the first one.
    const std::uint64_t below = (word - ones * 0x20) & ~word;
    const std::uint64_t del = word ^ (ones * 0x7f);
    const std::uint64_t odd = (below | ((del - ones) & ~del)) & high;
    if (odd == 0) {
      from += 8;
      continue;
    }
    if constexpr (std::endian::native == std::endian::little) {
      from += static_cast<std::size_t>(std::countr_zero(odd)) / 8;
    } else {
      while (is(value_byte, text[from]) && text[from] != '\t') ++from;
    }
    if (text[from] != '\t') return from;
    ++from;
  }
  return end_of(value_byte, text, from);
}

/// Whether a field name is `lower`, whatever its case. Both are tokens; `lower` has only lower-case letters, digits and
/// '-', for which one bit tells the cases apart.
[[nodiscard]] constexpr bool is_field_name(std::string_view name, std::string_view lower) noexcept {
  if (name.size() != lower.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if ((name[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

}  // namespace spidergate
