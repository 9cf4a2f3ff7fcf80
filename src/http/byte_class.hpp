#pragma once
#include <array>
#include <cstdint>

namespace spidergate::http {

/// Which parts of a message a byte may appear in (RFC 9110 section 5.6.2, RFC 9112 section 3.2).
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

}  // namespace spidergate::http
