#include "../media/polling.hpp"
#include "../media/transcript.hpp"
#include "../openai/answers.hpp"
#include "assemblyai_dialect.hpp"

namespace spidergate::providers::assemblyai {

namespace {

using decoded = boost::system::result<std::variant<client_answer, follow_up>, provider_error>;

decoded order(const answer_input& in, std::string_view base, json::value root) {
  const auto url = root.find("upload_url");
  if (!url.is(json::kind::string)) return not_an_answer("The provider's answer to the upload holds no 'upload_url'.");
  follow_up next;
  next.method = "POST";
  next.target = std::string(base) + "/transcript";
  next.content_type = "application/json";
  next.body = order_of(in, url.raw());
  next.memo = media::first_memo(base);
  return std::variant<client_answer, follow_up>(std::move(next));
}

media::transcript read_transcript(json::value root) {
  media::transcript heard;
  heard.text_json = root.find("text").literal();
  heard.language = root.find("language_code").text();
  heard.seconds = media::seconds_in(root.find("audio_duration"));
  for (const auto entry : root.find("words").elements()) {
    const auto start = entry.find("start").whole_number(), end = entry.find("end").whole_number();
    if (entry.find("text").literal().empty()) continue;
    if (!start || !end || *start < 0 || *end < 0 || *end > 1'000'000'000) continue;
    heard.words.push_back({.text_json = entry.find("text").literal(),
                           .start_s = static_cast<double>(*start) / 1000,
                           .end_s = static_cast<double>(*end) / 1000,
                           .confidence = media::seconds_in(entry.find("confidence")).value_or(0)});
  }
  return heard;
}

provider_error failed(json::value root) {
  provider_error error;
  error.message = presentable(root.find("error").text());
  if (error.message.empty()) error.message = "The provider could not make the transcript and does not say why.";
  error.kind = classify(error);
  return error;
}

}  // namespace

decoded assemblyai_dialect::decode(const answer_input& in, std::string_view content_type, std::string_view body) const {
  const auto read = openai::read_object(content_type, json::without_bom(body));
  if (!read) return read.error();
  const auto root = *read;
  constexpr std::string_view upload = "upload ";
  if (in.memo.starts_with(upload)) return order(in, in.memo.substr(upload.size()), root);
  const auto status = root.find("status").literal();
  if (status == "completed") {
    return std::variant<client_answer, follow_up>(media::to_client(read_transcript(root), in));
  }
  if (status == "error") return failed(root);
  if (status != "queued" && status != "processing") {
    if (looks_like_error(root)) return openai::in_band(root);
    return not_an_answer("The provider's answer is no transcript.");
  }
  auto next = media::poll_job(in.memo, "/transcript/", root.find("id"));
  if (!next) return next.error();
  return std::variant<client_answer, follow_up>(std::move(*next));
}

}  // namespace spidergate::providers::assemblyai
