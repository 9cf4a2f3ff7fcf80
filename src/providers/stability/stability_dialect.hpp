#pragma once
#include "../openai/openai_dialect.hpp"

/// Stability AI (platform.stability.ai/docs/api-reference, v2beta): images out of text.
namespace spidergate::providers::stability {

/// POST /v2beta/stable-image/generate/{core,ultra,sd3}, a form; the image comes as base64 in JSON, one at a time. The
/// size is the nearest `aspect_ratio`. The models that edit images (erase, outpaint, …) are not of this endpoint and
/// refused. What else it takes (seed, negative_prompt, style_preset) is sent as the client wrote it. Stateless.
class stability_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "stability"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override { return kind == model::endpoint::images; }
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;
};

}  // namespace spidergate::providers::stability
