#pragma once
#include "../openai/openai_dialect.hpp"

/// fal (docs.fal.ai/model-apis, fal.ai/models): images.
namespace spidergate::providers::fal {

/// POST https://fal.run/{model}, which answers when the images are made: links to them, or their data with `sync_mode`.
/// The size is `image_size`, or with models that know shapes alone the nearest `aspect_ratio`. What else a model takes
/// (seed, negative_prompt, guidance_scale, …) is sent as the client wrote it. Stateless.
class fal_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "fal"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override { return kind == model::endpoint::images; }
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;
};

}  // namespace spidergate::providers::fal
