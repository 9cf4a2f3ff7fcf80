#include "head_parser.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/byte_class.hpp>

#include <algorithm>

namespace spidergate::upstream {
namespace {

constexpr std::string_view protocol = "HTTP/1.";
constexpr std::size_t status_at = protocol.size() + 2;  // behind the minor version and a blank
constexpr std::size_t reason_at = status_at + 4;

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

}  // namespace

void head_parser::reset(bool to_head) noexcept {
  auto places = std::move(places_);
  places.clear();
  *this = head_parser();
  places_ = std::move(places);
  to_head_ = to_head;
}

result<std::optional<parsed_head>> head_parser::feed(std::string_view buffer) {
  for (;;) {
    switch (status_ == 0 ? read_status(buffer) : read_field(buffer)) {
      case line::incomplete:
        return std::optional<parsed_head>();
      case line::broken:
        return error_code(errc::bad_response);
      case line::whole:
        break;
      case line::blank:
        return std::optional<parsed_head>(summary());
    }
  }
}

head_parser::line head_parser::read_status(std::string_view buffer) {
  if (!protocol.starts_with(buffer.substr(0, protocol.size()))) return line::broken;
  if (buffer.size() <= reason_at) return line::incomplete;
  const char minor = buffer[protocol.size()];
  const auto code = buffer.substr(status_at, 3);
  const bool well_formed = (minor == '0' || minor == '1') && buffer[status_at - 1] == ' ' &&
                           std::all_of(code.begin(), code.end(), is_digit) && code.front() != '0' &&
                           buffer[reason_at - 1] == ' ';
  if (!well_formed) return line::broken;
  at_ = end_of_value(buffer, std::max(at_, reason_at));
  const auto ended = end_line(buffer);
  if (ended != line::whole) return ended;
  http_1_0_ = minor == '0';
  status_ = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  return line::whole;
}

head_parser::line head_parser::read_field(std::string_view buffer) {
  if (at_ == line_ && buffer.substr(line_).starts_with('\r')) {
    const auto ended = end_line(buffer);
    return ended == line::whole ? line::blank : ended;
  }
  if (colon_ == 0) {
    at_ = end_of(token_byte, buffer, at_);
    if (at_ == buffer.size()) return line::incomplete;
    if (buffer[at_] != ':' || at_ == line_) return line::broken;
    colon_ = at_++;
  }
  at_ = end_of_value(buffer, at_);
  const auto name = buffer.substr(line_, colon_ - line_);
  const auto value = trim(buffer.substr(colon_ + 1, at_ - colon_ - 1));
  const auto ended = end_line(buffer);
  if (ended != line::whole) return ended;
  const auto place_of = [&](std::string_view text) {
    return place{static_cast<std::uint32_t>(text.data() - buffer.data()), static_cast<std::uint32_t>(text.size())};
  };
  places_.push_back({place_of(name), place_of(value)});
  return on_field(name, value) ? line::whole : line::broken;
}

/// `at_` is behind the line's last byte: what follows must end it.
head_parser::line head_parser::end_line(std::string_view buffer) noexcept {
  const auto rest = buffer.substr(at_);
  if (rest.size() < 2) return std::string_view("\r\n").starts_with(rest) ? line::incomplete : line::broken;
  if (!rest.starts_with("\r\n")) return line::broken;
  at_ += 2;
  line_ = at_;
  colon_ = 0;
  return line::whole;
}

bool head_parser::on_field(std::string_view name, std::string_view value) noexcept {
  switch (name.size()) {
    case 10:
      if (is_field_name(name, "connection")) on_connection(value);
      return true;
    case 14:
      return !is_field_name(name, "content-length") || on_length(value);
    case 17:
      return !is_field_name(name, "transfer-encoding") || on_encoding(value);
    default:
      return true;
  }
}

bool head_parser::on_length(std::string_view value) noexcept {
  if (length_ || chunked_) return false;
  length_ = parse_integer<std::uint64_t>(value);
  return length_.has_value();
}

bool head_parser::on_encoding(std::string_view value) noexcept {
  // Other codings than chunked are not asked for, and their length could only be guessed.
  if (!iequals(value, "chunked") || chunked_ || length_ || http_1_0_) return false;
  chunked_ = true;
  return true;
}

void head_parser::on_connection(std::string_view value) noexcept {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto option = trim(value.substr(0, comma));
    if (iequals(option, "close")) says_close_ = true;
    if (iequals(option, "keep-alive")) says_keep_alive_ = true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

framing head_parser::framing_of_body() const noexcept {
  if (to_head_ || status_ / 100 == 1 || status_ == 204 || status_ == 304) return framing::none;
  if (chunked_) return framing::chunked;
  if (!length_) return framing::until_close;
  return *length_ == 0 ? framing::none : framing::sized;
}

parsed_head head_parser::summary() const noexcept {
  parsed_head head;
  head.status = status_;
  head.size = at_;
  head.content_length = length_;
  head.framing = framing_of_body();
  head.keep_alive = !says_close_ && (!http_1_0_ || says_keep_alive_) && head.framing != framing::until_close;
  return head;
}

void head_parser::fields(std::string_view buffer, field_list& out) const {
  const auto text_at = [buffer](place where) { return buffer.substr(where.begin, where.size); };
  out.clear();
  out.reserve(places_.size());
  for (const auto& [name, value] : places_) out.emplace_back(text_at(name), text_at(value));
}

}  // namespace spidergate::upstream
