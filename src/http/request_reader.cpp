#include "request_reader.hpp"

#include "head_parser.hpp"

#include <spidergate/http/errc.hpp>
#include <spidergate/runtime/landing_buffer.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::http {

namespace {

constexpr std::size_t most_in_bytes = 16'384;                    // that are read with a head
constexpr std::size_t kept_bytes = 8192 - byte_buffer::padding;  // of each buffer, between requests
constexpr std::size_t first_sized_bytes = 65'536;                // however much Content-Length promises
constexpr std::size_t first_chunked_bytes = 16'384 - byte_buffer::padding;
constexpr std::size_t least_space = 1024;
constexpr std::size_t most_read_bytes = 65'536;  // in chunked bodies: bounds what may be read past their end
constexpr std::size_t max_lingering_bytes = 1'048'576;

}  // namespace

error_code stream_error(const error_code& ec) noexcept {
  return ec == asio::error::timed_out ? make_error_code(errc::timed_out) : make_error_code(errc::client_gone);
}

request_reader::request_reader(runtime::byte_stream& stream, const runtime::clock& time, const limits& bounds)
    : stream_(stream), time_(time), limits_(bounds), scanner_(bounds.max_header_bytes) {}

awaitable<request_reader::outcome> request_reader::read_head() {
  started_ = time_.steady_now();
  auto deadline = started_ + (idle() ? limits_.idle_timeout : limits_.header_timeout);
  for (;;) {
    if (!idle()) {
      const auto progress = scanner_.scan(in_.view().substr(start_));
      if (progress != head_scanner::progress::more) co_return accept_head();
    }
    const auto landing = runtime::landing_buffer().first(most_in_bytes);
    const auto got = co_await stream_.read_some(landing, deadline);
    if (!got) {
      if (idle() || got.error() != asio::error::timed_out) co_return outcome::closed;
      reason_ = {refusal::timed_out, "The request head did not arrive in time."};
      co_return outcome::refused;
    }
    if (idle()) {
      started_ = time_.steady_now();
      deadline = started_ + limits_.header_timeout;
    }
    keep(landing.first(*got));
  }
}

request_reader::outcome request_reader::accept_head() {
  reason_ = scanner_.reason();
  if (reason_.why != refusal::none) return outcome::refused;
  const auto head = in_.view().substr(start_ + scanner_.begin(), scanner_.size() - scanner_.begin());
  reason_ = parse_head(head, head_);
  if (reason_.why != refusal::none) return outcome::refused;
  body_at_ = body_end_ = start_ + scanner_.size();
  chunks_ = chunk_decoder(limits_.max_body_bytes);
  body_ = body_state::unread;
  if (!head_.chunked && head_.content_length.value_or(0) == 0)
    static_cast<void>(take({in_.data() + body_at_, 0}, body_at_));
  return outcome::ready;
}

/// Called before the head is complete only, so no view can die. A head that comes at once, as most do, takes no more
/// memory than it has bytes.
void request_reader::keep(std::span<const char> bytes) {
  if (start_ > 0) in_.drop_front(std::exchange(start_, 0));
  const auto needed = in_.size() + bytes.size();
  if (in_.size() > 0 && needed > in_.capacity()) in_.reserve(std::max(needed, 2 * in_.capacity()));
  in_.append({bytes.data(), bytes.size()});
}

awaitable<result<std::string_view>> request_reader::read_body() {
  return head_.chunked ? read_chunked() : read_sized();
}

awaitable<result<std::string_view>> request_reader::read_sized() {
  if (body_ != body_state::unread) co_return settled_body();
  const auto stated = head_.content_length.value_or(0);
  if (stated > limits_.max_body_bytes) co_return fail(errc::body_too_large);
  const auto length = static_cast<std::size_t>(stated);
  if (arrived() >= length) co_return take({in_.data() + body_at_, length}, body_at_ + length);

  const auto invited = co_await invite_body();
  if (!invited) co_return fail(invited.error());
  large_.reserve(std::min(length, first_sized_bytes));
  large_.append(in_.view().substr(body_at_));
  in_.truncate(body_at_);
  const auto deadline = time_.steady_now() + limits_.body_timeout;
  while (large_.size() < length) {
    if (large_.space().empty()) large_.reserve(std::min(length, 2 * large_.capacity()));
    const auto space = large_.space();
    const auto got = co_await stream_.read_some(space.first(std::min(space.size(), length - large_.size())), deadline);
    if (!got) co_return fail(stream_error(got.error()));
    large_.commit(*got);
  }
  co_return take(large_.view(), body_at_);
}

