#pragma once
#include "../anthropic/anthropic_dialect.hpp"

namespace spidergate::providers::vertex_anthropic {

/// Claude on Google's Vertex AI: the Messages API behind Google's access tokens, where the path names the model and the
/// body the version. Answers, streams and errors are Anthropic's. Stateless.
class vertex_anthropic_dialect final : public anthropic::anthropic_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "vertex-anthropic"; }
  [[nodiscard]] boost::system::result<std::optional<token_request>, refusal> ask_token(
      const catalogue::provider& provider, const credential& secret, epoch_ms now) const override;
  [[nodiscard]] boost::system::result<access_token, provider_error> read_token(int status,
                                                                               std::string_view body) const override;
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
};

}  // namespace spidergate::providers::vertex_anthropic
