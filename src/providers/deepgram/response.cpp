#include "../media/transcript.hpp"
#include "../openai/answers.hpp"
#include "deepgram_dialect.hpp"

namespace spidergate::providers::deepgram {

namespace {

void read_words(json::value list, media::transcript& heard) {
  for (const auto entry : list.elements()) {
    const auto start = media::seconds_in(entry.find("start")), end = media::seconds_in(entry.find("end"));
    const auto written = entry.find("punctuated_word").literal();
    const auto text = written.empty() ? entry.find("word").literal() : written;
    if (!start || !end || text.empty()) continue;
    heard.words.push_back({.text_json = text,
                           .start_s = *start,
                           .end_s = *end,
                           .confidence = media::seconds_in(entry.find("confidence")).value_or(0)});
  }
}

}  // namespace

boost::system::result<std::variant<client_answer, follow_up>, provider_error> deepgram_dialect::decode(
    const answer_input& in, std::string_view content_type, std::string_view body) const {
  if (in.asked.kind == model::endpoint::speech) return openai_dialect::decode(in, content_type, body);
  const auto read = openai::read_object(content_type, json::without_bom(body));
  if (!read) return read.error();
  const auto root = *read;
  const auto channels = root.find("results").find("channels");
  if (!channels.is(json::kind::array)) {
    if (looks_like_error(root)) return openai::in_band(root);
    return not_an_answer("The provider's answer holds no 'results.channels'.");
  }
  media::transcript heard;
  heard.seconds = media::seconds_in(root.find("metadata").find("duration"));
  bool first = true;
  for (const auto channel : channels.elements()) {
    // The first alternative is the likeliest; a channel without sound has none.
    for (const auto alternative : channel.find("alternatives").elements()) {
      if (!first) heard.text_json.append("\\n");
      heard.text_json.append(alternative.find("transcript").literal());
      read_words(alternative.find("words"), heard);
      first = false;
      break;
    }
    if (heard.language.empty()) heard.language = channel.find("detected_language").text();
  }
  if (heard.language.empty()) heard.language = media::transcript_wish_of(in.asked).language;
  return std::variant<client_answer, follow_up>(media::to_client(heard, in));
}

}  // namespace spidergate::providers::deepgram
