#include "embeddings.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace spidergate::providers::openai {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void append_base64(std::string& out, const std::vector<std::uint8_t>& bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16 |
                                (left > 1 ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0u) |
                                (left > 2 ? bytes[i + 2] : 0u);
    out.push_back(alphabet[group >> 18]);
    out.push_back(alphabet[(group >> 12) & 63]);
    out.push_back(left > 1 ? alphabet[(group >> 6) & 63] : '=');
    out.push_back(left > 2 ? alphabet[group & 63] : '=');
  }
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t six = alphabet.find(c);
    if (six == std::string_view::npos) return std::nullopt;
    group = (group << 6 | static_cast<std::uint32_t>(six)) & 0xFFFF;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::uint8_t>(group >> bits));
  }
  return bytes;
}

std::optional<std::string> packed(json::value vector) {
  std::vector<std::uint8_t> bytes;
  for (const auto element : vector.elements()) {
    const auto digits = element.raw();
    float number = 0;
    if (!element.is(json::kind::number)) return std::nullopt;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc::result_out_of_range) {
      // Too small to be a float is zero; too large cannot be said.
      double wide = 0;
      if (std::from_chars(digits.data(), digits.data() + digits.size(), wide).ec == std::errc{} &&
          (wide > 1 || wide < -1))
        return std::nullopt;
      number = 0;
    }
    const auto word = std::bit_cast<std::uint32_t>(number);
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  std::string out = "\"";
  out.reserve(bytes.size() * 4 / 3 + 8);
  append_base64(out, bytes);
  out.push_back('"');
  return out;
}

std::optional<std::string> unpacked(json::value text) {
  std::string plain;
  json::append_unescaped(plain, text.literal());  // some writers escape the slashes
  const auto bytes = from_base64(plain);
  if (!bytes || bytes->size() % 4 != 0) return std::nullopt;
  std::string out = "[";
  std::array<char, 32> digits;
  for (std::size_t i = 0; i < bytes->size(); i += 4) {
    const auto at = [&](std::size_t k) { return static_cast<std::uint32_t>((*bytes)[i + k]) << (8 * k); };
    const auto number = std::bit_cast<float>(at(0) | at(1) | at(2) | at(3));
    if (!(number - number == 0)) return std::nullopt;  // JSON has no infinities
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    if (i != 0) out.push_back(',');
    out.append(digits.data(), end);
  }
  out.push_back(']');
  return out;
}

}  // namespace

void convert_embeddings(json::value data, bool to_base64, json::splice& edits) {
  for (const auto element : data.elements()) {
    const auto vector = element.find("embedding");
    if (!vector.is(to_base64 ? json::kind::array : json::kind::string)) continue;
    if (auto converted = to_base64 ? packed(vector) : unpacked(vector))
      edits.replace(vector.raw(), std::move(*converted));
  }
}

}  // namespace spidergate::providers::openai
