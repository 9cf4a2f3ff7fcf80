#include "../chat/answer.hpp"
#include "../error_reading.hpp"
#include "../vector_list.hpp"
#include "watsonx_dialect.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/reader.hpp>

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

client_answer vectors_of(json::value root, const answer_input& in, const std::optional<model::usage>& used) {
  vector_list list;
  for (const auto one : root.find("results").elements()) {
    const auto vector = one.find("embedding");
    list.add(vector.is(json::kind::array) ? vector.raw() : "[]");
  }
  const auto named = root.find("model_id");
  return list.finish(in, named.is(json::kind::string) ? named.raw() : std::string_view(), used);
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
  std::optional<model::usage> used;
  if (const auto count = root.find("input_token_count"); count.given()) {
    chat::usage_figures figures;
    used.emplace().prompt = figures.read(count);
    if (figures.impossible()) used.reset();
  }
  if (in.asked.kind == model::endpoint::embeddings) {
    return std::variant<client_answer, follow_up>(vectors_of(root, in, used));
  }
  client_answer out;
  out.facts.usage = used;
  out.owned.push_back(std::make_unique<std::string>(ranking_of(root, in, used)));
  out.body.emplace_back(*out.owned.back());
  return std::variant<client_answer, follow_up>(std::move(out));
}

}  // namespace spidergate::providers::watsonx
