// Where Azure's two dialects send what, and with which credential.
#include "asked.hpp"

#include <gtest/gtest.h>

namespace spidergate::providers {
namespace {

using settings = std::vector<std::pair<std::string, secret_string>>;
using model::endpoint;

wire_request encode(const asked& q, std::string_view dialect, std::string_view base, settings more = {},
                    std::string_view key = "k") {
  catalogue::provider provider;
  provider.id = std::string(dialect);
  provider.auth = catalogue::auth_style::header;
  provider.auth_name = "api-key";
  const credential secret{secret_string(key), std::move(more)};
  auto wire = find_dialect(dialect)->encode({q.request, provider, base, "gpt-4o", secret, {}});
  EXPECT_TRUE(wire.has_value());
  return wire ? std::move(*wire) : wire_request{};
}

TEST(azure_openai, addresses_a_deployment_in_every_form_of_base_and_version) {
  const asked q(chat_body());
  const std::string dated = "?api-version=2025-04-01-preview";
  struct {
    const char* base;
    settings with;
    std::string target;
  } const cases[]{
      {"/openai", {}, "/openai/deployments/gpt-4o/chat/completions" + dated},
      {"", {}, "/openai/deployments/gpt-4o/chat/completions" + dated},
      {"/openai/", {}, "/openai/deployments/gpt-4o/chat/completions" + dated},
      {"/openai", {{"deployment", secret_string("my/own")}}, "/openai/deployments/my%2Fown/chat/completions" + dated},
      {"/openai",
       {{"api_version", secret_string("2024-10-21")}},
       "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"},
      {"/openai?api-version=2024-06-01", {}, "/openai/deployments/gpt-4o/chat/completions?api-version=2024-06-01"},
      {"/openai?api-version=2024-06-01&x=1",
       {{"api_version", secret_string("2024-10-21")}},
       "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21&x=1"},
      {"/openai/deployments/d", {}, "/openai/deployments/d/chat/completions" + dated},
      {"/openai/v1", {}, "/openai/v1/chat/completions"},
      {"/openai", {{"api_version", secret_string("v1")}}, "/openai/v1/chat/completions"},
      {"/openai", {{"api_version", secret_string("preview")}}, "/openai/v1/chat/completions?api-version=preview"},
  };
  for (const auto& c : cases) EXPECT_EQ(encode(q, "azure-openai", c.base, c.with).target, c.target) << c.base;
}

TEST(azure_openai, names_the_deployment_in_the_body) {
  const asked q(chat_body());
  EXPECT_EQ(joined(encode(q, "azure-openai", "/openai/v1", {{"deployment", secret_string("mine")}}).body),
            R"({"model":"mine","messages":[{"role":"user","content":"hi"}]})");
}

TEST(azure_openai, sends_an_access_token_as_bearer_and_a_key_in_its_header) {
  const asked q(chat_body());
  EXPECT_EQ(encode(q, "azure-openai", "", {}, "k1").headers, "accept: application/json\r\napi-key: k1\r\n");
  EXPECT_EQ(encode(q, "azure-openai", "", {}, "eyJ0.eyJh.c2ln").headers,
            "accept: application/json\r\nauthorization: Bearer eyJ0.eyJh.c2ln\r\n");
}

TEST(azure_openai, serves_what_openai_does_but_for_moderations) {
  const auto& dialect = *find_dialect("azure-openai");
  EXPECT_TRUE(dialect.serves(endpoint::images) && dialect.serves(endpoint::speech));
  EXPECT_FALSE(dialect.serves(endpoint::moderations) || dialect.serves(endpoint::rerank));
  const asked image(R"({"model":"m","prompt":"a"})", endpoint::images);
  EXPECT_EQ(encode(image, "azure-openai", "/openai").target,
            "/openai/deployments/gpt-4o/images/generations?api-version=2025-04-01-preview");
}

TEST(azure_ai, has_one_address_for_all_models_and_passes_what_azure_does_not_know) {
  const asked q(chat_body());
  const auto wire = encode(q, "azure-ai", "/models");
  EXPECT_EQ(wire.target, "/models/chat/completions?api-version=2024-05-01-preview");
  EXPECT_EQ(wire.headers, "accept: application/json\r\napi-key: k\r\nextra-parameters: pass-through\r\n");
  EXPECT_EQ(encode(q, "azure-ai", "/models?api-version=2025-01-01").target,
            "/models/chat/completions?api-version=2025-01-01");
  EXPECT_EQ(encode(q, "azure-ai", "/models", {{"api_version", secret_string("x y")}}).target,
            "/models/chat/completions?api-version=x%20y");
  const asked ranks(R"({"model":"m","query":"q","documents":["a"]})", endpoint::rerank);
  EXPECT_EQ(encode(ranks, "azure-ai", "/models").target, "/providers/cohere/v2/rerank");
  const asked vectors(R"({"model":"m","input":"a"})", endpoint::embeddings);
  EXPECT_EQ(encode(vectors, "azure-ai", "/models").target, "/models/embeddings?api-version=2024-05-01-preview");
  EXPECT_EQ(encode(asked(R"({"model":"m","prompt":"a"})", endpoint::images), "azure-ai", "/models").target,
            "/openai/deployments/gpt-4o/images/generations?api-version=2025-04-01-preview");
}

}  // namespace
}  // namespace spidergate::providers
