#include "grammar.hpp"

#include "escape.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace spidergate::json {

namespace {

bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
const char* skip_space(const char* at) noexcept {
  if (static_cast<unsigned char>(*at) > ' ') return at;
  while (is_space(*at)) ++at;
  return at;
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
const char* skip_digits(const char* at) noexcept {
  while (is_digit(*at)) ++at;
  return at;
}

std::uint32_t hex4(std::string_view digits) noexcept {
  std::uint32_t code = 0;
  for (const char c : digits.substr(0, 4)) {
    code = code * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return code;
}

/// What may stand behind a number or a word: anything else belongs to it, and makes it none.
constexpr auto ends_scalar = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view(" \n\r\t,:[]{}")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

}  // namespace

bool grammar::check() {
  const place first = std::find_if_not(text_.data(), end_, is_space);
  if (first == end_) return fail("it is empty", text_.data()) != nullptr;
  const place behind = value(first);
  if (behind == nullptr) return false;
  const place rest = std::find_if_not(behind, end_, is_space);
  return rest == end_ || fail("there is something behind the end of the value", rest) != nullptr;
}

grammar::place grammar::value(place at) {
  switch (*at) {
    case '"':
      return string(at);
    case '{':
      return object(at);
    case '[':
      return array(at);
    case 't':
      return word(at, "true");
    case 'f':
      return word(at, "false");
    case 'n':
      return word(at, "null");
    default:
      return number(at);
  }
}

grammar::place grammar::object(place at) {
  const std::size_t self = nodes_.size();
  if (!descend(at)) return nullptr;
  at = skip_space(at + 1);
  if (*at == '}') return ascend(self, at);
  for (;;) {
    if (*at != '"') return fail("expected a member's name in double quotes", at);
    at = string(at);
    if (at == nullptr) return nullptr;
    at = skip_space(at);
    if (*at != ':') return fail("expected ':' behind the member's name", at);
    at = value(skip_space(at + 1));
    if (at == nullptr) return nullptr;
    if (at == end_) return fail({}, at);
    at = skip_space(at);
    if (*at == '}') return ascend(self, at);
    if (*at != ',') return fail("expected ',' or '}'", at);
    at = skip_space(at + 1);
  }
}

grammar::place grammar::array(place at) {
  const std::size_t self = nodes_.size();
  if (!descend(at)) return nullptr;
  at = skip_space(at + 1);
  if (*at == ']') return ascend(self, at);
  for (;;) {
    at = value(at);
    if (at == nullptr) return nullptr;
    if (at == end_) return fail({}, at);
    at = skip_space(at);
    if (*at == ']') return ascend(self, at);
    if (*at != ',') return fail("expected ',' or ']'", at);
    at = skip_space(at + 1);
  }
}

bool grammar::descend(place at) {
  if (depth_ == max_depth) return fail("it is nested deeper than 128 levels", at) != nullptr;
  ++depth_;
  nodes_.add({.begin = offset(at)});
  return true;
}

grammar::place grammar::ascend(std::size_t opened, place closing) {
  --depth_;
  auto& container = nodes_[opened];
  container.end = offset(closing + 1);
  container.span = static_cast<std::uint32_t>(nodes_.size() - opened);
  return closing + 1;
}

grammar::place grammar::string(place at) {
  // Most are short and plain: this much is seen in one look.
  const place stop = nodes_.full() ? nullptr : strings_.near_stop(at + 1);
  if (stop == nullptr || *stop != '"') return long_string(at);
  nodes_.add({.begin = offset(at), .end = offset(stop + 1)});
  return stop + 1;
}

grammar::place grammar::long_string(place at) {
  bool escaped = false;
  place stop = strings_.next_stop(at + 1);
  while (stop != end_ && *stop == '\\') {
    escaped = true;
    stop = escape(stop);
    if (stop == nullptr) return nullptr;
    stop = strings_.next_stop(stop);
  }
  if (stop == end_) return fail("a string is not closed", at);
  if (*stop != '"') return fail("a string holds a control character that must be escaped", stop);
  nodes_.add({.begin = offset(at), .end = offset(stop + 1), .escaped = escaped});
  return stop + 1;
}

grammar::place grammar::escape(place at) {
  if (at + 1 == end_) return end_;
  if (is_plain_escape(at[1])) return at + 2;
  if (at[1] != 'u') return fail("a string holds a backslash escape that JSON does not know", at);
  const std::string_view digits(at + 2, end_);
  if (!has_hex4(digits)) return fail("\\u wants four hexadecimal digits", at);
  const auto code = hex4(digits);
  return code < 0xD800 || code > 0xDFFF ? at + 6 : surrogate(at, code);
}

grammar::place grammar::surrogate(place at, std::uint32_t code) {
  const std::string_view next(at + 6, end_);
  const bool pair = code < 0xDC00 && next.starts_with("\\u") && has_hex4(next.substr(2));
  const auto second = pair ? hex4(next.substr(2)) : 0;
  if (second >= 0xDC00 && second <= 0xDFFF) return at + 12;
  return rule_ == surrogates::any ? at + 6 : fail("a string holds half of a surrogate pair", at);
}

/// RFC 8259 section 6. Size and precision are nobody's business here: an unknown field may hold any number.
grammar::place grammar::number(place at) {
  const place whole = *at == '-' ? at + 1 : at;
  place behind = skip_digits(whole);
  bool sound = behind != whole && (*whole != '0' || behind - whole == 1);
  if (*behind == '.') {
    const place fraction = behind + 1;
    behind = skip_digits(fraction);
    sound = sound && behind != fraction;
  }
  if ((*behind | 0x20) == 'e') {
    const place exponent = behind[1] == '+' || behind[1] == '-' ? behind + 2 : behind + 1;
    behind = skip_digits(exponent);
    sound = sound && behind != exponent;
  }
  return sound ? scalar(at, behind) : fail("expected a value", at);
}

grammar::place grammar::word(place at, std::string_view expected) {
  const bool is = std::string_view(at, end_).starts_with(expected);
  return is ? scalar(at, at + expected.size()) : fail("expected a value", at);
}

grammar::place grammar::scalar(place at, place behind) {
  if (!ends_scalar[static_cast<unsigned char>(*behind)] && behind != end_) return fail("expected a value", at);
  nodes_.add({.begin = offset(at), .end = offset(behind)});
  return behind;
}

grammar::place grammar::fail(std::string_view message, place at) {
  fault_ = {std::string(message), offset(at)};
  if (at != end_ || depth_ == 0) return nullptr;
  std::size_t open = nodes_.size() - 1;  // the innermost bracket that nothing has closed
  while (nodes_[open].end != 0) --open;
  fault_.message = text_[nodes_[open].begin] == '{' ? "it ends inside an object" : "it ends inside an array";
  return nullptr;
}

}  // namespace spidergate::json
