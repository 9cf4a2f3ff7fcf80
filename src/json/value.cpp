#include <spidergate/json/value.hpp>

#include <charconv>
#include <cmath>
#include <cstring>

namespace spidergate::json {

namespace {

std::uint32_t hex4(const char* digits) noexcept {
  std::uint32_t code = 0;
  std::from_chars(digits, digits + 4, code, 16);
  return code;
}

std::size_t utf8_size(std::uint32_t code) noexcept {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | (code >> 6));
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | (code >> 12));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | (code >> 18));
    byte(0x80 | ((code >> 12) & 0x3F));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

char plain_escape(char letter) noexcept {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

/// The code point of a \u escape whose backslash stands at literal[at]; moves `at` behind it.
std::uint32_t code_point(std::string_view literal, std::size_t& at) noexcept {
  const std::uint32_t first = hex4(literal.data() + at + 2);
  at += 6;
  if (first < 0xD800 || first > 0xDFFF) return first;
  const bool more = at + 6 <= literal.size() && literal[at] == '\\' && literal[at + 1] == 'u';
  const std::uint32_t second = first < 0xDC00 && more ? hex4(literal.data() + at + 2) : 0;
  if (second < 0xDC00 || second > 0xDFFF) return 0xFFFD;
  at += 6;
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

/// Calls plain(run of bytes) and escaped(code point) in order.
template <class Plain, class Escaped>
void walk_literal(std::string_view literal, Plain plain, Escaped escaped) {
  std::size_t at = 0;
  while (at < literal.size()) {
    const std::size_t slash = std::min(literal.find('\\', at), literal.size());
    if (slash != at) plain(literal.substr(at, slash - at));
    at = slash;
    if (at == literal.size()) break;
    if (literal[at + 1] == 'u') {
      escaped(code_point(literal, at));
    } else {
      escaped(static_cast<std::uint32_t>(plain_escape(literal[at + 1])));
      at += 2;
    }
  }
}

}  // namespace

std::string_view kind_name(kind k) noexcept {
  switch (k) {
    case kind::object:
      return "an object";
    case kind::array:
      return "an array";
    case kind::string:
      return "a string";
    case kind::number:
      return "a number";
    case kind::boolean:
      return "a boolean";
    case kind::null:
      return "null";
  }
  return "";
}

value value::find(std::string_view name) const noexcept {
  value found;
  for (const auto& m : members()) {
    if (m.name == name) found = m.value;
  }
  return found;
}

std::string value::text() const {
  if (!is(kind::string) || node_->escaped == 0) return std::string(literal());
  std::string out;
  append_unescaped(out, literal());
  return out;
}

std::size_t value::text_size() const noexcept {
  return exists() && node_->escaped != 0 ? unescaped_size(literal()) : literal().size();
}

std::optional<bool> value::boolean() const noexcept {
  if (!is(kind::boolean)) return std::nullopt;
  return text_[node_->begin] == 't';
}

std::optional<std::int64_t> value::whole_number() const noexcept {
  if (!is(kind::number)) return std::nullopt;
  const auto digits = raw();
  const char* end = digits.data() + digits.size();
  if (digits.size() < 10) {  // most: small and plain
    std::int64_t small = 0;
    const char* at = digits.data();
    for (; at != end && *at >= '0' && *at <= '9'; ++at) small = small * 10 + (*at - '0');
    if (at == end) return small;
  }
  std::int64_t whole = 0;
  const auto [stop, failure] = std::from_chars(digits.data(), end, whole);
  if (failure == std::errc{} && stop == end) return whole;
  double real = 0;
  if (std::from_chars(digits.data(), end, real).ec != std::errc{}) return std::nullopt;
  // Every whole double below 2^63 is exact as an integer; from there on it is not.
  if (real != std::trunc(real) || std::abs(real) >= 9223372036854775808.0) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

void append_unescaped(std::string& out, std::string_view literal) {
  walk_literal(
      literal, [&out](std::string_view run) { out.append(run); },
      [&out](std::uint32_t code) { append_utf8(out, code); });
}

std::size_t unescaped_size(std::string_view literal) noexcept {
  std::size_t size = 0;
  walk_literal(
      literal, [&size](std::string_view run) { size += run.size(); },
      [&size](std::uint32_t code) { size += utf8_size(code); });
  return size;
}

bool says(std::string_view literal, std::string_view plain) {
  if (literal.find('\\') == std::string_view::npos) return literal == plain;
  std::string text;
  append_unescaped(text, literal);
  return text == plain;
}

}  // namespace spidergate::json
