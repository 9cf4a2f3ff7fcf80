#include "asked.hpp"

namespace spidergate::providers::bedrock {
namespace {

struct error_case {
  int status;
  std::string_view header, body;
  error_class kind;
  std::string_view type;
};

TEST(bedrock_error, each_exception_has_its_class) {
  const std::vector<error_case> cases{
      {429, "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
       R"({"message":"Too many tokens, please wait before trying again."})", error_class::rate_limited,
       "ThrottlingException"},
      {400, "ServiceQuotaExceededException", R"({"message":"quota"})", error_class::rate_limited,
       "ServiceQuotaExceededException"},
      {429, "ModelNotReadyException", R"({"message":"not ready"})", error_class::overloaded, "ModelNotReadyException"},
      {424, "ModelErrorException", R"({"originalStatusCode":500,"message":"x"})", error_class::failed,
       "ModelErrorException"},
      {408, "ModelTimeoutException", R"({"message":"x"})", error_class::failed, "ModelTimeoutException"},
      {400, "ValidationException", R"({"message":"Input is too long for requested model."})",
       error_class::context_length, "ValidationException"},
      {400, "ValidationException",
       R"({"message":"The model returned the following errors: prompt is too long: 2 > 1"})",
       error_class::context_length, "ValidationException"},
      {400, "ValidationException", R"({"message":"The provided model identifier is invalid."})",
       error_class::no_such_model, "ValidationException"},
      {400, "ValidationException", R"({"message":"messages must not be empty"})", error_class::request_fault,
       "ValidationException"},
      {403, "AccessDeniedException", R"({"message":"You don't have access to the model with the specified model ID."})",
       error_class::no_such_model, "AccessDeniedException"},
      {403, "AccessDeniedException", R"({"Message":"User is not authorized to perform: bedrock:InvokeModel"})",
       error_class::invalid_credentials, "AccessDeniedException"},
      {403, "", R"({"__type":"com.amazon.coral.service#ExpiredTokenException","message":"expired"})",
       error_class::invalid_credentials, "ExpiredTokenException"},
      {404, "ResourceNotFoundException", R"({"message":"x"})", error_class::no_such_model, "ResourceNotFoundException"},
      {503, "", "", error_class::overloaded, ""},
      {502, "", "<html>Bad gateway</html>", error_class::overloaded, ""}};
  for (const auto& one : cases) {
    const std::vector<std::pair<std::string_view, std::string_view>> fields{{"X-Amzn-ErrorType", one.header},
                                                                            {"Retry-After", "3"}};
    const auto error = find_dialect("bedrock")->decode_error(one.status, fields, one.body);
    EXPECT_EQ(static_cast<int>(error.kind), static_cast<int>(one.kind)) << one.body;
    EXPECT_EQ(error.type, one.type);
    EXPECT_EQ(error.status, one.status);
    EXPECT_FALSE(error.message.empty());
    EXPECT_EQ(error.retry_after, std::chrono::milliseconds(3000));
  }
}

}  // namespace
}  // namespace spidergate::providers::bedrock
