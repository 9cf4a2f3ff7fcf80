#include "event_stream.hpp"

#include <spidergate/crypto/digest.hpp>

#include <algorithm>

namespace spidergate::providers::bedrock {

namespace {

constexpr std::size_t prelude_bytes = 12, checksum_bytes = 4;

std::uint32_t number_at(std::string_view bytes, std::size_t at) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// How many bytes a header's value of that type has; nothing known for an unknown type. Types 6 and 7 (bytes, text)
/// carry their length before them.
std::size_t fixed_size(unsigned char type) noexcept {
  switch (type) {
    case 0:  // true
    case 1:  // false
      return 0;
    case 2:
      return 1;
    case 3:
      return 2;
    case 4:
      return 4;
    case 5:
    case 8:  // a time
      return 8;
    case 9:
      return 16;
    default:
      return static_cast<std::size_t>(-1);
  }
}

}  // namespace

event_stream_framer::step event_stream_framer::fail(std::string_view why) noexcept {
  failure_ = why;
  return step::broken;
}

/// Makes the message's first `wanted` bytes stand in one piece in `held_`.
bool event_stream_framer::take(std::size_t wanted) {
  if (partial_.empty() && input_.size() >= wanted) {
    held_ = input_.substr(0, wanted);
    return true;
  }
  const std::size_t missing = partial_.size() < wanted ? wanted - partial_.size() : 0;
  const std::size_t there = std::min(missing, input_.size());
  partial_.append(input_.substr(0, there));
  input_.remove_prefix(there);
  held_ = partial_;
  return partial_.size() >= wanted;
}

event_stream_framer::step event_stream_framer::next(event_message& message) {
  if (!failure_.empty()) return step::broken;
  if (dispatched_) {
    input_.remove_prefix(dispatched_bytes_);
    partial_.clear();
    dispatched_ = false;
  }
  if (input_.empty() || !take(prelude_bytes)) return step::more;
  const std::size_t total = number_at(held_, 0), header_bytes = number_at(held_, 4);
  if (crypto::crc32(held_.substr(0, 8)) != number_at(held_, 8))
    return fail("a message's head does not match its checksum");
  if (total > limit_) return fail("an event is larger than this gateway accepts");
  if (total < prelude_bytes + checksum_bytes || header_bytes > total - prelude_bytes - checksum_bytes)
    return fail("a message's lengths contradict each other");
  if (!take(total)) return step::more;
  const auto whole = held_.substr(0, total);
  if (crypto::crc32(whole.substr(0, total - checksum_bytes)) != number_at(whole, total - checksum_bytes))
    return fail("a message does not match its checksum");
  message = {};
  if (!read_headers(whole.substr(prelude_bytes, header_bytes), message))
    return fail("a message's headers cannot be read");
  const std::size_t payload = prelude_bytes + header_bytes;
  message.payload = whole.substr(payload, total - checksum_bytes - payload);
  dispatched_ = true;
  dispatched_bytes_ = partial_.empty() ? total : 0;
  return step::message;
}

bool event_stream_framer::read_headers(std::string_view headers, event_message& message) const noexcept {
  while (!headers.empty()) {
    const auto name_size = static_cast<unsigned char>(headers[0]);
    if (name_size == 0 || headers.size() < 2U + name_size) return false;
    const auto name = headers.substr(1, name_size);
    const auto type = static_cast<unsigned char>(headers[1U + name_size]);
    headers.remove_prefix(2U + name_size);
    const bool text = type == 6 || type == 7;
    std::size_t size = fixed_size(type);
    if (text) {
      if (headers.size() < 2) return false;
      size = static_cast<std::size_t>(static_cast<unsigned char>(headers[0])) << 8U |
             static_cast<unsigned char>(headers[1]);
      headers.remove_prefix(2);
    }
    if (size > headers.size()) return false;
    const auto value = headers.substr(0, size);
    headers.remove_prefix(size);
    if (type != 7) continue;
    if (name == ":message-type") message.message_type = value;
    if (name == ":event-type") message.event_type = value;
    if (name == ":exception-type") message.exception_type = value;
    if (name == ":error-code") message.error_code = value;
    if (name == ":error-message") message.error_message = value;
  }
  return true;
}

}  // namespace spidergate::providers::bedrock
