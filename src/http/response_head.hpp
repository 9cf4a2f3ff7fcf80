#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/http/exchange.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::http {

/// The Date header of a worker, made anew once a second.
class date_line {
 public:
  /// "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n"; valid until the next call.
  [[nodiscard]] std::string_view at(epoch_ms now) noexcept;

 private:
  epoch_ms second_ = std::numeric_limits<epoch_ms>::min();
  std::array<char, 37> text_{};
};

/// What the head of an answer says about its body and about the connection.
struct response_framing {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool close = false;
  bool keep_alive = false;  ///< said aloud, for HTTP/1.0
};

/// Appends a whole response head, its empty line included.
void append_response_head(std::string& out, int status, const response_framing& framing, std::string_view date,
                          const header_block& headers);

/// The standard reason phrase, or nothing.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

}  // namespace spidergate::http
