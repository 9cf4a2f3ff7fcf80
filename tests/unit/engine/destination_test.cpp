#include "destination.hpp"

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

std::shared_ptr<const destination> find(const catalogue::provider& provider, const vault::lease& key,
                                        const providers::credential& secret, bool allow_private_base_urls,
                                        std::string_view dialect = {}) {
  destinations places;
  auto first = places.find(provider, key, secret, allow_private_base_urls, dialect);
  EXPECT_EQ(places.find(provider, key, secret, allow_private_base_urls, dialect), first) << "found again";
  return first;
}

TEST(destination, fills_settings_into_the_base_url) {
  auto p = provider_at("https://api.example.com/accounts/{account_id}/v1");
  const auto secret = *read_credential(R"({"api_key":"k","account_id":"a1"})");
  const auto to = find(p, {}, secret, false);
  ASSERT_TRUE(to);
  EXPECT_EQ(to->base_path, "/accounts/a1/v1");
  EXPECT_EQ(to->where.host, "api.example.com");
  EXPECT_FALSE(find(p, {}, *read_credential(R"({"api_key":"k"})"), false))
      << "a missing setting must not be sent as a brace";
}

TEST(destination, refuses_an_origin_that_the_credential_is_not_bound_to) {
  auto p = provider_at("https://api.example.com/v1");
  vault::lease key;
  key.origin = "https://api.example.com";
  EXPECT_TRUE(find(p, key, {}, false));
  p.base_url = "https://evil.example.com/v1";
  EXPECT_FALSE(find(p, key, {}, false));
  p.base_url = "http://api.example.com/v1";
  EXPECT_FALSE(find(p, key, {}, false));
}

TEST(destination, calls_googles_global_location_at_the_host_without_a_region) {
  auto p = provider_at("https://{region}-aiplatform.googleapis.com/v1/projects/{project}/locations/{region}");
  vault::lease key;
  key.origin = "https://aiplatform.googleapis.com";
  const auto global = find(p, key, *read_credential(R"({"region":"global","project":"p"})"), false);
  ASSERT_TRUE(global);
  EXPECT_EQ(global->where.host, "aiplatform.googleapis.com");
  EXPECT_EQ(global->base_path, "/v1/projects/p/locations/global");
  key.origin = "https://us-east5-aiplatform.googleapis.com";
  const auto other = find(p, key, *read_credential(R"({"region":"us-east5","project":"p"})"), false);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->where.host, "us-east5-aiplatform.googleapis.com");
}

catalogue::provider provider_with_variant() {
  auto p = provider_at("https://{resource}.openai.example.com/openai");
  p.dialect = "azure-openai";
  auto variant = p;
  variant.dialect = "anthropic";
  variant.base_url = "https://{resource}.services.example.com/anthropic/v1";
  variant.auth = catalogue::auth_style::header;
  variant.auth_name = "x-api-key";
  p.variants.push_back(variant);
  return p;
}

TEST(destination, sends_a_key_to_the_variants_of_the_provider_that_it_is_bound_to) {
  const auto p = provider_with_variant();
  const auto secret = *read_credential(R"({"api_key":"k","resource":"mine"})");
  vault::lease key;
  key.origin = "https://mine.openai.example.com";
  const auto own = find(p, key, secret, false), other = find(p, key, secret, false, "anthropic");
  ASSERT_TRUE(own && other);
  EXPECT_EQ(own->where.to_string(), "https://mine.openai.example.com");
  EXPECT_EQ(other->where.to_string(), "https://mine.services.example.com");
  EXPECT_EQ(other->base_path, "/anthropic/v1");

  EXPECT_EQ(find(p, key, secret, false, "gemini")->base_path, "/openai") << "a dialect without own address";
  key.origin = "https://mine.services.example.com";
  EXPECT_FALSE(find(p, key, secret, false, "anthropic")) << "bound to another place than the provider's own";
  key.origin = "https://other.openai.example.com";
  EXPECT_FALSE(find(p, key, secret, false, "anthropic"));
}

TEST(destination, keeps_a_key_with_its_own_base_url_there_in_every_dialect) {
  vault::lease key;
  key.base_url = "https://proxy.example.com/v1";
  key.origin = "https://proxy.example.com";
  const auto secret = *read_credential(R"({"api_key":"k","resource":"mine"})");
  const auto to = find(provider_with_variant(), key, secret, false, "anthropic");
  ASSERT_TRUE(to);
  EXPECT_EQ(to->where.to_string(), key.origin);
}

TEST(destination, has_no_place_for_a_variant_that_sends_a_key_which_the_credential_lacks) {
  const auto signing = *read_credential(R"({"access_key_id":"a","secret_access_key":"s","resource":"mine"})");
  EXPECT_TRUE(find(provider_with_variant(), {}, signing, false));
  EXPECT_FALSE(find(provider_with_variant(), {}, signing, false, "anthropic"));
}

TEST(destination, holds_only_urls_from_the_api_to_public_addresses) {
  auto p = provider_at("http://127.0.0.1:9/v1");
  EXPECT_TRUE(find(p, {}, {}, false)->where.allow_private);
  vault::lease key;
  key.base_url = "https://internal.example.com/v1";
  EXPECT_FALSE(find(p, key, {}, false)->where.allow_private);
  EXPECT_TRUE(find(p, key, {}, true)->where.allow_private);
  p = provider_at("https://{workspace_host}/v1");
  EXPECT_FALSE(find(p, {}, *read_credential(R"({"workspace_host":"10.0.0.1"})"), false)->where.allow_private)
      << "the host is the account's word";
}

TEST(destination, of_a_known_url_is_still_held_to_what_this_key_may_do) {
  destinations places;
  const auto p = provider_at("https://api.example.com/v1");
  vault::lease key;
  key.base_url = "https://internal.example.com/v1";
  key.origin = "https://internal.example.com";
  EXPECT_TRUE(places.find(p, key, {}, true)->where.allow_private);
  EXPECT_FALSE(places.find(p, key, {}, false)->where.allow_private) << "the setting has changed";
  key.origin = "https://elsewhere.example.com";
  EXPECT_FALSE(places.find(p, key, {}, false)) << "another key with the same URL";
  const auto moved = provider_at("https://new.example.com/v1");
  key = {};
  EXPECT_EQ(places.find(moved, key, {}, false)->where.host, "new.example.com") << "the catalogue has changed";
}

TEST(destination, of_many_urls_forgets) {
  destinations places;
  const auto first = places.find(provider_at("https://first.example.com"), {}, {}, false);
  for (std::size_t i = 0; i < 3 * destinations::capacity; ++i) {
    const auto to = places.find(provider_at("https://h" + std::to_string(i) + ".example.com/v1"), {}, {}, false);
    ASSERT_EQ(to->where.host, "h" + std::to_string(i) + ".example.com");
    ASSERT_LE(places.size(), destinations::capacity);
  }
  EXPECT_EQ(first->authority, "first.example.com") << "who uses one keeps it";
}

}  // namespace
}  // namespace spidergate::engine
