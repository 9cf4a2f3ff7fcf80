#include "error_reading.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <span>

namespace spidergate::providers {

namespace {

using words = std::span<const std::string_view>;

bool holds_any(std::string_view text, words wanted) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [text](std::string_view w) { return text.find(w) != std::string_view::npos; });
}

// All in lower case, as seen from providers and self-hosted servers.
constexpr std::string_view context_codes[]{"context_length_exceeded", "too_many_prompt_tokens",  "exceed_context_size",
                                           "context_window_exceeded", "string_above_max_length", "prompt_too_long"};
constexpr std::string_view context_words[]{"maximum context length",
                                           "max context length",
                                           "context length exceeded",
                                           "exceeds the context",
                                           "exceed the context",
                                           "exceeded context",
                                           "exceed context limit",
                                           "context window",
                                           "available context size",
                                           "prompt is too long",
                                           "prompt too long",
                                           "input is too long",
                                           "total length of all messages is too long",
                                           "too many input tokens",
                                           "reduce the length of the",
                                           "input token count",
                                           "maximum prompt length",
                                           "maximum input length",
                                           "longer than the maximum model length",
                                           "exceeds maximum input",
                                           "model's context"};
constexpr std::string_view quota_words[]{
    "insufficient_quota",        "insufficient balance", "exceeded your current quota",
    "credit balance is too low", "insufficient credits", "billing_hard_limit",
    "billing_not_active",        "out of credits",       "insufficient funds"};
constexpr std::string_view rate_words[]{"rate_limit",        "ratelimit",          "rate limit",
                                        "too many requests", "resource_exhausted", "throttl"};
constexpr std::string_view key_words[]{"invalid_api_key",   "incorrect api key",      "invalid api key",
                                       "api key not valid", "api_key_invalid",        "authentication_error",
                                       "unauthorized",      "invalid_authentication", "permission_denied"};
constexpr std::string_view model_words[]{"model_not_found",     "deploymentnotfound",   "model_decommissioned",
                                         "model_not_available", "is not a valid model", "unknown_model",
                                         "model_not_exist",     "model not exist",      "supported models are"};
constexpr std::string_view overload_words[]{
    "overloaded", "server_error",        "internal_error",      "internal server error",
    "api_error",  "service_unavailable", "service unavailable", "engine_overloaded",
    "unavailable"};
constexpr std::string_view content_words[]{"flagged", "moderation", "content_filter", "content policy"};

/// Without a status: what the words say.
error_class by_words(std::string_view codes, std::string_view all) {
  if (holds_any(all, rate_words)) return error_class::rate_limited;
  if (holds_any(codes, key_words)) return error_class::invalid_credentials;
  if (holds_any(codes, model_words)) return error_class::no_such_model;
  if (holds_any(codes, overload_words)) return error_class::overloaded;
  if (codes.find("invalid_request") != std::string_view::npos) return error_class::request_fault;
  return error_class::failed;
}

error_class by_status(int status, std::string_view codes, std::string_view all) {
  switch (status) {
    case 401:
      return error_class::invalid_credentials;
    case 403:
      return holds_any(all, content_words) ? error_class::request_fault : error_class::invalid_credentials;
    case 404:
    case 410:
      return error_class::no_such_model;
    case 408:
    case 409:
    case 425:
      return error_class::failed;
    case 429:
      return error_class::rate_limited;
    default:
      break;
  }
  if (status >= 500) return error_class::overloaded;
  if (status < 400) return by_words(codes, all);
  // Groq answers 413 when one request is larger than the tokens of a minute.
  if (holds_any(codes, rate_words)) return error_class::rate_limited;
  if (holds_any(all, key_words)) return error_class::invalid_credentials;
  if (holds_any(all, model_words)) return error_class::no_such_model;
  return error_class::request_fault;
}

}  // namespace

error_class classify(const provider_error& error) {
  const std::string codes = to_lower(error.code + " " + error.type);
  const std::string all = codes + " " + to_lower(error.message);
  const int status = error.status;
  const bool may_be_length = status < 400 || status == 400 || status == 413 || status == 422 || status == 500;
  if (may_be_length && !holds_any(codes, rate_words) &&
      (holds_any(codes, context_codes) || holds_any(all, context_words))) {
    return error_class::context_length;
  }
  if (status == 402 || holds_any(all, quota_words)) return error_class::rate_limited;
  return by_status(status, codes, all);
}

}  // namespace spidergate::providers
