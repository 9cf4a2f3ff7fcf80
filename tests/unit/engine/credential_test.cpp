#include "credential.hpp"

#include <gtest/gtest.h>

namespace spidergate::engine {
namespace {

catalogue::provider provider_at(std::string base_url) {
  catalogue::provider p;
  p.id = "acme";
  p.base_url = std::move(base_url);
  return p;
}

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

TEST(destination_of, fills_settings_into_the_base_url) {
  auto p = provider_at("https://api.example.com/accounts/{account_id}/v1");
  const auto secret = *read_credential(R"({"api_key":"k","account_id":"a1"})");
  const auto to = destination_of(p, {}, secret, false);
  ASSERT_TRUE(to);
  EXPECT_EQ(to->base_path, "/accounts/a1/v1");
  EXPECT_EQ(to->where.host, "api.example.com");
  EXPECT_FALSE(destination_of(p, {}, *read_credential(R"({"api_key":"k"})"), false))
      << "a missing setting must not be sent as a brace";
}

TEST(destination_of, refuses_an_origin_that_the_credential_is_not_bound_to) {
  auto p = provider_at("https://api.example.com/v1");
  vault::lease key;
  key.origin = "https://api.example.com";
  EXPECT_TRUE(destination_of(p, key, {}, false));
  p.base_url = "https://evil.example.com/v1";
  EXPECT_FALSE(destination_of(p, key, {}, false));
  p.base_url = "http://api.example.com/v1";
  EXPECT_FALSE(destination_of(p, key, {}, false));
}

TEST(destination_of, holds_only_urls_from_the_api_to_public_addresses) {
  auto p = provider_at("http://127.0.0.1:9/v1");
  EXPECT_TRUE(destination_of(p, {}, {}, false)->where.allow_private);
  vault::lease key;
  key.base_url = "https://internal.example.com/v1";
  EXPECT_FALSE(destination_of(p, key, {}, false)->where.allow_private);
  EXPECT_TRUE(destination_of(p, key, {}, true)->where.allow_private);
  p = provider_at("https://{workspace_host}/v1");
  EXPECT_FALSE(destination_of(p, {}, *read_credential(R"({"workspace_host":"10.0.0.1"})"), false)->where.allow_private)
      << "the host is the account's word";
}

}  // namespace
}  // namespace spidergate::engine
