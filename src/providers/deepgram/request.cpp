#include "../chat/chat_request.hpp"
#include "../media/speech_wish.hpp"
#include "../media/transcript.hpp"
#include "../wire_headers.hpp"
#include "deepgram_dialect.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::providers::deepgram {

namespace {

using encoded = boost::system::result<wire_request, refusal>;

// developers.deepgram.com/docs/tts-media-output-settings. OpenAI's wav and pcm are 24 kHz, 16 bits, mono as well.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> formats{
    {{"mp3", "encoding=mp3"},
     {"opus", "encoding=opus&container=ogg"},
     {"aac", "encoding=aac"},
     {"flac", "encoding=flac"},
     {"wav", "encoding=linear16&container=wav&sample_rate=24000"},
     {"pcm", "encoding=linear16&container=none&sample_rate=24000"}}};

// Its own, under its own names: developers.deepgram.com/reference/speech-to-text/listen-pre-recorded.
constexpr std::array<std::string_view, 18> own_parts{
    "smart_format", "punctuate",    "diarize",    "detect_language", "numerals",         "keyterm",
    "keywords",     "paragraphs",   "utterances", "filler_words",    "profanity_filter", "redact",
    "version",      "measurements", "dictation",  "multichannel",    "replace",          "tag"};
// Those that find out the language by themselves; others take what is not said for English.
constexpr std::array<std::string_view, 4> detecting{"nova-2", "nova-2-general", "nova-3", "nova-3-general"};

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

void append_option(std::string& target, std::string_view name, std::string_view value) {
  target.append("&").append(name).append("=");
  append_percent_encoded(target, value);
}

encoded finished(const encode_input& in, wire_request wire, std::string_view accepted) {
  append_query_credential(wire.target, in.provider, in.secret);
  wire.headers.reserve(256);
  append_header(wire.headers, "accept", "", accepted);
  append_credential(wire.headers, in.provider, in.secret);
  append_forwarded(wire.headers, in);
  return wire;
}

encoded transcription(const encode_input& in) {
  const auto wish = media::read_transcript_wish(in);
  if (!wish) return wish.error();
  wire_request wire;
  wire.target = std::string(in.base_path) + "/listen?model=";
  append_percent_encoded(wire.target, in.model);
  if (!wish->language.empty()) {
    append_option(wire.target, "language", wish->language);
  } else if (among(detecting, in.model) && in.asked.find_part("detect_language") == nullptr) {
    wire.target.append("&detect_language=true");
  }
  // Capitals and full stops, as OpenAI's transcripts have them.
  if (in.asked.find_part("smart_format") == nullptr && in.asked.find_part("punctuate") == nullptr)
    wire.target.append("&smart_format=true");
  for (const auto& part : in.asked.form) {
    if (among(own_parts, part.name)) append_option(wire.target, part.name, part.content);
  }
  std::array<std::string_view, own_parts.size() + 1> carried{"language"};
  std::copy(own_parts.begin(), own_parts.end(), carried.begin() + 1);
  media::drop_other_parts(in, carried, wire);
  const auto type = wish->file->content_type;
  wire.content_type = type.empty() ? "application/octet-stream" : std::string(type);
  wire.body.push_back(wish->file->content);
  return finished(in, std::move(wire), "application/json");
}

/// The model that has the wanted voice; empty where there is none.
std::string model_of(std::string_view model, const std::string& voice) {
  if (voice.starts_with("aura")) return voice;
  if (model != "aura" && model != "aura-2") return std::string(model);
  if (voice.empty() || media::is_openai_voice(voice)) return {};
  return std::string(model) + "-" + voice;
}

encoded speech(const encode_input& in) {
  const auto wish = media::read_speech_wish(in);
  if (!wish) return wish.error();
  const auto model = model_of(in.model, wish->voice);
  if (model.empty()) {
    return refusal{"voice", "Deepgram has no voice '" + wish->voice.substr(0, 64) +
                                "'. Its voices are named like 'thalia-en' of the model 'aura-2'."};
  }
  const auto* format =
      std::find_if(formats.begin(), formats.end(), [&wish](const auto& f) { return f.first == wish->format; });
  if (format == formats.end())
    return chat::cannot(in, "response_format", "speaks mp3, opus, aac, flac, wav and pcm only");
  wire_request wire;
  wire.target = std::string(in.base_path) + "/speak?model=";
  append_percent_encoded(wire.target, model);
  wire.target.append("&").append(format->second);
  constexpr std::array<std::string_view, 4> carried{"input", "voice", "response_format", "bit_rate"};
  if (const auto* rate = in.asked.find("bit_rate"); rate != nullptr && rate->value.size() < 16)
    append_option(wire.target, "bit_rate", rate->value);
  if (wish->speed != 1) chat::drop(wire, "speed");
  if (model.find(wish->voice) == std::string::npos) chat::drop(wire, "voice");
  std::array<std::string_view, carried.size() + 1> read{"speed"};
  std::copy(carried.begin(), carried.end(), read.begin() + 1);
  if (auto fine = chat::drop_others(in, read, wire); !fine) return fine.error();
  wire.owned.push_back(std::make_unique<std::string>("{\"text\":" + std::string(wish->text_raw) + "}"));
  wire.body.emplace_back(*wire.owned.back());
  return finished(in, std::move(wire), "audio/*");
}

}  // namespace

encoded deepgram_dialect::encode(const encode_input& in) const {
  return in.asked.kind == model::endpoint::speech ? speech(in) : transcription(in);
}

}  // namespace spidergate::providers::deepgram
