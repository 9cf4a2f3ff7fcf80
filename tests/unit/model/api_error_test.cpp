#include <spidergate/model/api_error.hpp>

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>

namespace spidergate::model {
namespace {

struct expectation {
  api_errc code;
  int status;
  std::string_view type, name;
};

TEST(api_error, status_type_and_code_follow_the_table_of_the_spec) {
  const expectation cases[] = {
      {api_errc::invalid_json, 400, "invalid_request_error", "invalid_json"},
      {api_errc::unsupported_by_model, 400, "invalid_request_error", "unsupported_by_model"},
      {api_errc::revoked_api_key, 401, "authentication_error", "revoked_api_key"},
      {api_errc::budget_exceeded, 402, "insufficient_quota", "budget_exceeded"},
      {api_errc::missing_scope, 403, "permission_error", "missing_scope"},
      {api_errc::model_not_found, 404, "invalid_request_error", "model_not_found"},
      {api_errc::headers_too_large, 431, "invalid_request_error", "headers_too_large"},
      {api_errc::concurrency_limit_exceeded, 429, "rate_limit_error", "concurrency_limit_exceeded"},
      {api_errc::provider_rate_limited, 502, "provider_error", "provider_rate_limited"},
      {api_errc::draining, 503, "overloaded_error", "draining"},
      {api_errc::deadline_exceeded, 504, "timeout_error", "deadline_exceeded"},
      {api_errc::loop_detected, 508, "invalid_request_error", "loop_detected"},
  };
  for (const auto& expected : cases) {
    const auto error = make_error(expected.code, "m", "p");
    EXPECT_EQ(error.status(), expected.status) << expected.name;
    EXPECT_EQ(error.type(), expected.type) << expected.name;
    EXPECT_EQ(error.code_name(), expected.name);
    EXPECT_EQ(error.message, "m");
    EXPECT_EQ(error.param, "p");
  }
}

TEST(api_error, every_code_has_its_own_name) {
  std::set<std::string_view> names;
  for (int i = 0; i < static_cast<int>(api_errc::provider_refused); ++i)
    EXPECT_TRUE(names.insert(make_error(static_cast<api_errc>(i), "").code_name()).second) << i;
}

TEST(api_error, a_providers_refusal_keeps_its_status_type_and_code) {
  auto error = make_error(api_errc::provider_refused, "too long");
  error.provider_status = 422;
  error.provider_type = "validation_error";
  error.provider_code = "context_length_exceeded";
  EXPECT_EQ(error.status(), 422);
  EXPECT_EQ(error.type(), "validation_error");
  EXPECT_EQ(error.code_name(), "context_length_exceeded");
}

TEST(api_error, a_providers_refusal_without_details_is_a_plain_400_with_null_code) {
  auto error = make_error(api_errc::provider_refused, "no");
  for (const int in_band : {0, 200, 500}) {
    error.provider_status = in_band;
    EXPECT_EQ(error.status(), 400);
  }
  EXPECT_EQ(error.type(), "invalid_request_error");
  EXPECT_EQ(error.code_name(), "");
}

TEST(api_error, asking_a_failed_outcome_for_its_value_throws) {
  const outcome<int> failed = make_error(api_errc::not_found, "gone");
  ASSERT_TRUE(failed.has_error());
  EXPECT_THROW((void)failed.value(), std::logic_error);
}

}  // namespace
}  // namespace spidergate::model
