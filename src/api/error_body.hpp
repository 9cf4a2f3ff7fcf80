#pragma once
#include <spidergate/http/exchange.hpp>
#include <spidergate/model/api_error.hpp>

#include <string>
#include <string_view>

namespace spidergate::api {

/// The one place where an error becomes OpenAI's JSON (spec 12).
[[nodiscard]] std::string error_body(const model::api_error& error, std::string_view request_id);

/// Retry-After, retry-after-ms and x-should-retry as SDKs act on them.
void add_error_headers(http::header_block& headers, const model::api_error& error);

}  // namespace spidergate::api
