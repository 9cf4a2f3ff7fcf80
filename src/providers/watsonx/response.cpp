#include "../chat/answer.hpp"
#include "../error_reading.hpp"
#include "../openai/embeddings.hpp"
#include "watsonx_dialect.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/reader.hpp>
#include <spidergate/json/splice.hpp>

namespace spidergate::providers::watsonx {

namespace {

using decoded = boost::system::result<std::variant<client_answer, follow_up>, provider_error>;

void put_model(json_writer& out, json::value root, const answer_input& in) {
  out.key("model");
  root.find("model_id").is(json::kind::string) ? out.raw(root.find("model_id").raw()) : out.string(in.model);
}

void put_usage(json_writer& out, const std::optional<model::usage>& used) {
  if (!used) return;
  out.key("usage").begin_object().key("prompt_tokens").number(used->prompt);
  out.key("total_tokens").number(used->prompt).end_object();
}

std::string vectors_of(json::value root, const answer_input& in, const std::optional<model::usage>& used) {
  std::string text;
  json_writer out(text);
  out.begin_object().key("object").string("list").key("data").begin_array();
  std::int64_t index = 0;
  for (const auto one : root.find("results").elements()) {
    out.begin_object().key("object").string("embedding").key("index").number(index++);
    out.key("embedding").raw(one.find("embedding").is(json::kind::array) ? one.find("embedding").raw() : "[]");
    out.end_object();
  }
  out.end_array();
  put_model(out, root, in);
  put_usage(out, used);
  out.end_object();
  return text;
}

std::string ranking_of(json::value root, const answer_input& in, const std::optional<model::usage>& used) {
  std::string text;
  json_writer out(text);
  out.begin_object().key("object").string("list");
  put_model(out, root, in);
  out.key("results").begin_array();
  for (const auto one : root.find("results").elements()) {
    if (!one.find("index").is(json::kind::number) || !one.find("score").is(json::kind::number)) continue;
    out.begin_object().key("index").raw(one.find("index").raw()).key("relevance_score").raw(one.find("score").raw());
    if (const auto input = one.find("input"); input.is(json::kind::object)) out.key("document").raw(input.raw());
    out.end_object();
  }
  out.end_array();
  put_usage(out, used);
  out.end_object();
  return text;
}

}  // namespace

decoded watsonx_dialect::decode(const answer_input& in, std::string_view content_type, std::string_view body) const {
  if (in.asked.kind == model::endpoint::chat) return openai_dialect::decode(in, content_type, body);
  json::reader reader;
  body = json::without_bom(body);
  if (!reader.read(body, json::surrogates::any) || !reader.root().find("results").is(json::kind::array)) {
    return not_an_answer("The provider's answer holds no 'results'.");
  }
  const auto root = reader.root();
  client_answer out;
  if (const auto count = root.find("input_token_count"); count.given()) {
    chat::usage_figures figures;
    model::usage used;
    used.prompt = figures.read(count);
    if (!figures.impossible()) out.facts.usage = used;
  }
  const bool ranked = in.asked.kind == model::endpoint::rerank;
  out.owned.push_back(std::make_unique<std::string>(ranked ? ranking_of(root, in, out.facts.usage)
                                                           : vectors_of(root, in, out.facts.usage)));
  const std::string_view text = *out.owned.back();
  json::splice edits(text);
  if (!ranked && in.asked.wants_base64 && reader.read(text)) {
    openai::convert_embeddings(reader.root().find("data"), true, edits);
  }
  edits.move_to(out.body, out.owned);
  return std::variant<client_answer, follow_up>(std::move(out));
}

}  // namespace spidergate::providers::watsonx
