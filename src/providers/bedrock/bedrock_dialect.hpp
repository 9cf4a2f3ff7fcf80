#pragma once
#include <spidergate/providers/dialect.hpp>

namespace spidergate::providers::bedrock {

/// Amazon Bedrock's runtime: chat through the Converse API, whole and as an event stream; embeddings, images and
/// reranking through InvokeModel in the bodies of the models that document them. Requests are signed (Signature Version
/// 4), or carry a Bedrock API key as bearer token. Stateless.
class bedrock_dialect final : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "bedrock"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override;
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(const answer_input& in,
                                                            std::string_view content_type) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;
};

}  // namespace spidergate::providers::bedrock
