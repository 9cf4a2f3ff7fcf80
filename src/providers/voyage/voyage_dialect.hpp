#pragma once
#include "../openai/openai_dialect.hpp"

namespace spidergate::providers::voyage {

/// Voyage AI (docs.voyageai.com/reference): OpenAI's embeddings with `output_dimension`, and a rerank with `top_k`;
/// names that differ are data (renames and drops in config/catalogue/providers.csv). Stateless.
class voyage_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "voyage"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override {
    return kind == model::endpoint::embeddings || kind == model::endpoint::rerank;
  }
};

}  // namespace spidergate::providers::voyage
