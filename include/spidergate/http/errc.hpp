#pragma once
#include <boost/system/error_code.hpp>

namespace spidergate::http {

enum class errc {
  bad_head = 1,      ///< malformed head
  head_too_large,    ///< more than max_header_bytes
  ambiguous_length,  ///< Content-Length with Transfer-Encoding, repeated or odd Content-Length (RFC 9112 section 6.3)
  bad_chunk,         ///< malformed chunked framing
  body_too_large,    ///< more than max_body_bytes
  timed_out,         ///< head or body did not arrive in time
  client_gone,       ///< the peer closed the connection
};

[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] inline boost::system::error_code make_error_code(errc e) noexcept {
  return {static_cast<int>(e), category()};
}

}  // namespace spidergate::http

template <>
struct boost::system::is_error_code_enum<spidergate::http::errc> : std::true_type {};
