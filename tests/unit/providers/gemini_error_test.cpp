#include "asked.hpp"

#include <gtest/gtest.h>

namespace spidergate::providers {
namespace {

provider_error decode(int status, const std::string& body) {
  return find_dialect("gemini")->decode_error(status, {}, body);
}

std::string google(int code, const std::string& message, const std::string& status, const std::string& details = {}) {
  return R"({"error":{"code":)" + std::to_string(code) + R"(,"message":")" + message + R"(","status":")" + status +
         "\"" + (details.empty() ? "" : ",\"details\":[" + details + "]") + "}}";
}

TEST(gemini_error, means_what_google_means) {
  struct row {
    int status;
    std::string message, name;
    error_class wanted;
  };
  for (const auto& r : std::vector<row>{
           {400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT",
            error_class::invalid_credentials},
           {400, "User location is not supported for the API use.", "FAILED_PRECONDITION",
            error_class::invalid_credentials},
           {400, "The input token count (9) exceeds the maximum number of tokens allowed (8).", "INVALID_ARGUMENT",
            error_class::context_length},
           {400, "Unknown name", "INVALID_ARGUMENT", error_class::request_fault},
           {401, "Request had invalid authentication credentials.", "UNAUTHENTICATED",
            error_class::invalid_credentials},
           {403, "The caller does not have permission", "PERMISSION_DENIED", error_class::invalid_credentials},
           {404, "models/x is not found", "NOT_FOUND", error_class::no_such_model},
           {429, "Quota exceeded", "RESOURCE_EXHAUSTED", error_class::rate_limited},
           {499, "The operation was cancelled.", "CANCELLED", error_class::failed},
           {500, "An internal error has occurred", "INTERNAL", error_class::overloaded},
           {503, "The model is overloaded.", "UNAVAILABLE", error_class::overloaded},
           {504, "Deadline expired", "DEADLINE_EXCEEDED", error_class::overloaded}}) {
    const auto error = decode(r.status, google(r.status, r.message, r.name));
    EXPECT_EQ(error.kind, r.wanted) << r.name;
    EXPECT_EQ(error.message, r.message);
    EXPECT_EQ(error.type, r.name);
    EXPECT_EQ(error.status, r.status);
    EXPECT_EQ(decode(r.status, "[" + google(r.status, r.message, r.name) + "]").kind, r.wanted) << "in a list";
  }
}

TEST(gemini_error, reads_the_wait_the_reason_and_the_field) {
  const auto error = decode(429, google(429, "m", "RESOURCE_EXHAUSTED",
                                        R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"26s"})"));
  EXPECT_EQ(error.retry_after, std::chrono::seconds(26));
  EXPECT_EQ(decode(429, "[" +
                            google(429, "m", "RESOURCE_EXHAUSTED",
                                   R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"0.25s"})") +
                            "]")
                .retry_after,
            std::chrono::milliseconds(250));
  EXPECT_FALSE(decode(429, google(429, "m", "RESOURCE_EXHAUSTED",
                                  R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"-1s"})"))
                   .retry_after);
  const auto reason = decode(
      400,
      google(
          400, "m", "INVALID_ARGUMENT",
          R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"},{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"contents"}]})"));
  EXPECT_EQ(reason.code, "API_KEY_INVALID");
  EXPECT_EQ(reason.param, "contents");
  EXPECT_EQ(reason.kind, error_class::invalid_credentials);
}

TEST(gemini_error, pages_and_silence_are_told_by_their_status) {
  EXPECT_EQ(decode(502, "<html><title>Bad Gateway</title>").kind, error_class::overloaded);
  EXPECT_FALSE(decode(503, "").message.empty());
}

}  // namespace
}  // namespace spidergate::providers
