#include "request_builder.hpp"

#include <limits>

namespace spidergate::openai {

bool request_builder::prompt(json::value v, const path& at) {
  if (request_.kind == model::endpoint::images) return picture_prompt(v, at);
  return text_or_tokens(v, false, at);
}

bool request_builder::input(json::value v, const path& at) {
  if (request_.kind == model::endpoint::speech) return spoken_text(v, at);
  return text_or_tokens(v, true, at);
}

/// A text, token numbers, or a list of either; inputs may also hold objects (moderation of images, multimodal
/// embeddings).
bool request_builder::text_or_tokens(json::value v, bool objects_too, const path& at) {
  if (v.is(json::kind::string)) {
    text_bytes_ += v.raw().size();
    return true;
  }
  if (!v.is(json::kind::array)) return wrong_type(v, "a string or an array", at);
  if (!not_empty(v, at)) return false;
  std::size_t index = 0;
  for (const auto element : v.elements()) {
    if (!input_element(element, objects_too, at.element(index++))) return false;
  }
  return true;
}

bool request_builder::input_element(json::value v, bool objects_too, const path& at) {
  switch (v.kind()) {
    case json::kind::string:
      text_bytes_ += v.raw().size();
      ++prompts_;
      return true;
    case json::kind::number: {
      std::int64_t token = 0;
      ++other_tokens_;
      return integer(v, 0, std::numeric_limits<std::int64_t>::max(), token, at);
    }
    case json::kind::array:
      ++prompts_;
      return token_list(v, at);
    case json::kind::object:
      text_bytes_ += v.raw().size();
      if (v.find("image_url").exists()) return image_part(v, at);
      if (objects_too) return true;
      [[fallthrough]];
    default:
      return wrong_type(v, objects_too ? "a string, tokens or an object" : "a string or tokens", at);
  }
}

bool request_builder::token_list(json::value v, const path& at) {
  std::size_t index = 0;
  std::int64_t token = 0;
  for (const auto element : v.elements()) {
    if (!integer(element, 0, std::numeric_limits<std::int64_t>::max(), token, at.element(index++))) return false;
  }
  other_tokens_ += static_cast<std::int64_t>(index);
  return true;
}

}  // namespace spidergate::openai
