#include "grammar.hpp"

namespace spidergate::json {

namespace {

/// How many bytes the UTF-8 sequence at the text's start has; 0 when it is not one (RFC 3629: no overlong forms, no
/// surrogates).
std::size_t sequence_size(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    return follows(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    return follows(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

fault find_string_fault(std::string_view text) {
  bool inside = false;
  std::size_t opened = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = sequence_size(text.substr(at));
    if (size == 0) return {"it is not valid UTF-8", at};
    const char c = text[at];
    if (inside && static_cast<unsigned char>(c) < 0x20) {
      return {"a string holds a control character that must be escaped", at};
    }
    if (c == '"') {
      inside = !inside;
      opened = at;
    }
    at += inside && c == '\\' && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0x80 ? 2 : size;
  }
  return {inside ? "a string is not closed" : "it cannot be read", inside ? opened : 0};
}

}  // namespace spidergate::json
