#include <spidergate/model/api_error.hpp>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace spidergate::model {
namespace {

struct error_row {
  api_errc code;
  int status;
  std::string_view type;
  std::string_view name;
};

constexpr std::string_view request = "invalid_request_error";
constexpr std::string_view authentication = "authentication_error";
constexpr std::string_view permission = "permission_error";
constexpr std::string_view rate_limit = "rate_limit_error";
constexpr std::string_view provider = "provider_error";
constexpr std::string_view overloaded = "overloaded_error";
constexpr std::string_view timeout = "timeout_error";

/// Spec section 12, in the order of the enumeration.
constexpr std::array table{
    error_row{api_errc::invalid_json, 400, request, "invalid_json"},
    error_row{api_errc::missing_field, 400, request, "missing_field"},
    error_row{api_errc::invalid_value, 400, request, "invalid_value"},
    error_row{api_errc::unsupported_by_model, 400, request, "unsupported_by_model"},
    error_row{api_errc::missing_api_key, 401, authentication, "missing_api_key"},
    error_row{api_errc::invalid_api_key, 401, authentication, "invalid_api_key"},
    error_row{api_errc::expired_api_key, 401, authentication, "expired_api_key"},
    error_row{api_errc::revoked_api_key, 401, authentication, "revoked_api_key"},
    error_row{api_errc::budget_exceeded, 402, "insufficient_quota", "budget_exceeded"},
    error_row{api_errc::model_not_allowed, 403, permission, "model_not_allowed"},
    error_row{api_errc::ip_not_allowed, 403, permission, "ip_not_allowed"},
    error_row{api_errc::missing_scope, 403, permission, "missing_scope"},
    error_row{api_errc::not_found, 404, request, "not_found"},
    error_row{api_errc::model_not_found, 404, request, "model_not_found"},
    error_row{api_errc::method_not_allowed, 405, request, "method_not_allowed"},
    error_row{api_errc::request_timeout, 408, timeout, "request_timeout"},
    error_row{api_errc::length_required, 411, request, "length_required"},
    error_row{api_errc::body_too_large, 413, request, "body_too_large"},
    error_row{api_errc::unsupported_media_type, 415, request, "unsupported_media_type"},
    error_row{api_errc::upgrade_required, 426, request, "upgrade_required"},
    error_row{api_errc::headers_too_large, 431, request, "headers_too_large"},
    error_row{api_errc::conflict, 409, request, "conflict"},
    error_row{api_errc::rate_limit_exceeded, 429, rate_limit, "rate_limit_exceeded"},
    error_row{api_errc::concurrency_limit_exceeded, 429, rate_limit, "concurrency_limit_exceeded"},
    error_row{api_errc::too_many_auth_failures, 429, rate_limit, "too_many_auth_failures"},
    error_row{api_errc::internal_error, 500, "server_error", "internal_error"},
    error_row{api_errc::provider_rate_limited, 502, provider, "provider_rate_limited"},
    error_row{api_errc::provider_error, 502, provider, "provider_error"},
    error_row{api_errc::provider_auth_failed, 502, provider, "provider_auth_failed"},
    error_row{api_errc::no_available_key, 503, overloaded, "no_available_key"},
    error_row{api_errc::no_healthy_candidate, 503, overloaded, "no_healthy_candidate"},
    error_row{api_errc::gateway_overloaded, 503, overloaded, "gateway_overloaded"},
    error_row{api_errc::draining, 503, overloaded, "draining"},
    error_row{api_errc::store_unavailable, 503, overloaded, "store_unavailable"},
    error_row{api_errc::deadline_exceeded, 504, timeout, "deadline_exceeded"},
    error_row{api_errc::loop_detected, 508, request, "loop_detected"},
    error_row{api_errc::provider_refused, 400, request, "provider_refused"},
};

constexpr bool in_order_of_the_enumeration() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (static_cast<std::size_t>(table[i].code) != i) return false;
  return table.size() == static_cast<std::size_t>(api_errc::provider_refused) + 1;
}
static_assert(in_order_of_the_enumeration());

const error_row& row_of(api_errc code) noexcept {
  return table[static_cast<std::size_t>(code)];
}

}  // namespace

int api_error::status() const noexcept {
  const bool keeps = code == api_errc::provider_refused && provider_status >= 400 && provider_status < 500;
  return keeps ? provider_status : row_of(code).status;
}

std::string_view api_error::type() const noexcept {
  if (code == api_errc::provider_refused && !provider_type.empty()) return provider_type;
  return row_of(code).type;
}

std::string_view api_error::code_name() const noexcept {
  return code == api_errc::provider_refused ? std::string_view{provider_code} : row_of(code).name;
}

api_error make_error(api_errc code, std::string message, std::string param) {
  api_error error;
  error.code = code;
  error.message = std::move(message);
  error.param = std::move(param);
  return error;
}

void throw_exception_from_error(const api_error& error, const boost::source_location&) {
  throw std::logic_error("the value of a failed outcome was asked for: " + error.message);
}

}  // namespace spidergate::model
