#include "../chat/chat_request.hpp"
#include "../media/form_writer.hpp"
#include "../media/speech_wish.hpp"
#include "../media/transcript.hpp"
#include "../wire_headers.hpp"
#include "elevenlabs_dialect.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::providers::elevenlabs {

namespace {

using encoded = boost::system::result<wire_request, refusal>;

// elevenlabs.io/docs/api-reference/text-to-speech/stream, output_format. OpenAI's pcm is 24 kHz, 16 bits, mono as well.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> formats{
    {{"mp3", "mp3_44100_128"}, {"opus", "opus_48000_128"}, {"pcm", "pcm_24000"}}};
constexpr double slowest = 0.7, fastest = 1.2;

// Its own, under its own names.
constexpr std::array<std::string_view, 8> own_speech_members{
    "language_code",  "seed",           "previous_text",           "next_text", "pronunciation_dictionary_locators",
    "voice_settings", "use_pvc_as_ivc", "apply_text_normalization"};
constexpr std::array<std::string_view, 12> carried_speech{
    "input",          "voice",          "response_format",
    "speed",          "language_code",  "seed",
    "previous_text",  "next_text",      "pronunciation_dictionary_locators",
    "voice_settings", "use_pvc_as_ivc", "apply_text_normalization"};
constexpr std::array<std::string_view, 6> own_transcript_parts{"diarize",     "num_speakers", "tag_audio_events",
                                                               "file_format", "seed",         "diarization_threshold"};
constexpr std::array<std::string_view, 8> carried_parts{"diarize",     "num_speakers", "tag_audio_events",
                                                        "file_format", "seed",         "diarization_threshold",
                                                        "language",    "temperature"};

encoded finished(const encode_input& in, wire_request wire, std::string_view accepted) {
  append_query_credential(wire.target, in.provider, in.secret);
  wire.headers.reserve(256);
  append_header(wire.headers, "accept", "", accepted);
  append_credential(wire.headers, in.provider, in.secret);
  append_forwarded(wire.headers, in);
  return wire;
}

encoded speech(const encode_input& in) {
  const auto wish = media::read_speech_wish(in);
  if (!wish) return wish.error();
  if (wish->voice.empty() || media::is_openai_voice(wish->voice) || wish->voice.find('/') != std::string::npos) {
    return refusal{"voice", "ElevenLabs has no voice '" + wish->voice.substr(0, 64) +
                                "': its voices are ids, which GET /v1/voices of its API lists."};
  }
  const auto* format =
      std::find_if(formats.begin(), formats.end(), [&wish](const auto& f) { return f.first == wish->format; });
  if (format == formats.end()) return chat::cannot(in, "response_format", "speaks mp3, opus and pcm only");

  wire_request wire;
  wire.target = std::string(in.base_path) + "/text-to-speech/";
  append_percent_encoded(wire.target, wish->voice);
  wire.target.append("/stream?output_format=").append(format->second);
  auto text = std::make_unique<std::string>();
  json_writer out(*text);
  out.begin_object().key("text").raw(wish->text_raw).key("model_id").string(in.model);
  for (const auto name : own_speech_members) {
    if (const auto* m = in.asked.find(name); m != nullptr && m->value != "null") out.key(name).raw(m->value);
  }
  const bool fits = wish->speed >= slowest && wish->speed <= fastest && in.asked.find("voice_settings") == nullptr;
  if (wish->speed != 1 && fits) {
    out.key("voice_settings").begin_object().key("speed").raw(in.asked.find("speed")->value).end_object();
  } else if (wish->speed != 1) {
    chat::drop(wire, "speed");
  }
  out.end_object();
  if (auto fine = chat::drop_others(in, carried_speech, wire); !fine) return fine.error();
  wire.body.emplace_back(*text);
  wire.owned.push_back(std::move(text));
  return finished(in, std::move(wire), "audio/*");
}

encoded transcription(const encode_input& in) {
  const auto wish = media::read_transcript_wish(in);
  if (!wish) return wish.error();
  wire_request wire;
  wire.target = std::string(in.base_path) + "/speech-to-text";
  media::form_writer form;
  form.field("model_id", std::string(in.model));
  if (!wish->language.empty()) form.field("language_code", std::string(wish->language));
  if (!wish->temperature.empty()) form.field("temperature", std::string(wish->temperature));
  // "(laughter)" within the text is what nobody expects who knows OpenAI's transcripts.
  if (in.asked.find_part("tag_audio_events") == nullptr) form.field("tag_audio_events", "false");
  for (const auto name : own_transcript_parts) {
    if (const auto* part = in.asked.find_part(name)) form.field(name, std::string(part->content));
  }
  form.file("file", *wish->file);
  form.finish(wire);
  media::drop_other_parts(in, carried_parts, wire);
  return finished(in, std::move(wire), "application/json");
}

}  // namespace

encoded elevenlabs_dialect::encode(const encode_input& in) const {
  return in.asked.kind == model::endpoint::speech ? speech(in) : transcription(in);
}

}  // namespace spidergate::providers::elevenlabs
