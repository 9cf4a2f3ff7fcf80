#pragma once
#include "response_head.hpp"

#include <spidergate/core/result.hpp>
#include <spidergate/http/exchange.hpp>
#include <spidergate/http/limits.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/clock.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::http {

/// The sending half of one connection: one answer after the other, each call one gathered write. Owned by the
/// connection, on its worker's thread. Answering twice, or out of order, is a bug and throws std::logic_error.
class response_writer {
 public:
  /// A body is cut into writes of this size, so that the write timeout measures progress and not patience.
  static constexpr std::size_t max_write_bytes = 1'048'576;

  response_writer(runtime::byte_stream& stream, const runtime::clock& time, const limits& bounds, date_line& date)
      : stream_(stream), time_(time), limits_(bounds), date_(date) {}

  /// Begins the answer to one request: its version decides the framing, and HEAD takes no body.
  void start(int version, bool head_only) noexcept;
  /// The connection ends with this answer. Not once the answer has begun.
  void close_after() noexcept { close_ = true; }

  awaitable<result<void>> respond(int status, const header_block& headers, std::span<const std::string_view> body);
  void begin_stream(int status, const header_block& headers);
  awaitable<result<void>> write(std::string_view bytes);
  awaitable<result<void>> finish(std::string_view last);
  awaitable<result<void>> abort(std::string_view last);
  void break_off() noexcept;

  /// True once bytes of the answer have been given to the stream.
  [[nodiscard]] bool begun() const noexcept { return begun_; }
  /// True once the answer has been sent whole.
  [[nodiscard]] bool complete() const noexcept { return progress_ == progress::complete; }
  /// True when the client was told, or has to conclude, that the connection ends here.
  [[nodiscard]] bool closes() const noexcept { return close_; }
  /// True when the client would take an ordinary close for the end of a whole body.
  [[nodiscard]] bool needs_reset() const noexcept { return needs_reset_; }
  [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

 private:
  enum class progress : std::uint8_t { nothing, streaming, complete, broken };

  void begin(int status, response_framing framing, const header_block& headers);
  /// Gathers [head] [chunk size] bytes [tail] in pieces_; empty when there is nothing to send.
  void gather(std::string_view bytes, bool last);
  /// What stands before a chunk of that size, which is not 0. A view of size_line_.
  [[nodiscard]] std::string_view size_line(std::size_t size) noexcept;
  awaitable<result<void>> send(progress then);
  void require(progress wanted) const;

  runtime::byte_stream& stream_;
  const runtime::clock& time_;
  const limits& limits_;
  date_line& date_;

  std::string head_;                  // written together with the first bytes of the body
  std::array<char, 18> size_line_{};  // of a chunk: 16 digits at most, written from the end
  std::vector<std::string_view> pieces_;
  progress progress_ = progress::nothing;
  int version_ = 11;
  bool head_only_ = false;
  bool chunked_ = false;
  bool close_ = false;
  bool begun_ = false;
  bool needs_reset_ = false;
  bool timed_out_ = false;
};

}  // namespace spidergate::http
