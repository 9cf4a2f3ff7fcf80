#include <spidergate/http/exchange.hpp>

#include <algorithm>
#include <cstring>

namespace spidergate::http {

namespace {

constexpr std::size_t usual_bytes = 1024;  // of all the fields of an answer: one allocation

}  // namespace

void header_block::make_room(std::size_t needed) {
  room_.resize(std::max({usual_bytes, used_ + needed, 2 * room_.size()}));
}

void header_block::end_with_checked(char* at, std::string_view value) {
  at = std::copy(value.begin(), value.end(), at);
  std::memcpy(at, "\r\n", 2);
  used_ = static_cast<std::size_t>(at + 2 - room_.data());
}

void header_block::end_with(char* at, std::string_view value) {
  end_with_checked(at, value);
  const std::string_view written(at, value.size());
  for (auto odd = end_of_value(written, 0); odd < value.size(); odd = end_of_value(written, odd + 1)) at[odd] = ' ';
}

void header_block::end_with(char* at, std::int64_t value) {
  at = put_number(at, value);
  std::memcpy(at, "\r\n", 2);
  used_ = static_cast<std::size_t>(at + 2 - room_.data());
}

void header_block::add(const header_block& others) {
  const auto more = others.text();
  if (more.size() > room_.size() - used_) make_room(more.size());
  std::copy(more.begin(), more.end(), room_.data() + used_);
  used_ += more.size();
}

void header_block::add_unchecked_name(std::string_view name, std::string_view value) {
  if (name.empty()) return;
  const auto name_at = used_;
  end_with(begin(name, value.size()), value);
  const std::span written(room_.data() + name_at, name.size());
  for (auto& c : written) {
    if (!is(token_byte, c)) c = '-';
  }
  // Asked only now: what was replaced may have made it one.
  if (is_framing_field({written.data(), written.size()})) used_ = name_at;
}

}  // namespace spidergate::http
