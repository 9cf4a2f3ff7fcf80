#include "request_builder.hpp"

namespace spidergate::openai {

using model::api_errc;

namespace {

constexpr std::int64_t most_retries = 5;
constexpr std::int64_t longest_timeout_ms = 86'400'000;

}  // namespace

bool request_builder::gateway_options(json::value v, const path& at) {
  if (!want(v, json::kind::object, at)) return false;
  for (const auto& m : v.members()) {
    if (!gateway_option(m, at.member(m.name))) return false;
  }
  return true;
}

bool request_builder::gateway_option(const json::member& m, const path& at) {
  auto& options = request_.options;
  const auto v = m.value;
  std::int64_t number = 0;
  if (m.name == "fallback_models") return v.is_null() || strings(v, options.fallback_models, at);
  if (m.name == "tags") return v.is_null() || strings(v, options.tags, at);
  if (m.name == "cache") return v.is_null() || cache_option(v, at);
  if (m.name == "retry_count") {
    if (v.is_null()) return true;
    if (!integer(v, 0, most_retries, number, at)) return false;
    options.retry_count = static_cast<int>(number);
    return true;
  }
  if (m.name == "timeout_ms") {
    if (v.is_null()) return true;
    if (!integer(v, 1, longest_timeout_ms, number, at)) return false;
    options.timeout = std::chrono::milliseconds(number);
    return true;
  }
  if (m.name == "metadata") {
    if (v.is_null()) return true;
    if (!want(v, json::kind::object, at)) return false;
    options.metadata = v.raw();
    return true;
  }
  // A misspelt option that is passed over in silence would be worse than none.
  return fail(api_errc::invalid_value,
              "Unknown option: '" + at.text() +
                  "'. Supported are: fallback_models, retry_count, timeout_ms, cache, tags, and metadata.",
              at);
}

bool request_builder::cache_option(json::value v, const path& at) {
  if (v.is(json::kind::object)) {
    const auto ttl = v.find("ttl_seconds");
    std::int64_t seconds = 0;
    if (!ttl.exists()) return missing(at.member("ttl_seconds"));
    if (!integer(ttl, 0, longest_timeout_ms, seconds, at.member("ttl_seconds"))) return false;
  } else if (!v.is(json::kind::string)) {
    return wrong_type(v, "'no-cache', 'no-store' or an object", at);
  } else if (v.literal() != "no-cache" && v.literal() != "no-store") {
    return fail(api_errc::invalid_value,
                "Invalid value: '" + v.text() +
                    "'. Supported values are: 'no-cache', 'no-store', and an object with ttl_seconds.",
                at);
  }
  request_.options.cache = v.raw();
  return true;
}

bool request_builder::routing_hints(json::value v, const path& at) {
  if (!want(v, json::kind::object, at)) return false;
  request_.options.routing_hints = v.raw();
  return true;
}

bool request_builder::fallback_chain(json::value v, const path& at) {
  return strings(v, request_.options.fallback_chain, at);
}

bool request_builder::strict_params(json::value v, const path& at) {
  return flag(v, request_.options.strict_params, at);
}

}  // namespace spidergate::openai
