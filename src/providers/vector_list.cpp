#include "vector_list.hpp"

#include "openai/embeddings.hpp"

#include <spidergate/json/reader.hpp>
#include <spidergate/json/splice.hpp>

namespace spidergate::providers {

vector_list::vector_list() : text_(std::make_unique<std::string>()), out_(*text_) {
  out_.begin_object().key("object").string("list").key("data").begin_array();
}

void vector_list::add(std::string_view raw) {
  out_.begin_object().key("object").string("embedding").key("index").number(index_++);
  out_.key("embedding").raw(raw).end_object();
}

client_answer vector_list::finish(const answer_input& in, std::string_view model_json,
                                  const std::optional<model::usage>& used) {
  out_.end_array().key("model");
  model_json.empty() ? out_.string(in.model) : out_.raw(model_json);
  if (used) {
    out_.key("usage").begin_object().key("prompt_tokens").number(used->prompt);
    out_.key("total_tokens").number(used->prompt).end_object();
  }
  out_.end_object();
  client_answer answer;
  answer.facts.usage = used;
  answer.owned.push_back(std::move(text_));
  const std::string_view text = *answer.owned.back();
  json::splice edits(text);
  json::reader reader;
  if (in.asked.wants_base64 && reader.read(text)) {
    openai::convert_embeddings(reader.root().find("data"), true, edits);
  }
  edits.move_to(answer.body, answer.owned);
  return answer;
}

}  // namespace spidergate::providers
