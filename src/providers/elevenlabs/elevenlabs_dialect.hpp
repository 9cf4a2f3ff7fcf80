#pragma once
#include "../openai/openai_dialect.hpp"

/// ElevenLabs (elevenlabs.io/docs/api-reference): text to speech, speech to text.
namespace spidergate::providers::elevenlabs {

/// Speech: POST /text-to-speech/{voice_id}/stream, its format in the query; the sound comes as it is made. Voices are
/// ElevenLabs' ids: OpenAI's names mean nothing there and are refused. Transcription: POST /speech-to-text, a form.
/// What else its API takes (seed, voice_settings, diarize, …) is sent as the client wrote it. Stateless.
class elevenlabs_dialect final : public openai::openai_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "elevenlabs"; }
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override {
    return kind == model::endpoint::speech || kind == model::endpoint::transcriptions;
  }
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;
};

}  // namespace spidergate::providers::elevenlabs
