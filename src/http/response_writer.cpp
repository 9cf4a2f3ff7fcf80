#include "response_writer.hpp"

#include "request_reader.hpp"

#include <spidergate/http/errc.hpp>

#include <stdexcept>

namespace spidergate::http {

namespace {

constexpr std::size_t kept_head_bytes = 4096;

bool has_no_body(int status) noexcept {
  return status == 204 || status == 304;
}

}  // namespace

void response_writer::start(int version, bool head_only) noexcept {
  if (head_.capacity() > kept_head_bytes) head_ = std::string();
  head_.clear();
  progress_ = progress::nothing;
  version_ = version;
  head_only_ = head_only;
  chunked_ = close_ = begun_ = needs_reset_ = timed_out_ = false;
}

void response_writer::require(progress wanted) const {
  if (progress_ != wanted && progress_ != progress::broken)
    throw std::logic_error("a request was answered twice, or out of order");
}

void response_writer::begin(int status, response_framing framing, const header_block& headers) {
  framing.close = close_;
  framing.keep_alive = version_ == 10;
  head_.clear();
  append_response_head(head_, status, framing, date_.at(time_.epoch_now()), headers);
}

awaitable<result<void>> response_writer::respond(int status, const header_block& headers,
                                                 std::span<const std::string_view> body) {
  require(progress::nothing);
  response_framing framing;
  if (!has_no_body(status)) framing.content_length = 0;
  for (const auto piece : body) {
    if (framing.content_length) *framing.content_length += piece.size();
  }
  begin(status, framing, headers);
  pieces_.assign(1, head_);
  if (framing.content_length && !head_only_) {
    for (auto piece : body) {
      for (; piece.size() > max_write_bytes; piece.remove_prefix(max_write_bytes)) {
        pieces_.push_back(piece.substr(0, max_write_bytes));
      }
      if (!piece.empty()) pieces_.push_back(piece);
    }
  }
  return send(progress::complete);
}

void response_writer::begin_stream(int status, const header_block& headers) {
  require(progress::nothing);
  if (progress_ == progress::broken) return;
  chunked_ = version_ == 11 && !head_only_;
  if (version_ == 10 && !head_only_) close_ = true;
  begin(status, {.content_length = {}, .chunked = version_ == 11, .close = false, .keep_alive = false}, headers);
  progress_ = progress::streaming;
}

awaitable<result<void>> response_writer::write(std::string_view bytes) {
  require(progress::streaming);
  gather(bytes, false);
  return send(progress::streaming);
}

awaitable<result<void>> response_writer::finish(std::string_view last) {
  require(progress::streaming);
  gather(last, true);
  return send(progress::complete);
}

awaitable<result<void>> response_writer::abort(std::string_view last) {
  require(progress::streaming);
  gather(last, true);
  close_ = true;
  return send(progress::broken);
}

void response_writer::break_off() noexcept {
  close_ = true;
  needs_reset_ = progress_ == progress::streaming && begun_ && !chunked_;
  progress_ = progress::broken;
}

std::string_view response_writer::size_line(std::size_t size) noexcept {
  char* const end = size_line_.data() + size_line_.size();
  char* begin = end;
  *--begin = '\n';
  *--begin = '\r';
  for (; size != 0; size >>= 4U) *--begin = "0123456789abcdef"[size & 15U];
  return {begin, end};
}

void response_writer::gather(std::string_view bytes, bool last) {
  pieces_.clear();
  if (!head_.empty() && !begun_) pieces_.push_back(head_);
  if (head_only_) return;
  if (!chunked_) {
    if (!bytes.empty()) pieces_.push_back(bytes);
    return;
  }
  if (!bytes.empty()) {  // an empty chunk would end the body
    pieces_.push_back(size_line(bytes.size()));
    pieces_.push_back(bytes);
  }
  const std::string_view tail = bytes.empty() ? "0\r\n\r\n" : "\r\n0\r\n\r\n";
  if (last)
    pieces_.push_back(tail);
  else if (!bytes.empty())
    pieces_.push_back("\r\n");
}

awaitable<result<void>> response_writer::send(progress then) {
  if (progress_ == progress::broken) co_return make_error_code(errc::client_gone);
  const std::span<const std::string_view> pieces(pieces_);
  for (std::size_t first = 0; first < pieces.size();) {
    std::size_t bytes = 0;
    std::size_t last = first;
    while (last < pieces.size() && (last == first || bytes + pieces[last].size() <= max_write_bytes + head_.size())) {
      bytes += pieces[last++].size();
    }
    begun_ = true;
    const auto sent =
        co_await stream_.write(pieces.subspan(first, last - first), time_.steady_now() + limits_.write_timeout);
    if (!sent) {
      progress_ = progress::broken;
      const auto why = stream_error(sent.error());
      timed_out_ = why == errc::timed_out;
      co_return why;
    }
    first = last;
  }
  if (then == progress::streaming && !head_.empty())
    head_ = std::string();  // a stream may last, and needs no head any more
  progress_ = then;
  co_return result<void>{};
}

}  // namespace spidergate::http
