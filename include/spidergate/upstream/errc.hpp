#pragma once
#include <boost/system/error_code.hpp>

namespace spidergate::upstream {

/// What can go wrong on the way to a provider, by phase: each of the request's clocks has its own timeout.
enum class errc {
  resolve_failed = 1,    ///< the name has no address
  address_refused,       ///< the name's address is private, and the credential's origin must be public
  connect_failed,        ///< no address accepted the connection
  connect_timeout,       ///< clock "connect"
  tls_failed,            ///< handshake or certificate
  tls_timeout,           ///< clock "tls"
  write_failed,          ///< the request could not be sent whole
  write_timeout,         ///< the provider does not read its request (counted on clock "response head")
  head_timeout,          ///< clock "response head"
  bad_response,          ///< what came is not HTTP/1.1, or its head or framing is broken
  closed_early,          ///< the connection ended before the answer did
  read_timeout,          ///< the deadline given to read_some passed; the caller knows which clock it was
  too_many_connections,  ///< max_connections_per_origin are busy and none came free in time
  cancelled,             ///< cancel() was called
};

[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] inline boost::system::error_code make_error_code(errc e) noexcept {
  return {static_cast<int>(e), category()};
}

}  // namespace spidergate::upstream

template <>
struct boost::system::is_error_code_enum<spidergate::upstream::errc> : std::true_type {};
