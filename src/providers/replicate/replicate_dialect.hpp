#pragma once
#include "../openai/openai_dialect.hpp"

/// Replicate (replicate.com/docs/reference/http): predictions.
namespace spidergate::providers::replicate {

/// POST /models/{owner}/{name}/predictions, or /predictions for a model with a version ("owner/name:version"), which
/// waits a while for the output; then it is asked for until it is there. Every model has inputs of its own:
/// model_inputs.hpp. Streams come from other hosts, where the key must not go, so an answer is made as a whole and
/// given to the client as events. Tools and response formats do not exist. Stateless.
class replicate_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "replicate"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override {
    return kind == model::endpoint::chat || kind == model::endpoint::images;
  }
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;
};

}  // namespace spidergate::providers::replicate
