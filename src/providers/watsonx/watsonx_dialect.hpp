#pragma once
#include "../openai/openai_dialect.hpp"

namespace spidergate::providers::watsonx {

/// IBM watsonx.ai (cloud.ibm.com/apidocs/watsonx-ai): /ml/v1/text/chat and chat_stream answer in OpenAI's shape, and
/// are asked nearly so: `model_id`, a project or a space from the credential's settings, another way to say
/// tool_choice. /ml/v1/text/embeddings and /ml/v1/text/rerank have shapes of their own. An API key is exchanged for an
/// access token at IBM's IAM; on-premise installations take it as it is (auth `scheme:ZenApiKey` in the config file).
/// Stateless.
class watsonx_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "watsonx"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override;
  [[nodiscard]] boost::system::result<std::optional<token_request>, refusal> ask_token(
      const catalogue::provider& provider, const credential& secret, epoch_ms now) const override;
  [[nodiscard]] boost::system::result<access_token, provider_error> read_token(int status,
                                                                               std::string_view body) const override;
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;

 protected:
  [[nodiscard]] bool may_lack_members() const noexcept override { return true; }
};

}  // namespace spidergate::providers::watsonx
