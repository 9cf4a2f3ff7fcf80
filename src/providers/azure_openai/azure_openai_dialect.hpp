#pragma once
#include "../openai/openai_dialect.hpp"

#include <string>
#include <string_view>

namespace spidergate::providers::azure_openai {

/// Azure's copy of OpenAI's service: the same bodies at other addresses. A model is a deployment, whose name its owner
/// chose. Settings of an integration: `deployment` (else the model's id), `api_version` ("v1", "preview", or a date;
/// else what the base URL's query says; else `default_api_version`). Two forms of address:
///  - {base}/openai/deployments/{deployment}/chat/completions?api-version=DATE
///  - {base}/openai/v1/chat/completions, where the body's `model` names the deployment: with api_version "v1" or
///    "preview", or a base URL that ends with "/v1".
/// A base URL may be the bare host, end with "/openai", or name the deployment itself. A key that is an Entra ID access
/// token (a JWT) goes into Authorization, any other one into the catalogue's header.
class azure_openai_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "azure-openai"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override;

  /// The last of the dated versions, which has all endpoints.
  static constexpr std::string_view default_api_version = "2025-04-01-preview";

 protected:
  [[nodiscard]] std::string target_of(const encode_input& in) const override;
  void append_own_headers(std::string& headers, const encode_input& in) const override;
  [[nodiscard]] std::string_view model_in_body(const encode_input& in) const override;
};

/// Whether a key is an access token of Entra ID in place of an API key.
[[nodiscard]] bool is_access_token(std::string_view key) noexcept;

/// The key as Azure wants it: an access token as bearer, else as the catalogue says.
void append_azure_credential(std::string& headers, const encode_input& in);

}  // namespace spidergate::providers::azure_openai
