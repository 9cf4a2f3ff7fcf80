#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate::providers {

/// Cuts a byte stream into lines (newline-delimited JSON): they end with LF or CRLF, empty ones are skipped. A line
/// that lies whole in one read is not copied. Memory is bounded by the largest line allowed. Owned by one stream; not
/// thread-safe.
class line_framer {
 public:
  static constexpr std::size_t default_limit = 1024 * 1024;
  enum class step : std::uint8_t {
    line,      ///< there is one
    more,      ///< the bytes are used up
    oversize,  ///< a line is larger than allowed: there is no way on
  };

  explicit line_framer(std::size_t max_line_bytes = default_limit) : limit_(max_line_bytes) {}

  /// Gives the next bytes; they must stand until next() has said `more`. REQUIRES: next() said so for the ones before.
  void feed(std::string_view bytes) noexcept { input_ = bytes; }
  /// `line` stands until the framer is asked again.
  [[nodiscard]] step next(std::string_view& line);
  /// The stream has ended: true when a last line was left that only lacked its end.
  [[nodiscard]] bool finish(std::string_view& line);

 private:
  std::size_t limit_;
  std::string_view input_;
  std::string partial_;  ///< the begun line of earlier reads
  bool dispatched_ = false;
};

}  // namespace spidergate::providers
