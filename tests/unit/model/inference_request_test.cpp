#include <spidergate/model/inference_request.hpp>

#include <gtest/gtest.h>

namespace spidergate::model {
namespace {

TEST(inference_request, endpoints_have_the_names_of_the_receipt) {
  EXPECT_EQ(endpoint_name(endpoint::chat), "chat");
  EXPECT_EQ(endpoint_name(endpoint::completions), "completions");
  EXPECT_EQ(endpoint_name(endpoint::embeddings), "embeddings");
  EXPECT_EQ(endpoint_name(endpoint::moderations), "moderations");
}

TEST(inference_request, find_gives_the_member_or_null) {
  inference_request request;
  request.members = {{"model", R"("model":"a")", R"("a")"}, {"n", R"("n":2)", "2"}};
  ASSERT_NE(request.find("n"), nullptr);
  EXPECT_EQ(request.find("n")->value, "2");
  EXPECT_EQ(request.find("N"), nullptr);
  EXPECT_EQ(request.find(""), nullptr);
}

TEST(inference_request, a_name_with_escapes_equals_no_known_one) {
  inference_request request;
  request.members = {{R"(mod\u0065l)", "", ""}};
  EXPECT_EQ(request.find("model"), nullptr);
}

}  // namespace
}  // namespace spidergate::model
