#include "../error_reading.hpp"
#include "../openai/embeddings.hpp"
#include "../openai/openai_dialect.hpp"
#include "../openai/rerank.hpp"
#include "cohere_dialect.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/splice.hpp>

namespace spidergate::providers::cohere {

namespace {

using model::endpoint;
using answered = boost::system::result<std::variant<client_answer, follow_up>, provider_error>;

void append_text(std::string& out, json::value text) {
  out.append(text.literal());
}

void read_content(json::value content, chat::answer_choice& into) {
  if (content.is(json::kind::string)) append_text(into.content_json, content);
  for (const auto block : content.elements()) {
    append_text(into.content_json, block.find("text"));
    append_text(into.reasoning_json, block.find("thinking"));
  }
}

void read_calls(json::value calls, chat::answer_choice& into) {
  for (const auto call : calls.elements()) {
    const auto function = call.find("function");
    auto& said = into.calls.emplace_back();
    said.id_json = call.find("id").literal();
    said.name_json = function.find("name").literal();
    said.arguments_json = function.find("arguments").literal();
  }
}

void read_citations(json::value citations, chat::answer_choice& into) {
  if (!citations.is(json::kind::array) || citations.empty()) return;
  into.extra.append(",\"citations\":").append(citations.raw());
  for (const auto citation : citations.elements()) {
    if (auto url = url_citation(citation); !url.empty()) into.annotations.push_back(std::move(url));
  }
}

answered read_chat(const answer_input& in, json::value root) {
  const auto message = root.find("message");
  if (!message.is(json::kind::object)) {
    if (!looks_like_error(root)) return not_an_answer("The provider's answer holds no 'message'.");
    provider_error error;
    read_error(root, error);
    error.kind = classify(error);
    return error;
  }
  const auto reason = root.find("finish_reason").text();
  if (failed(reason)) return failure_of(root);
  chat::answer said;
  said.id_json = root.find("id").literal();
  auto& choice = said.choices.emplace_back();
  append_text(choice.reasoning_json, message.find("tool_plan"));
  read_content(message.find("content"), choice);
  read_calls(message.find("tool_calls"), choice);
  read_citations(message.find("citations"), choice);
  std::string entries;
  append_logprobs(entries, root.find("logprobs"));
  if (!entries.empty()) choice.logprobs = "{\"content\":[" + entries + "],\"refusal\":null}";
  choice.how = finish_of(reason);
  choice.native_finish = reason;
  bool impossible = false;
  said.usage = read_usage(root.find("usage"), impossible);
  return std::variant<client_answer, follow_up>(chat::to_client(said, in));
}

/// Vectors of floats by type (v2), or alone.
json::value vectors_of(json::value root) {
  const auto embeddings = root.find("embeddings");
  if (embeddings.is(json::kind::array)) return embeddings;
  const auto floats = embeddings.find("float");
  if (floats.exists()) return floats;
  for (const auto& m : embeddings.members()) return m.value;
  return {};
}

answered read_embeddings(const answer_input& in, json::value root) {
  const auto vectors = vectors_of(root);
  if (!vectors.is(json::kind::array)) return not_an_answer("The provider's answer holds no 'embeddings'.");
  std::string out = R"({"object":"list","data":[)";
  out.reserve(vectors.raw().size() + 1024);
  std::size_t index = 0;
  for (const auto vector : vectors.elements()) {
    if (index > 0) out.push_back(',');
    out.append(R"({"object":"embedding","index":)").append(std::to_string(index++));
    out.append(",\"embedding\":").append(vector.raw()).append("}");
  }
  out.append("],\"model\":");
  append_json_string(out, in.model);
  client_answer made;
  chat::usage_figures figures;
  const auto billed = root.find("meta").find("billed_units").find("input_tokens");
  const auto tokens = figures.read(billed);
  const bool known = billed.given() && !figures.impossible();
  if (known) made.facts.usage = model::usage{.prompt = tokens};
  const auto shown = std::to_string(known ? tokens : in.asked.estimated_prompt_tokens);
  out.append(",\"usage\":{\"prompt_tokens\":").append(shown).append(",\"total_tokens\":").append(shown).append("}}");
  if (in.asked.wants_base64) {
    std::string packed;
    out.append(64, '\0');
    const auto text = std::string_view(out).substr(0, out.size() - 64);
    auto& reader = openai::thread_reader();
    if (!reader.read(text, json::surrogates::any)) return not_an_answer("The provider's vectors are not valid JSON.");
    json::splice edits(text);
    openai::convert_embeddings(reader.root().find("data"), true, edits);
    edits.append_to(packed);
    out = std::move(packed);
  }
  made.owned.push_back(std::make_unique<std::string>(std::move(out)));
  made.body.push_back(*made.owned.back());
  return std::variant<client_answer, follow_up>(std::move(made));
}

}  // namespace

answered cohere_dialect::decode(const answer_input& in, std::string_view content_type, std::string_view body) const {
  if (in.asked.kind == endpoint::rerank) {
    auto ranked = openai::read_rerank(in, content_type, body);
    if (!ranked) return ranked.error();
    return std::variant<client_answer, follow_up>(std::move(*ranked));
  }
  auto& reader = openai::thread_reader();
  body = json::without_bom(body);
  if (!reader.read(body, json::surrogates::any)) {
    return not_an_answer("The provider's answer is not valid JSON: " + reader.failure().message + " at " +
                         json::place_of(body, reader.failure().offset) + ".");
  }
  const auto root = reader.root();
  if (!root.is(json::kind::object)) return not_an_answer("The provider's answer is JSON, but no object.");
  return in.asked.kind == endpoint::embeddings ? read_embeddings(in, root) : read_chat(in, root);
}

}  // namespace spidergate::providers::cohere
