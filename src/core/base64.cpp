#include <spidergate/core/base64.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace spidergate {

namespace {

constexpr std::string_view common_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::uint8_t no_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> digit_of = [] {
  std::array<std::uint8_t, 256> made{};
  made.fill(no_digit);
  for (std::size_t i = 0; i < common_alphabet.size(); ++i) {
    made[static_cast<unsigned char>(common_alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  made['+'] = made['-'] = 62;
  made['/'] = made['_'] = 63;
  return made;
}();

std::uint32_t byte_at(std::string_view bytes, std::size_t i) noexcept {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
}

void append(std::string& out, std::string_view bytes, std::string_view last_two, bool padded) {
  const auto digit = [last_two](std::uint32_t six) {
    return six < common_alphabet.size() ? common_alphabet[six] : last_two[six - common_alphabet.size()];
  };
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t group = byte_at(bytes, i) << 16U | byte_at(bytes, i + 1) << 8U | byte_at(bytes, i + 2);
    out.push_back(digit(group >> 18U));
    out.push_back(digit((group >> 12U) & 63U));
    if (left > 1) out.push_back(digit((group >> 6U) & 63U));
    if (left > 2) out.push_back(digit(group & 63U));
    if (padded && left < 3) out.append(3 - left, '=');
  }
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  append(out, bytes, "+/", true);
}

void append_base64url(std::string& out, std::string_view bytes) {
  append(out, bytes, "-_", false);
}

bool append_base64_decoded(std::string& out, std::string_view text) {
  const std::size_t all = text.size();
  while (text.ends_with('=')) text.remove_suffix(1);
  const std::size_t pads = all - text.size();
  if (pads > 2 || text.size() % 4 == 1 || (pads > 0 && all % 4 != 0)) return false;
  out.reserve(out.size() + text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const auto six = digit_of[static_cast<unsigned char>(c)];
    if (six == no_digit) return false;
    group = (group << 6U | six) & 0xFFFFU;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<char>(static_cast<unsigned char>(group >> static_cast<unsigned>(bits))));
  }
  return true;
}

}  // namespace spidergate
