#include "../media/transcript.hpp"
#include "../openai/answers.hpp"
#include "elevenlabs_dialect.hpp"

#include <charconv>
#include <cmath>

namespace spidergate::providers::elevenlabs {

namespace {

double confidence_of(json::value logprob) {
  const auto raw = logprob.is(json::kind::number) ? logprob.raw() : std::string_view();
  double log = 0;
  const auto [end, failure] = std::from_chars(raw.data(), raw.data() + raw.size(), log);
  return failure == std::errc{} && log < 0 ? std::exp(log) : 0;
}

/// Between two words stands an entry of type "spacing", where the language has such.
void read_words(json::value list, media::transcript& heard) {
  bool spaced = true;
  for (const auto entry : list.elements()) {
    const auto type = entry.find("type").literal();
    const auto start = media::seconds_in(entry.find("start")), end = media::seconds_in(entry.find("end"));
    if (type == "spacing" || !start || !end || entry.find("text").literal().empty()) {
      spaced = spaced || type == "spacing";
      continue;
    }
    heard.words.push_back({.text_json = entry.find("text").literal(),
                           .start_s = *start,
                           .end_s = *end,
                           .confidence = confidence_of(entry.find("logprob")),
                           .glued = !spaced});
    spaced = false;
  }
}

}  // namespace

boost::system::result<std::variant<client_answer, follow_up>, provider_error> elevenlabs_dialect::decode(
    const answer_input& in, std::string_view content_type, std::string_view body) const {
  if (in.asked.kind == model::endpoint::speech) return openai_dialect::decode(in, content_type, body);
  const auto read = openai::read_object(content_type, json::without_bom(body));
  if (!read) return read.error();
  const auto root = *read;
  if (!root.find("text").is(json::kind::string)) {
    if (looks_like_error(root)) return openai::in_band(root);
    return not_an_answer("The provider's answer holds no 'text'.");
  }
  media::transcript heard;
  heard.text_json = root.find("text").literal();
  heard.language = root.find("language_code").text();
  read_words(root.find("words"), heard);
  heard.seconds = media::seconds_in(root.find("audio_duration_secs"));
  // Older answers do not say: the sound is at least as long as its last word.
  if (!heard.seconds && !heard.words.empty()) heard.seconds = heard.words.back().end_s;
  return std::variant<client_answer, follow_up>(media::to_client(heard, in));
}

}  // namespace spidergate::providers::elevenlabs
