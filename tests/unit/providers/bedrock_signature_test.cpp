// The signatures are those of AWS's published test suite (aws-sig-v4-test-suite), and one that botocore makes of a
// request in our shape.
#include "bedrock/sigv4.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace spidergate::providers::bedrock {
namespace {

constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view empty_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view date = "20150830T123600Z";

struct vector_case {
  std::string_view name, method, target;
  std::vector<std::pair<std::string_view, std::string_view>> more;
  std::string_view signature;
};

TEST(sigv4, matches_the_published_vectors) {
  const std::vector<vector_case> cases{
      {"get-vanilla", "GET", "/", {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"post-vanilla", "POST", "/", {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "/?Param2=value2&Param1=value1",
       {},
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-header-value-trim",
       "GET",
       "/",
       {{"my-header1", " value1"}, {"my-header2", " \"a   b   c\""}},
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"}};
  for (const auto& one : cases) {
    auto headers = one.more;
    headers.emplace_back("host", "example.amazonaws.com");
    headers.emplace_back("x-amz-date", date);
    const auto value = sigv4_authorization(
        {.access_key_id = "AKIDEXAMPLE", .secret_access_key = secret, .region = "us-east-1", .service = "service"},
        date, {.method = one.method, .target = one.target, .headers = headers, .payload_hash = empty_hash});
    EXPECT_TRUE(value.ends_with(one.signature)) << one.name << ": " << value;
    EXPECT_TRUE(value.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "));
  }
}

TEST(sigv4, encodes_the_path_twice_and_signs_the_session_token) {
  constexpr std::string_view hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  const std::vector<std::pair<std::string_view, std::string_view>> headers{
      {"host", "bedrock-runtime.eu-west-1.amazonaws.com"},
      {"x-amz-security-token", "session/token+1=="},
      {"content-type", "application/json"},
      {"x-amz-date", date},
      {"x-amz-content-sha256", hash}};
  const auto value = sigv4_authorization(
      {.access_key_id = "AKIDEXAMPLE", .secret_access_key = secret, .region = "eu-west-1", .service = "bedrock"}, date,
      {.method = "POST",
       .target =
           "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2F1arbu5/converse",
       .headers = headers,
       .payload_hash = hash});
  EXPECT_EQ(value,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/bedrock/aws4_request, SignedHeaders="
            "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature="
            "af2886c147ebbcc5a58f603930b6948fd82f8928e6d8b6b8d2038ead851c7147");
}

TEST(sigv4, writes_the_date_as_aws_has_it) {
  EXPECT_EQ(amz_date(1'440'938'160'000), date);
}

}  // namespace
}  // namespace spidergate::providers::bedrock
