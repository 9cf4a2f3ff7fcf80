#include "asked.hpp"

#include <gtest/gtest.h>

#include <array>

namespace spidergate::providers {
namespace {

provider_error error(int status, std::string_view body, std::string_view after = {}, std::string_view after_ms = {}) {
  const std::array<std::pair<std::string_view, std::string_view>, 2> fields{
      {{"Retry-After", after}, {"retry-after-ms", after_ms}}};
  return openai_dialect().decode_error(status, fields, body);
}

TEST(openai_decode_error, reads_every_shape) {
  const auto full = error(
      400,
      R"({"error":{"message":"no","type":"invalid_request_error","param":"stop","code":"unsupported_parameter"}})");
  EXPECT_EQ(full.message, "no");
  EXPECT_EQ(full.type, "invalid_request_error");
  EXPECT_EQ(full.param, "stop");
  EXPECT_EQ(full.code, "unsupported_parameter");
  EXPECT_EQ(full.kind, error_class::request_fault);
  EXPECT_EQ(error(400, R"({"error":"words"})").message, "words");
  EXPECT_EQ(error(400, R"({"error":["first","second"]})").message, "first");
  EXPECT_EQ(error(400, R"({"object":"error","message":"m","code":3051})").code, "3051");
  EXPECT_EQ(error(401, R"({"detail":"Invalid API Key"})").message, "Invalid API Key");
  EXPECT_EQ(error(422, R"({"detail":[{"loc":["body","messages",0,"role"],"msg":"field required"}]})").message,
            "messages[0].role: field required");
  EXPECT_EQ(error(422, R"({"detail":[{"loc":["body","messages",0,"role"],"msg":"field required"}]})").param,
            "messages[0].role");
  EXPECT_EQ(error(400, R"([{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}])").type,
            "INVALID_ARGUMENT");
  EXPECT_EQ(error(400, R"({"errors":[{"message":"m"}]})").message, "m");
  EXPECT_EQ(error(502, "<html><head><title>502 Bad Gateway</title>").message,
            "The provider answered with status 502 and a page of HTML: 502 Bad Gateway");
  EXPECT_EQ(error(500, "").message, "The provider answered with status 500 and no message.");
  EXPECT_EQ(error(500, "{}").message, "{}");
  EXPECT_EQ(error(429, "slow down").message, "slow down");
  EXPECT_EQ(
      error(
          400,
          R"({"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"inner\",\"param\":\"input\"}}"}}})")
          .message,
      "Provider returned error: inner");
}

TEST(openai_decode_error, tells_the_classes_apart) {
  EXPECT_EQ(error(401, "").kind, error_class::invalid_credentials);
  EXPECT_EQ(error(403, "").kind, error_class::invalid_credentials);
  EXPECT_EQ(error(404, "").kind, error_class::no_such_model);
  EXPECT_EQ(error(408, "").kind, error_class::failed);
  EXPECT_EQ(error(409, "").kind, error_class::failed);
  EXPECT_EQ(error(429, "").kind, error_class::rate_limited);
  EXPECT_EQ(error(500, "").kind, error_class::overloaded);
  EXPECT_EQ(error(503, "").kind, error_class::overloaded);
  EXPECT_EQ(error(529, "").kind, error_class::overloaded);
  EXPECT_EQ(error(302, "").kind, error_class::failed);
  EXPECT_EQ(error(402, R"({"error":{"message":"Insufficient Balance"}})").kind, error_class::rate_limited);
  EXPECT_EQ(error(403, R"({"error":{"message":"out","code":"insufficient_quota"}})").kind, error_class::rate_limited);
  EXPECT_EQ(
      error(400,
            R"({"error":{"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}})")
          .kind,
      error_class::invalid_credentials);
  EXPECT_EQ(error(400, R"({"error":{"message":"gpt-9 is not a valid model ID"}})").kind, error_class::no_such_model);
  EXPECT_EQ(
      error(413, R"({"error":{"message":"Request too large on tokens per minute","code":"rate_limit_exceeded"}})").kind,
      error_class::rate_limited);
  EXPECT_EQ(error(403, R"({"error":{"message":"your input was flagged"}})").kind, error_class::request_fault);
  for (
      const auto* body :
      {R"({"error":{"message":"x","code":"context_length_exceeded"}})",
       R"({"error":{"message":"This model's maximum context length is 8192 tokens"}})",
       R"({"error":{"type":"exceed_context_size_error","message":"the request exceeds the available context size"}})"}) {
    EXPECT_EQ(error(400, body).kind, error_class::context_length) << body;
  }
}

TEST(openai_decode_error, reads_how_long_to_wait) {
  using std::chrono::milliseconds;
  EXPECT_EQ(error(429, "", "7").retry_after, milliseconds(7000));
  EXPECT_EQ(error(429, "", "0.25").retry_after, milliseconds(250));
  EXPECT_EQ(error(429, "", "7", "1500").retry_after, milliseconds(1500));
  EXPECT_EQ(error(429, "", "7", "0").retry_after, milliseconds(7000));
  EXPECT_EQ(error(429, "", "Wed, 21 Oct 2026 07:28:00 GMT").retry_after, std::nullopt);
  EXPECT_EQ(error(429, "", "-3").retry_after, std::nullopt);
  EXPECT_EQ(error(429, "", "nan", "inf").retry_after, milliseconds(86'400'000));
  EXPECT_EQ(error(429, R"({"error":{"message":"Please try again in 6.78s. Visit"}})").retry_after, milliseconds(6780));
  EXPECT_EQ(error(429, R"({"error":{"message":"Please try again in 1m2.5s."}})").retry_after, milliseconds(62'500));
  EXPECT_EQ(error(429, R"({"error":{"message":"Please try again in 20ms."}})").retry_after, milliseconds(20));
}

TEST(openai_decode_error, never_shows_a_key) {
  const auto message = [](const std::string& text) {
    return error(401, R"({"error":{"message":")" + text + "\"}}").message;
  };
  EXPECT_EQ(message("Incorrect API key provided: sk-proj-abcdefghijklmnop."), "Incorrect API key provided: sk-***.");
  EXPECT_EQ(message("Incorrect API key provided: whatever."), "Incorrect API key provided: wha***.");
  EXPECT_EQ(message("key 'gsk_0123456789abcdef' is bad"), "key 'gsk***' is bad");
  EXPECT_EQ(message("Bearer abcdef refused"), "Bearer abc*** refused");
  EXPECT_EQ(message("The model `gpt-4.1-nano-wrong` does not exist"), "The model `gpt-4.1-nano-wrong` does not exist");
  EXPECT_EQ(message("https://platform.openai.com/account/api-keys."), "https://platform.openai.com/account/api-keys.");
  EXPECT_EQ(error(401, "token: secretsecret").message, "token: sec***");
}

TEST(openai_decode_error, keeps_messages_short_and_valid) {
  const auto long_text = error(400, std::string(5000, 'a'));
  EXPECT_EQ(long_text.message.size(), 1024u);
  EXPECT_EQ(error(400, "a\xff\xc3\x28 b\r\nc").message, "a\uFFFD\uFFFD( b  c");
  std::string accents;
  for (int i = 0; i < 1000; ++i) accents += "é";
  EXPECT_EQ(error(400, "x" + accents).message.size(), 1023u);
}

}  // namespace
}  // namespace spidergate::providers
