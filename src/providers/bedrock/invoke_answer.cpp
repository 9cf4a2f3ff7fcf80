#include "../error_reading.hpp"
#include "../openai/embeddings.hpp"
#include "../openai/images.hpp"
#include "../openai/rerank.hpp"
#include "invoke.hpp"
#include "invoke_models.hpp"
#include "reading.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/reader.hpp>
#include <spidergate/json/splice.hpp>

#include <array>
#include <utility>

namespace spidergate::providers::bedrock {

namespace {

using outcome = boost::system::result<client_answer, provider_error>;

provider_error said_nothing(json::value root) {
  auto error = not_an_answer(presentable(root.find("message").text()));
  if (error.message.empty()) error.message = "The provider's answer does not hold what was asked for.";
  error.type = presentable(plain_type(root.find("__type").text()));
  if (!error.type.empty()) classify_aws(error);
  return error;
}

std::vector<json::value> vectors_of(json::value root) {
  std::vector<json::value> vectors;
  const auto one = root.find("embedding");
  if (one.is(json::kind::array)) return {one};
  // Cohere's by type, its older bare list, Nova's list of objects.
  auto list = root.find("embeddings");
  if (list.is(json::kind::object)) list = list.find("float");
  for (const auto element : list.elements()) {
    const auto inner = element.find("embedding");
    if (inner.is(json::kind::array) || element.is(json::kind::array))
      vectors.push_back(inner.is(json::kind::array) ? inner : element);
  }
  return vectors;
}

outcome embeddings(const answer_input& in, json::value root) {
  const auto vectors = vectors_of(root);
  if (vectors.empty()) return said_nothing(root);
  client_answer out;
  const auto tokens = root.find("inputTextTokenCount").whole_number();
  if (tokens && *tokens >= 0) {
    out.facts.usage.emplace();
    out.facts.usage->prompt = *tokens;
  }
  std::string text;
  json_writer writer(text);
  writer.begin_object().key("object").string("list").key("data").begin_array();
  std::int64_t index = 0;
  for (const auto vector : vectors) {
    writer.begin_object().key("object").string("embedding").key("index").number(index++);
    writer.key("embedding").raw(vector.raw()).end_object();
  }
  const auto used = tokens.value_or(in.asked.estimated_prompt_tokens);
  writer.end_array().key("model").string(in.model).key("usage").begin_object();
  writer.key("prompt_tokens").number(used).key("total_tokens").number(used).end_object().end_object();
  if (in.asked.wants_base64) {
    json::reader reader;
    if (!reader.read(text)) return not_an_answer("The provider's vectors cannot be read.");
    json::splice edits(text);
    openai::convert_embeddings(reader.root().find("data"), true, edits);
    std::string converted;
    edits.append_to(converted);
    text = std::move(converted);
  }
  out.owned.push_back(std::make_unique<std::string>(std::move(text)));
  out.body.push_back(*out.owned.back());
  return out;
}

/// Why nothing, or not everything, was made: the models' filters.
std::string filtered(json::value root) {
  std::string why = root.find("error").text();
  for (const auto reason : root.find("finish_reasons").elements()) {
    if (reason.is(json::kind::string)) why = reason.text();
  }
  return presentable(why);
}

outcome images(const answer_input& in, json::value root) {
  const auto list = root.find("images");
  client_answer out;
  const auto add = [&out](std::string text) {
    out.owned.push_back(std::make_unique<std::string>(std::move(text)));
    out.body.push_back(*out.owned.back());
  };
  const auto* format = in.asked.find("response_format");
  const bool as_url = format != nullptr && format->value == "\"url\"";
  add("{\"created\":" + std::to_string(in.now / 1000) + ",\"data\":[");
  std::int64_t made = 0;
  for (const auto image : list.elements()) {
    if (image.literal().empty()) continue;
    std::string begin = made++ == 0 ? "{" : "\"},{";
    // There is no address to give: who asks for one gets the image itself in the form of one.
    add(begin.append(as_url ? R"("url":"data:image/png;base64,)" : R"("b64_json":")"));
    out.body.push_back(image.literal());
  }
  if (const auto why = filtered(root); made == 0 && !why.empty()) {
    provider_error error;
    error.kind = error_class::request_fault;
    error.status = 400;
    error.code = "content_policy_violation";
    error.message = why;
    return error;
  }
  if (made == 0) return said_nothing(root);
  out.facts.usage = openai::image_usage(in.asked, root, made);
  add("\"}]}");
  return out;
}

/// Amazon counts queries of up to a hundred documents.
std::int64_t searches_of(const model::inference_request& asked) {
  constexpr std::int64_t documents_a_search = 100;
  const auto* documents = asked.find("documents");
  json::reader reader;
  if (documents == nullptr || !reader.read(documents->value)) return 1;
  std::int64_t count = 0;
  for ([[maybe_unused]] const auto one : reader.root().elements()) ++count;
  return std::max<std::int64_t>(1, (count + documents_a_search - 1) / documents_a_search);
}

}  // namespace

invoke_model invoke_model_of(std::string_view id) noexcept {
  constexpr std::array<std::pair<std::string_view, invoke_model>, 11> known{
      {{"amazon.titan-embed-text-v2", invoke_model::titan_text_v2},
       {"amazon.titan-embed-image", invoke_model::titan_multimodal},
       {"amazon.titan-embed", invoke_model::titan_text},
       {"amazon.nova-2-multimodal-embeddings", invoke_model::nova_embeddings},
       {"cohere.embed-v4", invoke_model::cohere_embed_v4},
       {"cohere.embed-", invoke_model::cohere_embed},
       {"amazon.nova-canvas", invoke_model::amazon_image},
       {"amazon.titan-image-generator", invoke_model::amazon_image},
       {"stability.sd3", invoke_model::stability_image},
       {"stability.stable-image-", invoke_model::stability_image},
       {"cohere.rerank-", invoke_model::cohere_rerank}}};
  for (const auto& [word, is] : known) {
    if (id.find(word) != std::string_view::npos) return is;
  }
  return invoke_model::unknown;
}

outcome read_invocation(const answer_input& in, std::string_view body) {
  if (in.asked.kind == model::endpoint::rerank) {
    auto read = openai::read_rerank(in, "application/json", body);
    if (read && !read->facts.usage) {
      read->facts.usage.emplace();
      read->facts.usage->searches = searches_of(in.asked);
    }
    return read;
  }
  thread_local json::reader reader;
  if (!reader.read(json::without_bom(body), json::surrogates::any))
    return not_an_answer("The provider's answer is not valid JSON: " + reader.failure().message + ".");
  return in.asked.kind == model::endpoint::embeddings ? embeddings(in, reader.root()) : images(in, reader.root());
}

}  // namespace spidergate::providers::bedrock
