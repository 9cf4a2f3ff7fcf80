#include "byte_class.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/http/exchange.hpp>

#include <array>
#include <charconv>

namespace spidergate::http {

namespace {

/// The framing of a message belongs to the exchange; a field of it that slips in from elsewhere would split the answer.
bool is_framing(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 4> names{"connection", "content-length", "date", "transfer-encoding"};
  switch (name.size()) {
    case 4:
      return iequals(name, names[2]);
    case 10:
      return iequals(name, names[0]);
    case 14:
      return iequals(name, names[1]);
    case 17:
      return iequals(name, names[3]);
    default:
      return false;
  }
}

}  // namespace

void header_block::add(std::string_view name, std::string_view value) {
  if (name.empty() || is_framing(name)) return;
  const auto name_at = text_.size();
  text_.append(name).append(": ");
  const auto value_at = text_.size();
  text_.append(value);
  for (auto i = name_at; i < name_at + name.size(); ++i) {
    if (!is(token_byte, text_[i])) text_[i] = '-';
  }
  for (auto i = value_at; i < text_.size(); ++i) {
    if (!is(value_byte, text_[i])) text_[i] = ' ';
  }
  text_.append("\r\n");
}

void header_block::add(std::string_view name, std::int64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  add(name, std::string_view(digits.data(), end));
}

}  // namespace spidergate::http
