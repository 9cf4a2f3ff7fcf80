#include "head_scanner.hpp"

#include <spidergate/core/byte_class.hpp>

namespace spidergate::http {

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
      at_ = end_of(token_byte, bytes, at_);
      if (at_ == bytes.size()) return;
      if (bytes[at_] != ' ')
        return refuse(refusal::bad_request, "The request method holds a byte that is not allowed.");
      part_at_ = at_ + 1;
      state_ = state::target;
      break;
    case state::target:
      at_ = end_of(target_byte, bytes, at_);
      if (at_ == bytes.size()) return;
      if (bytes[at_] != ' ' || at_ == part_at_) {
        return refuse(refusal::bad_request,
                      "The request target is empty or holds a byte that must be percent-encoded.");
      }
      part_at_ = at_ + 1;
      state_ = state::version;
      break;
    case state::version:
      if (take_usual_version(bytes)) return;
      on_version(c);
      break;
    case state::request_lf:
      expect_lf(c, state::field);
      break;
    case state::field:
      if (take_whole_fields(bytes)) return;
      on_field(c);
      break;
    case state::name:
      at_ = end_of(token_byte, bytes, at_);
      if (at_ == bytes.size()) return;
      if (bytes[at_] != ':') return refuse(refusal::bad_request, "A header name holds a byte that is not allowed.");
      state_ = state::value;
      break;
    case state::value:
      at_ = end_of_value(bytes, at_);
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

/// The version of nearly every request, where it came in one piece. What is left to on_version() is judged there.
bool head_scanner::take_usual_version(std::string_view bytes) noexcept {
  constexpr std::string_view usual = "HTTP/1.1\r\n";
  if (at_ != part_at_ || !bytes.substr(at_).starts_with(usual)) return false;
  at_ += usual.size();
  state_ = state::field;
  return true;
}

/// Field lines that came in one piece. The first that is not whole, or not well-formed, is left to be looked at byte by
/// byte.
bool head_scanner::take_whole_fields(std::string_view bytes) noexcept {
  const auto before = at_;
  for (;;) {
    const auto colon = end_of(token_byte, bytes, at_);
    if (colon == at_ || colon == bytes.size() || bytes[colon] != ':') break;
    const auto end = end_of_value(bytes, colon + 1);
    if (!bytes.substr(end).starts_with("\r\n")) break;
    at_ = end + 2;
  }
  return at_ != before;
}

}  // namespace spidergate::http
