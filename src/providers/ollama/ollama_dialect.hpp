#pragma once
#include <spidergate/providers/dialect.hpp>

namespace spidergate::providers::ollama {

/// Ollama's own API (github.com/ollama/ollama/blob/main/docs/api.md): /api/chat and /api/embed. Its OpenAI-like API
/// under /v1 is served by the openai dialect; this one is for what only the native form has: thinking switched off or
/// graded, images and options without a detour. Stateless.
class ollama_dialect final : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "ollama"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override;
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(const answer_input& in,
                                                            std::string_view content_type) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;
};

}  // namespace spidergate::providers::ollama
