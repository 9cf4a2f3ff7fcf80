#include "../error_reading.hpp"
#include "../openai/openai_dialect.hpp"
#include "../vector_list.hpp"
#include "message.hpp"
#include "ollama_dialect.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/reader.hpp>

namespace spidergate::providers::ollama {

namespace {

using decoded = boost::system::result<std::variant<client_answer, follow_up>, provider_error>;

provider_error in_band(json::value root) {
  provider_error error;
  read_error(root, error);
  error.kind = classify(error);
  return error;
}

decoded chat_answer(json::value root, const answer_input& in) {
  const auto message = root.find("message");
  if (!message.is(json::kind::object)) return not_an_answer("The provider's answer holds no 'message'.");
  chat::answer said;
  said.model_json = root.find("model").literal();
  auto& choice = said.choices.emplace_back();
  choice.content_json = message.find("content").literal();
  choice.reasoning_json = message.find("thinking").literal();
  for (const auto call : message.find("tool_calls").elements()) choice.calls.push_back(call_of(call));
  choice.logprobs = logprobs_of(root.find("logprobs"));
  choice.native_finish = root.find("done_reason").text();
  choice.how = finish_of(choice.native_finish, !choice.calls.empty());
  said.usage = counts_of(root).tokens;
  return std::variant<client_answer, follow_up>(chat::to_client(said, in));
}

decoded embeddings_answer(json::value root, const answer_input& in) {
  const auto vectors = root.find("embeddings");
  if (!vectors.is(json::kind::array) || vectors.empty()) {
    return not_an_answer("The provider's answer holds no 'embeddings'.");
  }
  vector_list list;
  for (const auto vector : vectors.elements()) {
    if (!vector.is(json::kind::array)) return not_an_answer("An embedding in the provider's answer is no list.");
    list.add(vector.raw());
  }
  const auto named = root.find("model");
  return std::variant<client_answer, follow_up>(
      list.finish(in, named.is(json::kind::string) ? named.raw() : std::string_view(), counts_of(root).tokens));
}

}  // namespace

chat::finish finish_of(std::string_view done_reason, bool has_calls) noexcept {
  if (has_calls) return chat::finish::tool_calls;
  return done_reason == "length" ? chat::finish::length : chat::finish::stop;
}

counts counts_of(json::value root) {
  // A prompt that was in the cache as a whole is not counted at all by older versions: absent is then none.
  if (!root.find("eval_count").given() && !root.find("prompt_eval_count").given()) return {};
  chat::usage_figures figures;
  model::usage used;
  used.prompt = figures.read(root.find("prompt_eval_count"));
  used.completion = figures.read(root.find("eval_count"));
  if (figures.impossible()) return {std::nullopt, true};
  return {used, false};
}

chat::answer_call call_of(json::value call) {
  const auto function = call.find("function");
  chat::answer_call made;
  made.id_json = call.find("id").literal();
  made.name_json = function.find("name").literal();
  const auto arguments = function.find("arguments");
  if (arguments.is(json::kind::string)) {
    made.arguments_json = arguments.literal();
  } else if (arguments.given()) {
    std::string quoted;
    append_json_string(quoted, arguments.raw());
    made.arguments_json = quoted.substr(1, quoted.size() - 2);
  }
  return made;
}

std::string logprobs_of(json::value list) {
  if (!list.is(json::kind::array) || list.empty()) return {};
  std::string text = R"({"content":[)";
  bool first = true;
  for (const auto token : list.elements()) {
    if (!std::exchange(first, false)) text.push_back(',');
    text.append(token.raw());
  }
  return text + R"(],"refusal":null})";
}

decoded ollama_dialect::decode(const answer_input& in, std::string_view, std::string_view body) const {
  json::reader reader;
  body = json::without_bom(body);
  if (!reader.read(body, json::surrogates::any) || !reader.root().is(json::kind::object)) {
    return not_an_answer("The provider's answer is not a JSON object.");
  }
  const auto root = reader.root();
  if (root.find("error").given()) return in_band(root);
  return in.asked.kind == model::endpoint::chat ? chat_answer(root, in) : embeddings_answer(root, in);
}

provider_error ollama_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  return openai::openai_dialect().decode_error(status, fields, body);
}

}  // namespace spidergate::providers::ollama
