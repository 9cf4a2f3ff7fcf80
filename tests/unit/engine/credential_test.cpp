#include "credential.hpp"

#include <gtest/gtest.h>

namespace spidergate::engine {
namespace {

TEST(read_credential, tells_the_key_from_the_settings) {
  const auto secret = read_credential(R"({"account_id":"a1","api_key":"sk-\"x\\y\u001f"})");
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->key.reveal(), "sk-\"x\\y\x1f");
  ASSERT_EQ(secret->settings.size(), 1U);
  EXPECT_EQ(secret->setting("account_id"), "a1");
  EXPECT_EQ(secret->setting("region"), "");
}

TEST(read_credential, takes_nothing_for_a_provider_without_key) {
  ASSERT_TRUE(read_credential(""));
  EXPECT_TRUE(read_credential("")->key.empty());
  EXPECT_TRUE(read_credential("{}"));
}

TEST(read_credential, refuses_what_is_not_a_flat_object_of_strings) {
  for (const auto* bad : {"[]", "{", R"({"a"})", R"({"a":1})", R"({"a":{}})", R"({"a":"b"}x)", R"({"a":"b",})",
                          R"({"a":"\q"})", R"({"a":"\u12)"}) {
    EXPECT_FALSE(read_credential(bad)) << bad;
  }
}

TEST(read_credential, reads_what_is_escaped_and_what_is_not_side_by_side) {
  const auto secret = read_credential(R"({ "a\"b" : "c\\d" , "api_key" : "plain" , "e" : "" })");
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->key.reveal(), "plain");
  EXPECT_EQ(secret->setting("a\"b"), "c\\d");
  ASSERT_EQ(secret->settings.size(), 2U);
  EXPECT_TRUE(secret->settings.back().second.empty());
}

}  // namespace
}  // namespace spidergate::engine
