#include "google/access_token.hpp"

#include <spidergate/core/base64.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

namespace spidergate::providers::google {
namespace {

using json = nlohmann::json;
constexpr epoch_ms now = 1'700'000'000'500;

struct release {
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(BIO* p) const noexcept { BIO_free(p); }
  void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
};

EVP_PKEY* test_key() {
  static const std::unique_ptr<EVP_PKEY, release> key(EVP_RSA_gen(2048));
  return key.get();
}

std::string test_pem() {
  const std::unique_ptr<BIO, release> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(out.get(), test_key(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

json service_account() {
  return {{"type", "service_account"},
          {"client_email", "robot@project.example"},
          {"private_key_id", "k1"},
          {"private_key", test_pem()},
          {"token_uri", "https://evil.example/token"}};
}

auto ask(const std::string& key, const std::string& setting = {}, std::string token_url = {}) {
  catalogue::provider provider;
  provider.id = "vertex";
  provider.token_url = std::move(token_url);
  const credential secret{secret_string(key), {{"service_account", secret_string(setting)}}};
  return ask_access_token(provider, secret, now);
}

std::string decoded(std::string_view text) {
  std::string out;
  EXPECT_TRUE(append_base64_decoded(out, text));
  return out;
}

TEST(google_access_token, asks_with_an_assertion_that_the_accounts_key_has_signed) {
  const auto asked = ask({}, service_account().dump());
  ASSERT_TRUE(asked.has_value()) << asked.error().message;
  ASSERT_TRUE(asked->has_value());
  const auto& request = **asked;
  EXPECT_EQ(request.url, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(request.content_type, "application/x-www-form-urlencoded");
  const std::string start = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  ASSERT_TRUE(request.body.starts_with(start)) << request.body;
  const std::string token = request.body.substr(start.size());
  const auto first = token.find('.'), last = token.rfind('.');
  EXPECT_EQ(json::parse(decoded(token.substr(0, first))), json({{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "k1"}}));
  EXPECT_EQ(json::parse(decoded(token.substr(first + 1, last - first - 1))),
            json({{"iss", "robot@project.example"},
                  {"scope", "https://www.googleapis.com/auth/cloud-platform"},
                  {"aud", "https://oauth2.googleapis.com/token"},
                  {"iat", 1'700'000'000},
                  {"exp", 1'700'003'600}}));
  const std::string signature = decoded(token.substr(last + 1)), signed_text = token.substr(0, last);
  const std::unique_ptr<EVP_MD_CTX, release> context(EVP_MD_CTX_new());
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, test_key());
  EXPECT_EQ(EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                             reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size()),
            1);
}

TEST(google_access_token, asks_the_providers_address_and_not_the_documents) {
  const auto asked = ask(service_account().dump(), {}, "https://tokens.example/t");
  EXPECT_EQ((**asked).url, "https://tokens.example/t");
}

TEST(google_access_token, asks_for_a_user_with_the_refresh_token) {
  const json user{{"type", "authorized_user"}, {"client_id", "c"}, {"client_secret", "s&"}, {"refresh_token", "1//r"}};
  EXPECT_EQ((**ask({}, user.dump())).body,
            "grant_type=refresh_token&client_id=c&client_secret=s%26&refresh_token=1%2F%2Fr");
}

TEST(google_access_token, sends_an_access_token_as_it_is) {
  const auto asked = ask("ya29.token");
  ASSERT_TRUE(asked.has_value());
  EXPECT_FALSE(asked->has_value());
}

TEST(google_access_token, says_what_is_wrong_with_an_unusable_account_without_quoting_it) {
  auto no_email = service_account(), bad_key = service_account(), other = service_account();
  no_email.erase("client_email");
  bad_key["private_key"] = "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n";
  other["type"] = "external_account";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "there is none"},
      {"AIzaSECRET", "provider 'gemini'"},
      {"/home/me/SECRET key.json", "not the path"},
      {"{\"SECRET\":", "not valid JSON"},
      {no_email.dump(), "no 'client_email'"},
      {bad_key.dump(), "no RSA key in PEM"},
      {other.dump(), "'external_account', which is not supported"},
      {R"({"type":"authorized_user","client_id":"SECRET"})", "no 'client_secret'"}};
  for (const auto& [key, words] : cases) {
    const auto asked = ask(key);
    ASSERT_TRUE(asked.has_error()) << words;
    EXPECT_NE(asked.error().message.find(words), std::string::npos) << asked.error().message;
    EXPECT_EQ(asked.error().message.find("SECRET"), std::string::npos) << asked.error().message;
  }
}

TEST(google_access_token, reads_a_token_and_how_long_it_lasts) {
  const auto token = read_access_token(200, R"({"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"})");
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ(token->token.reveal(), "ya29.x");
  EXPECT_EQ(token->valid_for, std::chrono::seconds(3599));
}

TEST(google_access_token, blames_the_account_for_invalid_grants_and_google_for_its_own_faults) {
  const auto refused =
      read_access_token(400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})");
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().kind, error_class::invalid_credentials);
  EXPECT_EQ(refused.error().message, "Invalid JWT Signature.");
  EXPECT_EQ(refused.error().code, "invalid_grant");
  EXPECT_EQ(read_access_token(503, "<html>").error().kind, error_class::overloaded);
  EXPECT_EQ(read_access_token(429, R"({"error":"rate_limit_exceeded"})").error().kind, error_class::rate_limited);
  EXPECT_EQ(read_access_token(200, R"({"id_token":"x"})").error().kind, error_class::failed);
  EXPECT_EQ(read_access_token(200, "").error().kind, error_class::failed);
}

}  // namespace
}  // namespace spidergate::providers::google
