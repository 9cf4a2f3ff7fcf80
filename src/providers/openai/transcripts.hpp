#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/model/usage.hpp>
#include <spidergate/providers/dialect.hpp>

#include <optional>
#include <string_view>

/// Sound that becomes text: transcriptions and translations.
namespace spidergate::providers::openai {

/// Whether this provider takes the sound as base64 in a JSON body (the trait `transcription=json`: OpenRouter).
[[nodiscard]] bool takes_sound_as_json(const encode_input& in) noexcept;

/// {"model","input_audio":{"data","format"},"language","temperature"} out of the client's form. Its answer is JSON, so
/// subtitles and timestamps are refused. Nothing when it is done.
[[nodiscard]] std::optional<refusal> write_sound_as_json(const encode_input& in, std::string_view model,
                                                         wire_request& wire);

/// What a transcript says of its cost: tokens, or the length of the sound; nothing when it does not say.
[[nodiscard]] std::optional<model::usage> transcript_usage(json::value root);

/// The answer to a question for a transcript: JSON as it came, or the bare text that the client asked for.
[[nodiscard]] boost::system::result<client_answer, provider_error> read_transcript(const answer_input& in,
                                                                                   std::string_view content_type,
                                                                                   std::string_view body);

}  // namespace spidergate::providers::openai