awaitable<result<std::string_view>> request_reader::read_chunked() {
  if (body_ != body_state::unread) co_return settled_body();
  const bool nothing_yet = arrived() == 0;
  auto step = chunks_.decode(in_.data() + body_at_, arrived());
  if (chunks_.state() == chunk_decoder::progress::done) {
    co_return take({in_.data() + body_at_, step.produced}, body_at_ + step.consumed);
  }
  if (nothing_yet) {
    const auto invited = co_await invite_body();
    if (!invited) co_return fail(invited.error());
  }
  large_.append(in_.view().substr(body_at_, step.produced));
  in_.truncate(body_at_);
  const auto deadline = time_.steady_now() + limits_.body_timeout;
  while (chunks_.state() == chunk_decoder::progress::more) {
    if (large_.space().size() < least_space) large_.reserve(std::max(first_chunked_bytes, 2 * large_.capacity()));
    const auto space = large_.space();
    const auto got = co_await stream_.read_some(space.first(std::min(space.size(), most_read_bytes)), deadline);
    if (!got) co_return fail(stream_error(got.error()));
    step = chunks_.decode(space.data(), *got);
    large_.commit(step.produced);
    leftover_ = {space.data() + step.consumed, *got - step.consumed};
  }
  if (chunks_.state() == chunk_decoder::progress::done) co_return take(large_.view(), body_at_);
  co_return fail(chunks_.state() == chunk_decoder::progress::too_large ? errc::body_too_large : errc::bad_chunk);
}

/// RFC 9110 section 10.1.1: only a client that waits, and has sent nothing of the body, is told to go on.
awaitable<result<void>> request_reader::invite_body() {
  if (!head_.expects_continue || arrived() > 0) co_return result<void>{};
  const std::array<std::string_view, 1> interim{"HTTP/1.1 100 Continue\r\n\r\n"};
  const auto sent = co_await stream_.write(interim, time_.steady_now() + limits_.write_timeout);
  if (!sent) co_return stream_error(sent.error());
  co_return result<void>{};
}

result<std::string_view> request_reader::settled_body() const {
  if (body_ == body_state::failed) return failure_;
  return payload_;
}

result<std::string_view> request_reader::take(std::string_view payload, std::size_t end) noexcept {
  body_ = body_state::taken;
  payload_ = payload;
  body_end_ = end;
  return payload;
}

error_code request_reader::fail(error_code why) noexcept {
  body_ = body_state::failed;
  failure_ = why;
  return why;
}

bool request_reader::body_timed_out() const noexcept {
  return body_ == body_state::failed && failure_ == errc::timed_out;
}

std::uint64_t request_reader::missing() const noexcept {
  const auto stated = head_.content_length.value_or(0);
  return stated > arrived() ? stated - arrived() : 0;
}

bool request_reader::can_go_on() noexcept {
  if (body_ != body_state::unread) return body_ == body_state::taken;
  if (head_.chunked) {
    const auto step = chunks_.decode(in_.data() + body_at_, arrived());
    if (chunks_.state() == chunk_decoder::progress::done) {
      return take({in_.data() + body_at_, step.produced}, body_at_ + step.consumed).has_value();
    }
    static_cast<void>(fail(errc::client_gone));  // the bytes have been looked at: too late to ask for them
    return false;
  }
  // Whoever waits for "100 Continue" may or may not send the body after a final answer: no telling what the next bytes
  // are.
  if (head_.expects_continue && arrived() == 0) return false;
  return missing() <= max_skipped_bytes;
}

awaitable<bool> request_reader::skip_body() {
  const auto deadline = time_.steady_now() + limits_.body_timeout;
  auto left = static_cast<std::size_t>(missing());
  auto end = body_at_ + static_cast<std::size_t>(head_.content_length.value_or(0));
  if (left > 0) {
    in_.truncate(body_at_);
    end = body_at_;
  }
  while (left > 0) {
    const auto landing = runtime::landing_buffer();
    const auto got = co_await stream_.read_some(landing.first(std::min(landing.size(), left)), deadline);
    if (!got) co_return false;
    left -= *got;
  }
  static_cast<void>(take({}, end));
  co_return true;
}

void request_reader::next_request() {
  start_ = body_end_;
  if (!leftover_.empty()) {
    in_.clear(kept_bytes);
    in_.append(leftover_);
    start_ = 0;
  } else if (start_ == in_.size()) {
    in_.clear(kept_bytes);
    start_ = 0;
  }
  leftover_ = {};
  payload_ = {};
  large_.clear(kept_bytes);
  scanner_.restart();
}

void request_reader::release_body() noexcept {
  if (leftover_.empty()) large_.clear(0);
  payload_ = {};
}

awaitable<void> request_reader::linger(steady_time deadline) {
  for (std::size_t dropped = 0; dropped < max_lingering_bytes;) {
    const auto got = co_await stream_.read_some(runtime::landing_buffer(), deadline);
    if (!got) co_return;
    dropped += *got;
  }
}

}  // namespace spidergate::http
