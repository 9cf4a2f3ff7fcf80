#include "asked.hpp"

#include <gtest/gtest.h>

namespace spidergate::providers {
namespace {

provider_error read(int status, const std::string& type, const std::string& message, header_fields fields = {}) {
  return find_dialect("anthropic")
      ->decode_error(
          status, fields,
          R"({"type":"error","error":{"type":")" + type + R"(","message":")" + message + R"("},"request_id":"req_1"})");
}

TEST(anthropic_error, knows_each_type_of_the_documentation) {
  struct row {
    int status;
    const char *type, *message;
    error_class kind;
  };
  const row table[]{
      {400, "invalid_request_error", "messages: field required", error_class::request_fault},
      {400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", error_class::context_length},
      {400, "invalid_request_error",
       "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or "
       "`max_tokens`",
       error_class::context_length},
      {400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.",
       error_class::rate_limited},
      {401, "authentication_error", "invalid x-api-key", error_class::invalid_credentials},
      {402, "billing_error", "x", error_class::rate_limited},
      {403, "permission_error", "x", error_class::invalid_credentials},
      {404, "not_found_error", "model: claude-x", error_class::no_such_model},
      {413, "request_too_large", "Request exceeds the maximum size", error_class::request_fault},
      {429, "rate_limit_error", "This request would exceed your account's rate limit", error_class::rate_limited},
      {500, "api_error", "Internal server error", error_class::overloaded},
      {504, "timeout_error", "x", error_class::overloaded},
      {529, "overloaded_error", "Overloaded", error_class::overloaded},
  };
  for (const auto& r : table) {
    const auto error = read(r.status, r.type, r.message);
    EXPECT_EQ(error.kind, r.kind) << r.type << " " << r.message;
    EXPECT_EQ(error.type, r.type);
    EXPECT_EQ(error.message, r.message);
    EXPECT_EQ(error.status, r.status);
  }
}

TEST(anthropic_error, waits_as_long_as_the_header_says) {
  const std::pair<std::string_view, std::string_view> fields[]{{"Retry-After", "7"}};
  EXPECT_EQ(read(429, "rate_limit_error", "x", fields).retry_after, std::chrono::seconds(7));
  EXPECT_FALSE(read(529, "overloaded_error", "x").retry_after.has_value());
}

TEST(anthropic_error, reads_what_a_proxy_says) {
  const auto error = find_dialect("anthropic")->decode_error(502, {}, "<html><title>Bad Gateway</title>");
  EXPECT_EQ(error.kind, error_class::overloaded);
  EXPECT_NE(error.message.find("Bad Gateway"), std::string::npos);
}

}  // namespace
}  // namespace spidergate::providers
