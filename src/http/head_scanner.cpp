#include "head_scanner.hpp"

#include "byte_class.hpp"

#include <cstring>

namespace spidergate::http {

namespace {

/// True when one of eight bytes is below 0x20 or is 0x7f: the only ones a field value must be looked at for.
bool any_control(const char* bytes) noexcept {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  constexpr std::uint64_t ones = ~std::uint64_t{0} / 255;
  constexpr std::uint64_t high = ones * 0x80;
  const std::uint64_t below = (word - ones * 0x20) & ~word & high;
  const std::uint64_t del = word ^ (ones * 0x7f);
  return (below | ((del - ones) & ~del & high)) != 0;
}

}  // namespace

void head_scanner::restart() noexcept {
  *this = head_scanner(max_bytes_);
}

void head_scanner::refuse(refusal why, std::string_view message) noexcept {
  state_ = state::failed;
  reason_ = {why, message};
}

head_scanner::progress head_scanner::scan(std::string_view bytes) noexcept {
  const auto visible = bytes.substr(0, max_bytes_);
  while (at_ < visible.size() && state_ < state::done) step(visible);
  if (state_ == state::done) return progress::complete;
  if (state_ != state::failed && at_ >= max_bytes_) {
    refuse(refusal::head_too_large, "The request head is larger than this server allows.");
  }
  return state_ == state::failed ? progress::refused : progress::more;
}

void head_scanner::step(std::string_view bytes) noexcept {
  const char c = bytes[at_];
  switch (state_) {
    case state::first:
      on_first(c);
      break;
    case state::blank_lf:
      expect_lf(c, state::first);
      break;
    case state::method:
      skip(bytes, token_byte);
      if (at_ == bytes.size()) return;
      if (bytes[at_] != ' ')
        return refuse(refusal::bad_request, "The request method holds a byte that is not allowed.");
      part_at_ = at_ + 1;
      state_ = state::target;
      break;
    case state::target:
      skip(bytes, target_byte);
      if (at_ == bytes.size()) return;
      if (bytes[at_] != ' ' || at_ == part_at_) {
        return refuse(refusal::bad_request,
                      "The request target is empty or holds a byte that must be percent-encoded.");
      }
      part_at_ = at_ + 1;
      state_ = state::version;
      break;
    case state::version:
      on_version(c);
      break;
    case state::request_lf:
      expect_lf(c, state::field);
      break;
    case state::field:
      on_field(c);
      break;
    case state::name:
      skip(bytes, token_byte);
      if (at_ == bytes.size()) return;
      if (bytes[at_] != ':') return refuse(refusal::bad_request, "A header name holds a byte that is not allowed.");
      state_ = state::value;
      break;
    case state::value:
      skip_value(bytes);
      if (at_ == bytes.size()) return;
      if (bytes[at_] != '\r')
        return refuse(refusal::bad_request, "A header value holds a control byte or a bare line feed.");
      state_ = state::value_lf;
      break;
    case state::value_lf:
      expect_lf(c, state::field);
      break;
    case state::end_lf:
      expect_lf(c, state::done);
      break;
    case state::done:
    case state::failed:
      return;
  }
  if (state_ != state::failed) ++at_;
}

void head_scanner::on_first(char c) noexcept {
  if (c == '\r' && begin_ == 0) {  // RFC 9112 section 2.2: one empty line before the request line is forgiven
    begin_ = 2;
    state_ = state::blank_lf;
  } else if (is(token_byte, c)) {
    state_ = state::method;
  } else {
    refuse(refusal::bad_request,
           "This does not begin like an HTTP request; is the client speaking TLS to a plain port?");
  }
}

void head_scanner::on_version(char c) noexcept {
  constexpr std::string_view name = "HTTP/";
  const std::size_t index = at_ - part_at_;
  const bool digit = c >= '0' && c <= '9';
  bool fits = false;
  if (index < name.size())
    fits = c == name[index];
  else if (index == 5)
    fits = digit, major_ = c;
  else if (index == 6)
    fits = c == '.';
  else if (index == 7)
    fits = digit, minor_ = c;
  else
    fits = c == '\r';
  if (!fits) return refuse(refusal::bad_request, "The request line does not end with an HTTP version.");
  if (index != 8) return;
  state_ = state::request_lf;
  if (major_ != '1' || minor_ > '1') {
    refuse(refusal::unsupported_version, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
  }
}

void head_scanner::on_field(char c) noexcept {
  if (c == '\r') {
    state_ = state::end_lf;
  } else if (is(token_byte, c)) {
    state_ = state::name;
  } else if (c == ' ' || c == '\t') {
    refuse(refusal::bad_request, "A header line begins with a blank; folded lines are not accepted.");
  } else {
    refuse(refusal::bad_request, "A header name is empty or begins with a byte that is not allowed.");
  }
}

void head_scanner::expect_lf(char c, state next) noexcept {
  if (c != '\n') return refuse(refusal::bad_request, "A carriage return is not followed by a line feed.");
  state_ = next;
}

void head_scanner::skip(std::string_view bytes, std::uint8_t allowed) noexcept {
  while (at_ < bytes.size() && is(static_cast<byte_class>(allowed), bytes[at_])) ++at_;
}

void head_scanner::skip_value(std::string_view bytes) noexcept {
  for (;;) {
    while (at_ + 8 <= bytes.size() && !any_control(bytes.data() + at_)) at_ += 8;
    const std::size_t stop = std::min(at_ + 8, bytes.size());
    while (at_ < stop && is(value_byte, bytes[at_])) ++at_;
    if (at_ < stop || at_ == bytes.size()) return;
  }
}

}  // namespace spidergate::http
