#include <spidergate/vault/credentials.hpp>

#include <gtest/gtest.h>

namespace spidergate::vault {
namespace {

using catalogue::auth_style;

catalogue::provider provider_of(auth_style auth, std::string base_url = "https://api.example.com/v1",
                                std::string dialect = "openai") {
  catalogue::provider made;
  made.id = "example";
  made.dialect = std::move(dialect);
  made.base_url = std::move(base_url);
  made.auth = auth;
  return made;
}

std::vector<credential_field> fields(std::initializer_list<std::pair<const char*, std::string>> given) {
  std::vector<credential_field> made;
  for (const auto& [name, value] : given) made.push_back({name, secret_string(value)});
  return made;
}

/// The field at fault, or "" when all is well.
std::string fault_of(const catalogue::provider& provider, std::vector<credential_field> given,
                     std::string base_url = "") {
  const auto said = prepare_credentials(provider, base_url, given);
  return said ? "" : said.error().field;
}

TEST(credentials, one_key_is_enough_for_most) {
  for (const auto auth : {auth_style::bearer, auth_style::header, auth_style::query, auth_style::scheme}) {
    EXPECT_EQ(fault_of(provider_of(auth), fields({{"api_key", "sk-1234"}})), "");
    EXPECT_EQ(fault_of(provider_of(auth), {}), "credentials.api_key");
  }
  EXPECT_EQ(fault_of(provider_of(auth_style::none), {}), "");
  EXPECT_EQ(fault_of(provider_of(auth_style::none), fields({{"api_key", "k"}})), "");
}

TEST(credentials, settings_of_the_address_are_needed) {
  const auto cloudflare =
      provider_of(auth_style::bearer, "https://api.cloudflare.com/accounts/{account_id}/{gateway_id}/x");
  EXPECT_EQ(settings_of(cloudflare.base_url), (std::vector<std::string>{"account_id", "gateway_id"}));
  EXPECT_EQ(settings_of("https://{region}-x/{region}"), std::vector<std::string>{"region"});
  EXPECT_EQ(fault_of(cloudflare, fields({{"api_key", "k"}, {"account_id", "a1"}})), "credentials.gateway_id");
  EXPECT_EQ(fault_of(cloudflare, fields({{"api_key", "k"}, {"account_id", "a1"}, {"gateway_id", "g"}})), "");
  EXPECT_EQ(fault_of(cloudflare, fields({{"api_key", "k"}}), "https://own.example/v1"), "")
      << "its own address has none";
}

TEST(credentials, settings_cannot_leave_their_place_in_the_address) {
  const auto host = provider_of(auth_style::bearer, "https://{workspace_host}/serving");
  for (const auto* bad : {"evil.com/", "a@b", "host:443", "a b", "..", ".a", "-a", "a?b", "a#b", "a%2fb", ""}) {
    EXPECT_EQ(fault_of(host, fields({{"api_key", "k"}, {"workspace_host", bad}})), "credentials.workspace_host") << bad;
  }
  EXPECT_EQ(fault_of(host, fields({{"api_key", "k"}, {"workspace_host", "adb-1.azuredatabricks.net"}})), "");
}

TEST(credentials, address_of_its_own_holds_settings_only) {
  const auto plain = provider_of(auth_style::bearer);
  for (const auto* bad : {"https://x/{api_key}", "https://x/{}", "https://x/{a{b}}", "https://x/{A B}"}) {
    EXPECT_EQ(fault_of(plain, fields({{"api_key", "{api_key}"}}), bad), "base_url") << bad;
  }
}

TEST(credentials, signing_providers_take_their_keys) {
  const auto bedrock = provider_of(auth_style::sigv4, "https://bedrock-runtime.{region}.amazonaws.com", "bedrock");
  EXPECT_EQ(fault_of(bedrock, fields({{"access_key_id", "AKIA1"}, {"region", "eu-west-1"}})),
            "credentials.secret_access_key");
  EXPECT_EQ(
      fault_of(bedrock, fields({{"access_key_id", "AKIA1"}, {"secret_access_key", "a/b+c="}, {"region", "eu-west-1"}})),
      "");
  EXPECT_EQ(fault_of(bedrock, fields({{"api_key", "ABSK1"}, {"region", "eu-west-1"}})), "");
  EXPECT_EQ(fault_of(bedrock, fields({{"api_key", "ABSK1"}})), "credentials.region");

  const auto vertex = provider_of(auth_style::oauth2, "https://{region}-aiplatform.googleapis.com/{project}", "vertex");
  const auto good = fields({{"service_account", " {\"private_key\":\"x\\ny\"}\n"}, {"region", "r"}, {"project", "p"}});
  EXPECT_EQ(fault_of(vertex, good), "");
  EXPECT_EQ(fault_of(vertex, fields({{"service_account", "path.json"}, {"region", "r"}, {"project", "p"}})),
            "credentials.service_account");
  EXPECT_EQ(fault_of(provider_of(auth_style::oci_signature),
                     fields({{"tenancy_id", "t"}, {"user_id", "u"}, {"key_fingerprint", "f"}})),
            "credentials.private_key");
  EXPECT_EQ(fault_of(provider_of(auth_style::oauth2, "https://x/y", "watsonx"), {}), "credentials.api_key");
}

TEST(credentials, keys_that_could_break_a_header_are_refused) {
  const auto plain = provider_of(auth_style::bearer);
  for (const auto* bad : {"a\r\nX-Evil: 1", "a b", "clé", "a\x7f", " "}) {
    EXPECT_EQ(fault_of(plain, fields({{"api_key", bad}})), "credentials.api_key") << bad;
  }
  EXPECT_EQ(fault_of(plain, fields({{"api_key", std::string(16'385, 'k')}})), "credentials.api_key");
}

TEST(credentials, unknown_and_repeated_fields_are_named) {
  const auto plain = provider_of(auth_style::bearer);
  EXPECT_EQ(fault_of(plain, fields({{"api_key", "k"}, {"apikey", "k"}})), "credentials.apikey");
  EXPECT_EQ(fault_of(plain, fields({{"api_key", "k"}, {"api_key", "j"}})), "credentials.api_key");
  const auto said = prepare_credentials(plain, "", fields({{"api_key", "sk-very-secret key"}}));
  EXPECT_EQ(said.error().message.find("secret key"), std::string::npos) << "no value in a message";
}

TEST(credentials, canonical_form_is_flat_ordered_and_without_blanks_around) {
  const auto cloud = provider_of(auth_style::bearer, "https://x/{account_id}");
  const auto one =
      prepare_credentials(cloud, "", fields({{"api_key", " sk-or-0123456789abcdef\n"}, {"account_id", "a1"}}));
  const auto two =
      prepare_credentials(cloud, "", fields({{"account_id", "a1"}, {"api_key", "sk-or-0123456789abcdef"}}));
  EXPECT_EQ(one->json.reveal(), R"({"account_id":"a1","api_key":"sk-or-0123456789abcdef"})");
  EXPECT_EQ(one->json.reveal(), two->json.reveal());
  EXPECT_EQ(one->masked_key, "sk-or-***cdef");
  EXPECT_EQ(fingerprint_of("salt", one->json), fingerprint_of("salt", two->json));
  EXPECT_NE(fingerprint_of("salt", one->json), fingerprint_of("other", one->json));
  EXPECT_EQ(fingerprint_of("salt", one->json).size(), 64U);
}

TEST(credentials, secrets_are_taken_out_of_messages) {
  const secret_string json(R"({"account_id":"account-123","api_key":"sk-12345678","private_key":"short"})");
  EXPECT_EQ(without_secrets("bad sk-12345678, really sk-12345678", json), "bad ***, really ***");
  EXPECT_EQ(without_secrets("account-123 is short of money", json), "account-123 is short of money");
  EXPECT_EQ(without_secrets("x", secret_string("")), "x");
  EXPECT_EQ(without_secrets("x", secret_string("{\"api_key\":\"\\")), "x");
}

}  // namespace
}  // namespace spidergate::vault
