#include "../media/transcript.hpp"
#include "../wire_headers.hpp"
#include "assemblyai_dialect.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <array>

namespace spidergate::providers::assemblyai {

namespace {

// Its own switches, under its own names.
constexpr std::array<std::string_view, 8> own_flags{"speaker_labels",   "punctuate",         "format_text",
                                                    "disfluencies",     "multichannel",      "redact_pii",
                                                    "filter_profanity", "language_detection"};

bool takes_prompts(std::string_view model) {
  return model.starts_with("universal-3");
}

}  // namespace

boost::system::result<wire_request, refusal> assemblyai_dialect::encode(const encode_input& in) const {
  const auto wish = media::read_transcript_wish(in);
  if (!wish) return wish.error();
  wire_request wire;
  wire.target = std::string(in.base_path) + "/upload";
  append_query_credential(wire.target, in.provider, in.secret);
  wire.headers = "accept: application/json\r\n";
  append_credential(wire.headers, in.provider, in.secret);
  append_forwarded(wire.headers, in);
  wire.content_type = "application/octet-stream";
  wire.body.push_back(wish->file->content);
  wire.memo = "upload " + std::string(in.base_path);
  std::array<std::string_view, own_flags.size() + 2> carried{"language", "prompt"};
  if (!takes_prompts(in.model)) carried[1] = "language";
  std::copy(own_flags.begin(), own_flags.end(), carried.begin() + 2);
  media::drop_other_parts(in, carried, wire);
  return wire;
}

std::string order_of(const answer_input& in, std::string_view upload_url_raw) {
  const auto wish = media::transcript_wish_of(in.asked);
  std::string text;
  json_writer out(text);
  out.begin_object().key("audio_url").raw(upload_url_raw);
  // The names of the classes that it had before its models had names.
  if (in.model == "best" || in.model == "nano") {
    out.key("speech_model").string(in.model);
  } else {
    out.key("speech_models").begin_array().string(in.model).end_array();
  }
  if (!wish.language.empty()) out.key("language_code").string(wish.language);
  const bool detects = wish.language.empty() && in.asked.find_part("language_detection") == nullptr;
  if (detects) out.key("language_detection").boolean(true);
  if (!wish.prompt.empty() && takes_prompts(in.model)) out.key("prompt").string(wish.prompt);
  for (const auto name : own_flags) {
    if (const auto* part = in.asked.find_part(name)) out.key(name).boolean(part->content == "true");
  }
  out.end_object();
  return text;
}

}  // namespace spidergate::providers::assemblyai
