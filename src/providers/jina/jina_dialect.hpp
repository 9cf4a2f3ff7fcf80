#pragma once
#include "../openai/openai_dialect.hpp"

namespace spidergate::providers::jina {

/// Jina AI (api.jina.ai/docs): OpenAI's embeddings, and the rerank whose form we give to all clients; names that differ
/// are data (renames and drops in config/catalogue/providers.csv). Stateless.
class jina_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "jina"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override {
    return kind == model::endpoint::embeddings || kind == model::endpoint::rerank;
  }
};

}  // namespace spidergate::providers::jina
