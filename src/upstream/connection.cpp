#include "connection.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/runtime/landing_buffer.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace spidergate::upstream {
namespace {

constexpr std::size_t most_first_bytes = 16 * 1024;  ///< that are read with a head
constexpr std::size_t most_framing_bytes = 128;      ///< of what is written around a request's own fields
constexpr std::size_t kept_capacity = 4 * 1024;      ///< of a connection that rests

/// What a failed read means in the middle of a body.
error_code blame(const error_code& failure) {
  if (failure == asio::error::timed_out) return errc::read_timeout;
  if (failure == asio::error::operation_aborted) return errc::cancelled;
  return errc::closed_early;
}

}  // namespace

connection::connection(std::unique_ptr<runtime::byte_stream> stream, std::size_t max_head_bytes)
    : stream_(std::move(stream)), max_head_bytes_(max_head_bytes) {}

connection::~connection() {
  forget_request_head();
}

void connection::forget_request_head() noexcept {
  explicit_bzero(request_head_.data(), request_head_.size());
  request_head_.clear();
}

void connection::write_request_head(std::string_view host, const request& what, bool close_after) {
  std::size_t body_bytes = 0;
  for (const auto piece : what.body) body_bytes += piece.size();
  const bool without_body =
      body_bytes == 0 && (what.method == "GET" || what.method == "HEAD" || what.method == "DELETE");

  forget_request_head();
  // At once, so that no part of it stays behind where a shorter one was.
  request_head_.reserve(what.method.size() + what.target.size() + host.size() + what.headers.size() +
                        what.content_type.size() + most_framing_bytes);
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
  arrived_.clear();
  finished_ = false;
  surplus_ = false;
}

awaitable<result<void>> connection::read_head(steady_time deadline) {
  for (;;) {
    const auto landing = runtime::landing_buffer().first(most_first_bytes);
    const auto count = co_await stream_->read_some(landing, deadline);
    if (!count) co_return count.error();
    arrived_.append(landing.data(), *count);
    const auto complete = parse_head();
    if (!complete) co_return complete.error();
    if (*complete == head_progress::complete) co_return result<void>();
    if (arrived_.size() >= max_head_bytes_) co_return error_code(errc::bad_response);
  }
}

result<connection::head_progress> connection::parse_head() {
  while (!arrived_.empty()) {
    const auto parsed = parser_.feed(arrived_);
    if (!parsed) return parsed.error();
    if (!parsed->has_value()) return head_progress::incomplete;
    head_ = **parsed;
    // Nobody asked for another protocol.
    if (head_.status == 101 || head_.size > max_head_bytes_) return error_code(errc::bad_response);
    if (head_.status / 100 != 1) {
      begin_body();
      return head_progress::complete;
    }
    drop_interim_head();
  }
  return head_progress::incomplete;
}

void connection::drop_interim_head() {
  arrived_.erase(0, head_.size);
  parser_.reset(to_head_);
}

void connection::begin_body() {
  response_.status = head_.status;
  response_.content_length = head_.content_length;
  parser_.fields(std::string_view(arrived_).substr(0, head_.size), response_.fields);
  body_ready_ = arrived_.size() - head_.size;
  chunks_ = {};
  left_ = head_.framing == framing::sized ? *head_.content_length : 0;
  finished_ = head_.framing == framing::none;
  surplus_ = finished_ && body_ready_ > 0;
}

awaitable<result<std::string_view>> connection::read_body(steady_time deadline) {
  for (;;) {
    if (finished_) co_return std::string_view();
    std::span<char> bytes{arrived_.data() + head_.size, std::exchange(body_ready_, 0)};
    if (bytes.empty()) {
      const auto landing = runtime::landing_buffer();
      const auto count = co_await stream_->read_some(landing, deadline);
      if (!count && count.error() == asio::error::eof && head_.framing == framing::until_close) {
        finished_ = true;
        continue;
      }
      if (!count) co_return blame(count.error());
      bytes = landing.first(*count);
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
  forget_request_head();
  arrived_.clear();
  if (arrived_.capacity() > kept_capacity) arrived_ = std::string();
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
