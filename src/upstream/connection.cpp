#include "connection.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace spidergate::upstream {
namespace {

/// Small, for memory per idle stream is what limits their number.
constexpr std::size_t first_capacity = 4 * 1024;
/// Less room than this after a long head would mean a system call for every few bytes.
constexpr std::size_t least_body_space = 2 * 1024;
constexpr std::size_t bulk_capacity = 64 * 1024;

/// What a failed read means in the middle of a body.
error_code blame(const error_code& failure) {
  if (failure == asio::error::timed_out) return errc::read_timeout;
  if (failure == asio::error::operation_aborted) return errc::cancelled;
  return errc::closed_early;
}

}  // namespace

connection::connection(std::unique_ptr<runtime::byte_stream> stream, std::size_t max_head_bytes)
    : stream_(std::move(stream)), max_head_bytes_(max_head_bytes) {}

connection::~connection() = default;

void connection::write_request_head(std::string_view host, const request& what, bool close_after) {
  std::size_t body_bytes = 0;
  for (const auto piece : what.body) body_bytes += piece.size();
  const bool without_body =
      body_bytes == 0 && (what.method == "GET" || what.method == "HEAD" || what.method == "DELETE");

  request_head_.clear();
  request_head_.append(what.method).append(" ").append(what.target).append(" HTTP/1.1\r\nHost: ").append(host);
  request_head_.append("\r\n").append(what.headers);
  if (!what.content_type.empty()) request_head_.append("content-type: ").append(what.content_type).append("\r\n");
  if (!without_body) {
    request_head_.append("Content-Length: ");
    append_json_number(request_head_, static_cast<std::int64_t>(body_bytes));
    request_head_.append("\r\n");
  }
  if (close_after) request_head_.append("Connection: close\r\n");
  request_head_.append("\r\n");
}

awaitable<result<void>> connection::send(std::string_view host, const request& what, bool close_after,
                                         steady_time deadline) {
  write_request_head(host, what, close_after);
  pieces_.assign(1, request_head_);
  pieces_.insert(pieces_.end(), what.body.begin(), what.body.end());
  begin_response(what.method == "HEAD");
  return stream_->write(pieces_, deadline);
}

void connection::begin_response(bool to_head) {
  to_head_ = to_head;
  parser_.reset(to_head);
  head_ = {};
  filled_ = 0;
  finished_ = false;
  surplus_ = false;
}

awaitable<result<void>> connection::read_head(steady_time deadline) {
  for (;;) {
    if (filled_ == capacity_ && !grow()) co_return error_code(errc::bad_response);
    const auto count = co_await stream_->read_some({buffer_.get() + filled_, capacity_ - filled_}, deadline);
    if (!count) co_return count.error();
    filled_ += *count;
    const auto complete = parse_head();
    if (!complete) co_return complete.error();
    if (*complete == head_progress::complete) co_return result<void>();
  }
}

result<connection::head_progress> connection::parse_head() {
  while (filled_ > 0) {
    const auto parsed = parser_.feed({buffer_.get(), filled_});
    if (!parsed) return parsed.error();
    if (!parsed->has_value()) return head_progress::incomplete;
    head_ = **parsed;
    // Nobody asked for another protocol.
    if (head_.status == 101) return error_code(errc::bad_response);
    if (head_.status / 100 != 1) {
      begin_body();
      return head_progress::complete;
    }
    drop_interim_head();
  }
  return head_progress::incomplete;
}

void connection::drop_interim_head() {
  filled_ -= head_.size;
  std::memmove(buffer_.get(), buffer_.get() + head_.size, filled_);
  parser_.reset(to_head_);
}

bool connection::grow() {
  const auto larger = capacity_ == 0 ? first_capacity : std::min(2 * capacity_, max_head_bytes_);
  if (larger <= capacity_) return false;
  std::unique_ptr<char[]> moved(new char[larger]);
  if (filled_ > 0) std::memcpy(moved.get(), buffer_.get(), filled_);
  buffer_ = std::move(moved);
  capacity_ = larger;
  return true;
}

void connection::begin_body() {
  response_.status = head_.status;
  response_.content_length = head_.content_length;
  parser_.fields({buffer_.get(), head_.size}, response_.fields);
  body_begin_ = head_.size;
  body_ready_ = filled_ - head_.size;
  in_bulk_ = small_room() < least_body_space;
  chunks_ = {};
  left_ = head_.framing == framing::sized ? *head_.content_length : 0;
  finished_ = head_.framing == framing::none;
  surplus_ = finished_ && body_ready_ > 0;
}

std::span<char> connection::body_space() {
  if (!in_bulk_) {
    bulk_.reset();
    return {buffer_.get() + body_begin_, small_room()};
  }
  if (!bulk_) bulk_.reset(new char[bulk_capacity]);
  return {bulk_.get(), bulk_capacity};
}

awaitable<result<std::string_view>> connection::read_body(steady_time deadline) {
  for (;;) {
    if (finished_) co_return std::string_view();
    std::span<char> bytes{buffer_.get() + body_begin_, std::exchange(body_ready_, 0)};
    if (bytes.empty()) {
      const auto space = body_space();
      const auto count = co_await stream_->read_some(space, deadline);
      if (!count && count.error() == asio::error::eof && head_.framing == framing::until_close) {
        finished_ = true;
        continue;
      }
      if (!count) co_return blame(count.error());
      bytes = space.first(*count);
      // Bytes that come faster than they are taken: in larger pieces, until the small buffer does again.
      in_bulk_ = *count == space.size() || (in_bulk_ && *count >= small_room()) || small_room() < least_body_space;
    }
    const auto body = decode(bytes);
    if (!body || !body->empty()) co_return body;
  }
}

result<std::string_view> connection::decode(std::span<char> bytes) {
  auto body = bytes;
  if (head_.framing == framing::sized) {
    body = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
    left_ -= body.size();
    finished_ = left_ == 0;
    surplus_ = body.size() < bytes.size();
  } else if (head_.framing == framing::chunked) {
    const auto progress = chunks_.decode(bytes);
    if (progress.status == chunk_decoder::status::broken) return error_code(errc::bad_response);
    body = bytes.subspan(progress.begin, progress.produced);
    finished_ = progress.status == chunk_decoder::status::finished;
    surplus_ = progress.consumed < bytes.size();
  }
  return std::string_view(body.data(), body.size());
}

void connection::rest(runtime::deadline_wheel& deadlines, steady_time due, std::function<void()> on_end) {
  bulk_.reset();
  if (capacity_ > first_capacity) {
    buffer_.reset();
    capacity_ = 0;
  }
  filled_ = 0;
  on_end_ = std::move(on_end);
  deadlines.arm(*this, due);
  stream_->watch_peer([this] { on_deadline(); });
}

bool connection::wake() {
  disarm();
  stream_->watch_peer({});
  on_end_ = nullptr;
  return stream_->is_quiet();
}

void connection::on_deadline() noexcept {
  // The callback destroys this connection.
  if (const auto end = std::exchange(on_end_, nullptr)) end();
}

}  // namespace spidergate::upstream
