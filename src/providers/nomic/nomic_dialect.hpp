#pragma once
#include "../openai/openai_dialect.hpp"

namespace spidergate::providers::nomic {

/// Nomic Atlas (docs.nomic.ai/reference/api/embed-text-v-1-embedding-text-post): POST /embedding/text with `texts`, and
/// `task_type` ("search_document" where the client does not say), which OpenAI's form lacks and clients may add.
/// Stateless.
class nomic_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "nomic"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override {
    return kind == model::endpoint::embeddings;
  }
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
};

}  // namespace spidergate::providers::nomic
