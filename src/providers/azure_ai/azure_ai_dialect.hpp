#pragma once
#include "../openai/openai_dialect.hpp"

#include <string>
#include <string_view>

namespace spidergate::providers::azure_ai {

/// Azure AI Foundry's model inference: OpenAI's bodies for many vendors' models, at
/// {base}/chat/completions?api-version=DATE, {base}/embeddings. Beside {base}, which ends with "/models", stand
/// Cohere's own rerank, and images at a deployment's address as on Azure OpenAI. Settings: `api_version` (of chat and
/// embeddings). A key that is an Entra ID access token goes into Authorization.
class azure_ai_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "azure-ai"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override;

  static constexpr std::string_view default_api_version = "2024-05-01-preview";

 protected:
  [[nodiscard]] std::string target_of(const encode_input& in) const override;
  void append_own_headers(std::string& headers, const encode_input& in) const override;
};

}  // namespace spidergate::providers::azure_ai
