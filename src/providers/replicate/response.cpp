#include "../chat/answer.hpp"
#include "../media/picture.hpp"
#include "../media/polling.hpp"
#include "../openai/answers.hpp"
#include "replicate_dialect.hpp"

#include <spidergate/core/ascii.hpp>

namespace spidergate::providers::replicate {

namespace {

using decoded = boost::system::result<std::variant<client_answer, follow_up>, provider_error>;

/// Only the official language models count.
std::optional<model::usage> usage_of(json::value metrics) {
  const auto prompt = metrics.find("input_token_count"), completion = metrics.find("output_token_count");
  if (!prompt.given() || !completion.given()) return std::nullopt;
  chat::usage_figures figures;
  model::usage used;
  used.prompt = figures.read(prompt);
  used.completion = figures.read(completion);
  return figures.impossible() ? std::nullopt : std::optional(used);
}

/// The output is a text, or a list of its pieces.
bool read_text(json::value output, std::string& text_json) {
  if (output.is(json::kind::string)) {
    text_json = output.literal();
    return true;
  }
  if (!output.is(json::kind::array)) return false;
  for (const auto piece : output.elements()) {
    if (!piece.is(json::kind::string)) return false;
    text_json.append(piece.literal());
  }
  return true;
}

decoded read_chat(const answer_input& in, json::value root) {
  chat::answer said;
  said.choices.emplace_back();
  auto& choice = said.choices.front();
  if (!read_text(root.find("output"), choice.content_json))
    return not_an_answer("The provider's 'output' is no text: the model is none that chats.");
  said.id_json = root.find("id").literal();
  said.usage = usage_of(root.find("metrics"));
  // It does not say why a text ends; one that is as long as it may be was cut.
  const auto limit = in.asked.max_tokens;
  if (limit && said.usage && said.usage->completion >= *limit) choice.how = chat::finish::length;
  return std::variant<client_answer, follow_up>(chat::to_client(said, in));
}

void add(json::value link, media::picture_list& list) {
  const auto url = link.is(json::kind::object) ? link.find("url").literal() : link.literal();
  if (!url.empty()) list.add_url(url);
}

decoded read_pictures(const answer_input& in, json::value output) {
  media::picture_list list(in);
  if (output.is(json::kind::array)) {
    for (const auto link : output.elements()) add(link, list);
  } else {
    add(output, list);
  }
  if (list.count() == 0) return not_an_answer("The provider's 'output' holds no links to images.");
  return std::variant<client_answer, follow_up>(list.finish());
}

provider_error failed(json::value root, std::string_view status) {
  provider_error error;
  error.message = presentable(root.find("error").text());
  if (error.message.empty()) error.message = "The provider's prediction ended as '" + presentable(status) + "'.";
  error.kind = classify(error);
  const auto words = to_lower(error.message);
  const bool filtered = words.find("nsfw") != std::string::npos || words.find("sensitive") != std::string::npos;
  if (filtered) error.kind = error_class::request_fault;
  return error;
}

}  // namespace

decoded replicate_dialect::decode(const answer_input& in, std::string_view content_type, std::string_view body) const {
  const auto read = openai::read_object(content_type, json::without_bom(body));
  if (!read) return read.error();
  const auto root = *read;
  const auto status = root.find("status").literal();
  if (status == "succeeded" || status == "successful") {
    return in.asked.kind == model::endpoint::images ? read_pictures(in, root.find("output")) : read_chat(in, root);
  }
  if (status == "failed" || status == "canceled" || status == "aborted") return failed(root, status);
  if (status != "starting" && status != "processing") {
    if (looks_like_error(root)) return openai::in_band(root);
    return not_an_answer("The provider's answer is no prediction.");
  }
  auto next = media::poll_job(in.memo, "/predictions/", root.find("id"));
  if (!next) return next.error();
  return std::variant<client_answer, follow_up>(std::move(*next));
}

// {"title","detail","status"}: a wait is told in the body too.
provider_error replicate_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  auto error = openai_dialect::decode_error(status, fields, body);
  auto& reader = openai::thread_reader();
  if (error.retry_after || !reader.read(json::without_bom(body), json::surrogates::any)) return error;
  const auto wait = reader.root().find("retry_after").whole_number();
  if (wait && *wait >= 0 && *wait <= 86'400) error.retry_after = std::chrono::seconds(*wait);
  return error;
}

}  // namespace spidergate::providers::replicate
