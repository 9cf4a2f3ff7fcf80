#pragma once
#include "../openai/openai_dialect.hpp"

/// Deepgram (developers.deepgram.com/reference): speech to text, text to speech.
namespace spidergate::providers::deepgram {

/// Transcription: POST /listen, the sound as the body, everything else in the query. Speech: POST /speak; a Deepgram
/// voice is a model, so `voice` is added to the model "aura" or "aura-2", or is the whole name ("aura-2-thalia-en").
/// What else its API takes (diarize, keyterm, …) is sent as the client wrote it. Stateless.
class deepgram_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "deepgram"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override {
    return kind == model::endpoint::speech || kind == model::endpoint::transcriptions;
  }
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;
};

}  // namespace spidergate::providers::deepgram
