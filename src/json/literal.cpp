#include "escape.hpp"
#include "string_scan.hpp"

#include <spidergate/json/literal.hpp>

#include <simdjson.h>

namespace spidergate::json {

namespace {

/// Behind the escape whose backslash stands at `at`; null where it is none.
const char* behind_escape(const char* at, const char* end) noexcept {
  const std::string_view letters(at + 1, end);
  if (letters.empty()) return nullptr;
  if (is_plain_escape(letters.front())) return at + 2;
  return letters.front() == 'u' && has_hex4(letters.substr(1)) ? at + 6 : nullptr;
}

}  // namespace

std::optional<literal> read_literal(std::string_view text) noexcept {
  string_scan<block> scan(text);
  const char* const end = text.data() + text.size();
  const char* stop = scan.next_stop(text.data());
  bool escaped = false;
  while (stop != end && *stop == '\\') {
    escaped = true;
    stop = behind_escape(stop, end);
    if (stop == nullptr) return std::nullopt;
    stop = scan.next_stop(stop);
  }
  if (stop == end || *stop != '"') return std::nullopt;
  const std::string_view inside(text.data(), stop);
  if (scan.beyond_ascii() && !simdjson::validate_utf8(inside.data(), inside.size())) return std::nullopt;
  return literal{inside, escaped};
}

}  // namespace spidergate::json
