#include "../openai/embeddings.hpp"

#include "../chat/answer.hpp"
#include "../chat/chat_request.hpp"
#include "../error_reading.hpp"
#include "body_text.hpp"
#include "embedding_answer.hpp"
#include "gemini_dialect.hpp"
#include "usage.hpp"

#include <spidergate/json/reader.hpp>
#include <spidergate/json/splice.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace spidergate::providers::gemini {

namespace {

constexpr std::string_view carried[]{"input", "dimensions", "encoding_format", "task_type", "taskType"};

/// The texts to embed; nothing where one is no text.
std::optional<std::vector<json::value>> texts_of(json::value input) {
  if (input.is(json::kind::string)) return std::vector{input};
  std::vector<json::value> texts;
  for (const auto element : input.elements()) {
    if (!element.is(json::kind::string)) return std::nullopt;
    texts.push_back(element);
  }
  return texts;
}

struct options {
  json::value dimensions, task;
};

void append_options(body_text& out, const options& how) {
  if (how.task.is(json::kind::string)) out.add(",\"taskType\":").add(how.task.raw());
  if (how.dimensions.is(json::kind::number)) out.add(",\"outputDimensionality\":").add(how.dimensions.raw());
}

void append_batch(body_text& out, const std::vector<json::value>& texts, std::string_view resource,
                  const options& how) {
  bool first = true;
  for (const auto text : texts) {
    out.add(first ? "{\"requests\":[{\"model\":" : ",{\"model\":");
    append_json_string(out.text(), resource);
    out.add(",\"content\":{\"parts\":[{\"text\":").literal(text.literal()).add("}]}");
    append_options(out, how);
    out.add("}");
    first = false;
  }
  out.add("]}");
}

void append_instances(body_text& out, const std::vector<json::value>& texts, const options& how) {
  bool first = true;
  for (const auto text : texts) {
    out.add(first ? "{\"instances\":[{\"content\":" : ",{\"content\":").literal(text.literal());
    if (how.task.is(json::kind::string)) out.add(",\"task_type\":").add(how.task.raw());
    out.add("}");
    first = false;
  }
  out.add("]");
  if (how.dimensions.is(json::kind::number))
    out.add(",\"parameters\":{\"outputDimensionality\":").add(how.dimensions.raw()).add("}");
  out.add("}");
}

void append_data(std::string& out, std::size_t index, json::value values) {
  out.append(index == 0 ? "" : ",").append(R"({"object":"embedding","index":)").append(std::to_string(index));
  out.append(",\"embedding\":")
      .append(values.is(json::kind::array) ? values.raw() : std::string_view("[]"))
      .append("}");
}

}  // namespace

boost::system::result<void, refusal> gemini_dialect::encode_embeddings(const encode_input& in,
                                                                       wire_request& wire) const {
  thread_local json::reader reader;
  if (!reader.read(in.asked.body)) return refusal{{}, "The request is not valid JSON."};
  if (const auto dropped = chat::drop_others(in, carried, wire); !dropped) return dropped.error();
  const auto root = reader.root();
  const auto texts = texts_of(root.find("input"));
  if (!texts || texts->empty()) return chat::cannot(in, "input", "embeds texts: a string, or a list of strings");
  options how{root.find("dimensions"), root.find("task_type")};
  if (!how.task.given()) how.task = root.find("taskType");
  const bool newest = in.model.find("gemini-embedding-2") != std::string_view::npos;
  body_text out(wire);
  if (!service_of(in).embeds_by_predict) {
    const bool named = in.model.starts_with("models/") || in.model.starts_with("tunedModels/");
    append_batch(out, *texts, (named ? "" : "models/") + std::string(in.model), how);
    address(in, "batchEmbedContents", wire);
  } else if (newest) {
    if (texts->size() > 1) return chat::cannot(in, "input", "embeds one text at a time with this model");
    out.add("{\"content\":{\"parts\":[{\"text\":").literal(texts->front().literal()).add("}]}");
    append_options(out, how);
    out.add("}");
    address(in, "embedContent", wire);
  } else {
    append_instances(out, *texts, how);
    address(in, "predict", wire);
  }
  out.flush();
  return {};
}

boost::system::result<client_answer, provider_error> embedding_answer(const answer_input& in, json::value root) {
  std::string text = R"({"object":"list","data":[)";
  std::size_t count = 0;
  for (const auto e : root.find("embeddings").elements()) append_data(text, count++, e.find("values"));
  if (const auto one = root.find("embedding"); one.exists()) append_data(text, count++, one.find("values"));
  chat::usage_figures figures;
  std::int64_t counted = 0;
  for (const auto prediction : root.find("predictions").elements()) {
    const auto made = prediction.find("embeddings");
    append_data(text, count++, made.find("values"));
    counted += figures.read(made.find("statistics").find("token_count"));
  }
  if (count == 0) return not_an_answer("The provider's answer holds no embedding.");
  client_answer answer;
  if (auto said = read_usage(root.find("usageMetadata")); said.tokens) {
    answer.facts.usage = said.tokens;
  } else if (counted > 0 && !figures.impossible()) {
    answer.facts.usage = model::usage{.prompt = counted};
  }
  const auto tokens =
      std::to_string(answer.facts.usage ? answer.facts.usage->prompt : in.asked.estimated_prompt_tokens);
  text.append("],\"model\":");
  append_json_string(text, in.model);
  text.append(",\"usage\":{\"prompt_tokens\":").append(tokens).append(",\"total_tokens\":").append(tokens).append("}}");
  const std::size_t size = text.size();
  text.append(64, '\0');
  answer.owned.push_back(std::make_unique<std::string>(std::move(text)));
  const auto body = std::string_view(*answer.owned.back()).substr(0, size);
  thread_local json::reader reader;
  if (!in.asked.wants_base64 || !reader.read(body)) {
    answer.body.push_back(body);
    return answer;
  }
  json::splice edits(body);
  openai::convert_embeddings(reader.root().find("data"), true, edits);
  edits.move_to(answer.body, answer.owned);
  return answer;
}

}  // namespace spidergate::providers::gemini
