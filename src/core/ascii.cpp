#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace spidergate {
namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

/// Of eight letters at a time. The sums set a byte's top bit from 'A' on and from behind 'Z' on; bytes above 0x7f have
/// theirs by themselves, and no sum carries into the next byte.
constexpr std::uint64_t lower_each(std::uint64_t word) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101, top = each * 0x80;
  const auto seven_bits = word & ~top;
  const auto from_a = seven_bits + each * (0x80 - 'A');
  const auto behind_z = seven_bits + each * (0x7f - 'Z');
  const auto capitals = (from_a ^ behind_z) & ~word & top;
  return word | capitals >> 2U;  // 0x20 in each
}

std::uint64_t word_at(const char* text) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof word);
  return word;
}

}  // namespace

bool iequals(std::string_view left, std::string_view right) noexcept {
  constexpr auto step = sizeof(std::uint64_t);
  const auto size = left.size();
  if (size != right.size()) return false;
  if (size < step)
    return std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
  const auto differ = [&](std::size_t at) {
    return lower_each(word_at(left.data() + at)) != lower_each(word_at(right.data() + at));
  };
  for (std::size_t at = 0; at + step <= size; at += step)
    if (differ(at)) return false;
  return !differ(size - step);
}

std::string to_lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace spidergate
