#pragma once
#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::model {

/// Every error that a client can see, by its `code` of spec section 12. Status and type follow from the code.
enum class api_errc : std::uint8_t {
  // 400
  invalid_json,          ///< the body is not JSON, not UTF-8, or nested too deeply
  missing_field,         ///< `param` names it
  invalid_value,         ///< a field of the wrong type, or out of its range
  unsupported_by_model,  ///< no candidate can do what is asked for
  // 401
  missing_api_key,
  invalid_api_key,
  expired_api_key,
  revoked_api_key,
  // 402
  budget_exceeded,  ///< says which budget and when it resets
  // 403
  model_not_allowed,
  ip_not_allowed,
  missing_scope,
  // 404
  not_found,
  model_not_found,  ///< names the nearest ones
  // 405
  method_not_allowed,
  // 408
  request_timeout,  ///< the client was too slow in sending its request
  // 411, 413, 415, 426, 431
  length_required,
  body_too_large,
  unsupported_media_type,
  upgrade_required,
  headers_too_large,
  // 409
  conflict,  ///< never on inference routes: SDKs retry it
  // 429: the gateway's own limits only
  rate_limit_exceeded,
  concurrency_limit_exceeded,
  too_many_auth_failures,
  // 500
  internal_error,
  // 502: every attempt failed
  provider_rate_limited,
  provider_error,
  provider_auth_failed,
  // 503
  no_available_key,
  no_healthy_candidate,
  gateway_overloaded,
  draining,
  store_unavailable,
  // 504
  deadline_exceeded,
  // 508
  loop_detected,
  // the provider's own 4xx that is the request's fault
  provider_refused,  ///< keeps the provider's status, type and code
};

/// An error on its way to a client, in no API's shape. Only api/error_body turns it into bytes.
struct api_error {
  api_errc code = api_errc::internal_error;
  std::string message;
  std::string param;          ///< the field at fault; empty is null
  int provider_status = 0;    ///< the status of the provider's answer that caused this; 0 when none
  std::string provider_type;  ///< with provider_refused: the provider's own `type`
  std::string provider_code;  ///< with provider_refused: the provider's own `code`
  std::optional<std::chrono::milliseconds> retry_after;
  bool retry_useless = false;  ///< sends x-should-retry: false
  bool from_provider = false;  ///< "source": "provider"

  /// The HTTP status. With provider_refused the provider's own 4xx, or 400 when it had none.
  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] std::string_view type() const noexcept;
  /// Empty, to be shown as null, only with provider_refused whose provider gave no code.
  [[nodiscard]] std::string_view code_name() const noexcept;
};

[[nodiscard]] api_error make_error(api_errc code, std::string message, std::string param = {});

/// A value, or what to tell the client.
template <class T>
using outcome = boost::system::result<T, api_error>;

/// Found by boost::system::result: asking for the value of a failed outcome is a bug, hence an exception.
[[noreturn]] void throw_exception_from_error(const api_error& error, const boost::source_location& where);

}  // namespace spidergate::model
