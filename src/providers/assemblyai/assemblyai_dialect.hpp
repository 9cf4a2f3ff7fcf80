#pragma once
#include "../openai/openai_dialect.hpp"

/// AssemblyAI (assemblyai.com/docs/api-reference): speech to text.
namespace spidergate::providers::assemblyai {

/// The sound is uploaded, a transcript of it ordered, and that asked for until it is done. The memo says which of the
/// three was answered: "upload BASE", "order 0 BASE", "poll N BASE". What else its API takes (speaker_labels, …) is
/// sent as the client wrote it. Its models that chat speak OpenAI's dialect elsewhere. Stateless.
class assemblyai_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "assemblyai"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override {
    return kind == model::endpoint::transcriptions;
  }
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
};

/// What is ordered of the uploaded sound.
[[nodiscard]] std::string order_of(const answer_input& in, std::string_view upload_url_raw);

}  // namespace spidergate::providers::assemblyai
