#pragma once
#include "byte_buffer.hpp"
#include "chunk_decoder.hpp"
#include "head_scanner.hpp"

#include <spidergate/core/result.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/http/limits.hpp>
#include <spidergate/http/request_head.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/clock.hpp>

#include <span>
#include <string_view>

namespace spidergate::http {

/// The receiving half of one connection: request after request out of one stream, with the buffers that all of them
/// reuse. The order of calls per request: read_head(), then perhaps read_body(), then skip_body() if something is left,
/// then next_request(). Owned by the connection, on its worker's thread.
class request_reader {
 public:
  enum class outcome : std::uint8_t {
    ready,    ///< head() is the next request
    closed,   ///< no further request comes: the peer has finished, rested too long, or the wait was cancelled
    refused,  ///< reason() is to be told to the client
  };

  /// An unread body up to this size is read and dropped to keep the connection; a longer one ends it.
  static constexpr std::size_t max_skipped_bytes = 65'536;

  request_reader(runtime::byte_stream& stream, const runtime::clock& time, const limits& bounds);

  awaitable<outcome> read_head();
  [[nodiscard]] const request_head& head() const noexcept { return head_; }
  [[nodiscard]] steady_time started() const noexcept { return started_; }
  [[nodiscard]] const verdict& reason() const noexcept { return reason_; }
  /// True while not a single byte of the next request has arrived.
  [[nodiscard]] bool idle() const noexcept { return in_.size() == start_; }

  /// exchange::read_body. Asking again gives the same answer.
  awaitable<result<std::string_view>> read_body();

  /// True when the connection may go on after this request without its body having been asked for. Looks at what has
  /// arrived.
  [[nodiscard]] bool can_go_on() noexcept;
  /// True when all of the body has been taken from the stream.
  [[nodiscard]] bool body_taken() const noexcept { return body_ == body_state::taken; }
  [[nodiscard]] bool body_timed_out() const noexcept;
  /// Reads the rest of an unread body and drops it; false when the connection must close instead.
  awaitable<bool> skip_body();
  /// Makes ready for the next head: views into the old one die, large buffers are given back, pipelined bytes are kept.
  void next_request();
  /// Gives the body's memory back before the answer is complete.
  void release_body() noexcept;

  /// Drops what still arrives, so that closing does not reset an answer which the client has not read yet.
  awaitable<void> linger(steady_time deadline);

 private:
  enum class body_state : std::uint8_t { unread, taken, failed };

  outcome accept_head();
  void keep(std::span<const char> bytes);
  awaitable<result<std::string_view>> read_sized();
  awaitable<result<std::string_view>> read_chunked();
  awaitable<result<void>> invite_body();
  [[nodiscard]] result<std::string_view> settled_body() const;
  result<std::string_view> take(std::string_view payload, std::size_t end) noexcept;
  error_code fail(error_code why) noexcept;
  [[nodiscard]] std::size_t arrived() const noexcept { return in_.size() - body_at_; }
  [[nodiscard]] std::uint64_t missing() const noexcept;

  runtime::byte_stream& stream_;
  const runtime::clock& time_;
  const limits& limits_;

  head_scanner scanner_;
  request_head head_;
  verdict reason_;
  steady_time started_{};

  byte_buffer in_;            // the head, what came with it, and pipelined requests
  std::size_t start_ = 0;     // where the current request begins in in_
  std::size_t body_at_ = 0;   // where its body begins
  std::size_t body_end_ = 0;  // where the next request begins

  byte_buffer large_;  // a body that did not come whole together with its head
  chunk_decoder chunks_{0};
  body_state body_ = body_state::unread;
  std::string_view payload_;
  std::string_view leftover_;  // pipelined bytes behind a chunked body in large_
  error_code failure_;
};

/// What a failed read or write of the stream means to a handler: timed_out or client_gone.
[[nodiscard]] error_code stream_error(const error_code& ec) noexcept;

}  // namespace spidergate::http
