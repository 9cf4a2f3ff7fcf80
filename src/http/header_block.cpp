#include <spidergate/http/exchange.hpp>

#include <array>
#include <charconv>
#include <cstring>

namespace spidergate::http {

namespace {

constexpr std::size_t usual_bytes = 1024;  // of all the fields of an answer: one allocation

}  // namespace

void header_block::append(std::string_view name, std::string_view value) {
  if (text_.empty()) text_.reserve(usual_bytes);
  const auto name_at = text_.size();
  const auto value_at = name_at + name.size() + 2;
  text_.resize(value_at + value.size() + 2);
  auto* const line = text_.data() + name_at;
  std::memcpy(line, name.data(), name.size());
  std::memcpy(line + name.size(), ": ", 2);
  if (!value.empty()) std::memcpy(line + name.size() + 2, value.data(), value.size());
  std::memcpy(line + name.size() + 2 + value.size(), "\r\n", 2);
  const auto end = value_at + value.size();
  const std::string_view written(text_.data(), end);
  for (auto odd = end_of_value(written, value_at); odd < end; odd = end_of_value(written, odd + 1)) text_[odd] = ' ';
}

void header_block::add(field_name name, std::int64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  append(name.text(), std::string_view(digits.data(), end));
}

void header_block::add_unchecked_name(std::string_view name, std::string_view value) {
  if (name.empty()) return;
  const auto name_at = text_.size();
  append(name, value);
  for (auto i = name_at; i < name_at + name.size(); ++i) {
    if (!is(token_byte, text_[i])) text_[i] = '-';
  }
  // Asked only now: what was replaced may have made it one.
  if (is_framing_field({text_.data() + name_at, name.size()})) text_.resize(name_at);
}

}  // namespace spidergate::http
