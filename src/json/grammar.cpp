#include "grammar.hpp"

#include <cstring>

namespace spidergate::json {

namespace {

bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) noexcept {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

std::size_t skip_digits(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

/// RFC 8259 section 6. Size and precision are nobody's business here: an unknown field may hold any number.
bool is_number(std::string_view text) noexcept {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = at;
  at = skip_digits(text, at);
  if (at == whole || (text[whole] == '0' && at > whole + 1)) return false;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = at + 1;
    at = skip_digits(text, fraction);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, exponent);
    if (at == exponent) return false;
  }
  return at == text.size();
}

std::uint32_t hex4(std::string_view digits) noexcept {
  std::uint32_t code = 0;
  for (const char c : digits.substr(0, 4)) {
    code = code * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return code;
}

bool has_hex4(std::string_view text) noexcept {
  return text.size() >= 4 && is_hex(text[0]) && is_hex(text[1]) && is_hex(text[2]) && is_hex(text[3]);
}

}  // namespace

bool grammar::check() {
  for (std::uint32_t token = 0; token < count_; ++token) {
    if (!step(token)) return false;
  }
  if (expected_ == expect::end) return true;
  return fail(depth_ > 0 && in_object() ? "it ends inside an object" : "it ends inside an array", table_.text.size());
}

bool grammar::step(std::uint32_t& token) {
  switch (expected_) {
    case expect::first_element:
      if (at(token) == ']') {
        close(token);
        return true;
      }
      [[fallthrough]];
    case expect::value:
      return value_at(token);
    case expect::first_name:
      if (at(token) == '}') {
        close(token);
        return true;
      }
      [[fallthrough]];
    case expect::name:
      return name_at(token);
    case expect::separator:
      return separator_at(token);
    case expect::end:
      return fail("there is something behind the end of the value", table_.places[token]);
  }
  return false;
}

bool grammar::value_at(std::uint32_t token) {
  switch (at(token)) {
    case '{':
      return open(token, expect::first_name);
    case '[':
      return open(token, expect::first_element);
    case '"':
      if (!string_at(token)) return false;
      break;
    case 't':
      if (scalar(token) != "true") return fail("expected a value", table_.places[token]);
      break;
    case 'f':
      if (scalar(token) != "false") return fail("expected a value", table_.places[token]);
      break;
    case 'n':
      if (scalar(token) != "null") return fail("expected a value", table_.places[token]);
      break;
    default:
      if (!is_number(scalar(token))) return fail("expected a value", table_.places[token]);
  }
  expected_ = depth_ == 0 ? expect::end : expect::separator;
  return true;
}

bool grammar::open(std::uint32_t token, expect next) {
  if (depth_ == max_depth) return fail("it is nested deeper than 128 levels", table_.places[token]);
  open_[depth_++] = token;
  expected_ = next;
  return true;
}

void grammar::close(std::uint32_t token) {
  closers_[open_[--depth_]] = token;
  expected_ = depth_ == 0 ? expect::end : expect::separator;
}

bool grammar::separator_at(std::uint32_t token) {
  const bool object = in_object();
  const char c = at(token);
  if (c == ',') {
    expected_ = object ? expect::name : expect::value;
    return true;
  }
  if (c != (object ? '}' : ']')) {
    return fail(object ? "expected ',' or '}'" : "expected ',' or ']'", table_.places[token]);
  }
  close(token);
  return true;
}

bool grammar::name_at(std::uint32_t& token) {
  if (at(token) != '"') return fail("expected a member's name in double quotes", table_.places[token]);
  if (!string_at(token)) return false;
  if (at(++token) != ':') {
    return fail("expected ':' behind the member's name", token < count_ ? table_.places[token] : table_.text.size());
  }
  expected_ = expect::value;
  return true;
}

bool grammar::string_at(std::uint32_t token) {
  const auto quoted = scalar(token);
  if (quoted.size() < 2 || quoted.back() != '"') return fail("a string is not closed", table_.places[token]);
  const auto literal = quoted.substr(1, quoted.size() - 2);
  if (std::memchr(literal.data(), '\\', literal.size()) == nullptr) return true;
  return escapes(literal, table_.places[token] + 1);
}

bool grammar::escapes(std::string_view literal, std::size_t offset) {
  for (std::size_t at = literal.find('\\'); at != std::string_view::npos; at = literal.find('\\', at)) {
    const auto rest = literal.substr(at + 1);
    if (rest.empty() || std::strchr("\"\\/bfnrtu", rest[0]) == nullptr || rest[0] == '\0') {
      return fail("a string holds a backslash escape that JSON does not know", offset + at);
    }
    if (rest[0] != 'u') {
      at += 2;
      continue;
    }
    if (!has_hex4(rest.substr(1))) return fail("\\u wants four hexadecimal digits", offset + at);
    const auto code = hex4(rest.substr(1));
    const bool high = code >= 0xD800 && code < 0xDC00;
    const auto next = rest.substr(5);
    const bool paired = high && next.starts_with("\\u") && has_hex4(next.substr(2)) && hex4(next.substr(2)) >= 0xDC00 &&
                        hex4(next.substr(2)) <= 0xDFFF;
    if (rule_ == surrogates::paired && code >= 0xD800 && code <= 0xDFFF && !paired) {
      return fail("a string holds half of a surrogate pair", offset + at);
    }
    at += paired ? 12 : 6;
  }
  return true;
}

std::string_view grammar::scalar(std::uint32_t token) const noexcept {
  const std::size_t begin = table_.places[token];
  std::size_t end = token + 1 < count_ ? table_.places[token + 1] : table_.text.size();
  while (end > begin + 1 && is_space(table_.text[end - 1])) --end;
  return table_.text.substr(begin, end - begin);
}

bool grammar::fail(std::string_view message, std::size_t offset) {
  fault_ = {std::string(message), offset};
  return false;
}

}  // namespace spidergate::json
