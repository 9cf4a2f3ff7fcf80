#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate::providers::bedrock {

/// One message of AWS's event stream encoding (application/vnd.amazon.eventstream): views that stand until the framer
/// is asked again.
struct event_message {
  std::string_view message_type;    ///< "event", "exception" or "error"
  std::string_view event_type;      ///< of an event
  std::string_view exception_type;  ///< of an exception
  std::string_view error_code, error_message;
  std::string_view payload;
};

/// Cuts a byte stream into messages: total length, length of the headers, CRC-32 of those two, headers, payload, CRC-32
/// of all before it; numbers are big-endian (Amazon Transcribe's and S3 Select's guides describe it). Both checksums
/// are checked, before anything of a message is believed. A message that lies whole in one read is not copied. Memory
/// is bounded by the largest message allowed. Owned by one stream; not thread-safe.
class event_stream_framer {
 public:
  static constexpr std::size_t default_limit = 1024 * 1024;
  enum class step : std::uint8_t {
    message,  ///< there is one
    more,     ///< the bytes are used up
    broken,   ///< there is no way on: failure() tells why
  };

  explicit event_stream_framer(std::size_t max_message_bytes = default_limit) : limit_(max_message_bytes) {}

  /// Gives the next bytes; they must stand until next() has said `more`. REQUIRES: next() said so for the ones before.
  void feed(std::string_view bytes) noexcept { input_ = bytes; }
  [[nodiscard]] step next(event_message& message);
  /// REQUIRES: next() said `broken`.
  [[nodiscard]] std::string_view failure() const noexcept { return failure_; }
  /// Bytes of a message were left whose end never came.
  [[nodiscard]] bool unfinished() const noexcept { return !partial_.empty() || !input_.empty(); }

 private:
  [[nodiscard]] bool take(std::size_t wanted);
  [[nodiscard]] step fail(std::string_view why) noexcept;
  [[nodiscard]] bool read_headers(std::string_view headers, event_message& message) const noexcept;

  std::size_t limit_;
  std::string_view input_;
  std::string partial_;    ///< the begun message of earlier reads
  std::string_view held_;  ///< what take() found: in partial_ or in input_
  bool dispatched_ = false;
  std::size_t dispatched_bytes_ = 0;  ///< of input_, where the message lay there
  std::string_view failure_;
};

}  // namespace spidergate::providers::bedrock
