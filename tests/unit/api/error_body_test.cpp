#include "error_body.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::api {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

std::string headers_of(const model::api_error& error) {
  http::header_block headers;
  add_error_headers(headers, error);
  return std::string(headers.text());
}

TEST(error_body, has_openais_shape_with_null_for_what_is_absent) {
  const auto body =
      json::parse(error_body(model::make_error(model::api_errc::invalid_api_key, "No \"such\" key."), "req_1"));
  EXPECT_EQ(
      body,
      json::parse(
          R"({"error":{"message":"No \"such\" key.","type":"authentication_error","param":null,"code":"invalid_api_key","source":"gateway","request_id":"req_1"}})"));
}

TEST(error_body, names_the_parameter) {
  const auto body =
      json::parse(error_body(model::make_error(model::api_errc::missing_field, "x", "messages[0].role"), "r"));
  EXPECT_EQ(body["error"]["param"], "messages[0].role");
}

TEST(error_headers, waits_are_whole_seconds_of_at_least_one) {
  auto error = model::make_error(model::api_errc::rate_limit_exceeded, "x");
  EXPECT_NE(headers_of(error).find("Retry-After: 1\r\n"), std::string::npos);
  error.retry_after = 1'200ms;
  EXPECT_NE(headers_of(error).find("Retry-After: 2\r\nretry-after-ms: 1200\r\n"), std::string::npos);
}

TEST(error_headers, useless_retries_are_forbidden) {
  auto error = model::make_error(model::api_errc::rate_limit_exceeded, "x");
  EXPECT_EQ(headers_of(error).find("x-should-retry"), std::string::npos);
  error.retry_after = 61s;
  EXPECT_NE(headers_of(error).find("x-should-retry: false"), std::string::npos);
  error.retry_after = 5s;
  error.retry_useless = true;
  EXPECT_NE(headers_of(error).find("x-should-retry: false"), std::string::npos);
  EXPECT_EQ(headers_of(model::make_error(model::api_errc::invalid_json, "x")), "");
}

}  // namespace
}  // namespace spidergate::api
