#pragma once
#include <spidergate/json/splice.hpp>
#include <spidergate/json/value.hpp>

#include <vector>

/// Answers that are OpenAI's but for the form of a message.
namespace spidergate::providers::openai {

/// Mistral's models that think answer with a list of parts. It becomes the text, and the thoughts `reasoning_content`
/// beside it. A list with other parts than text, thinking and references is left alone. `content` is a member of a
/// message or a delta.
void flatten_content(const json::member& content, json::splice& edits);

/// A source that the answer stands on.
struct source {
  json::value url, title;  ///< strings; the title may be absent
};
/// Of Perplexity (`search_results`, `citations`) and xAI (`citations`); none elsewhere.
[[nodiscard]] std::vector<source> cited_sources(json::value root);
/// The same of the two members.
[[nodiscard]] std::vector<source> cited_sources(json::value search_results, json::value citations);
/// Gives a message `annotations` of OpenAI's kind (url_citation), unless it has some. What the provider wrote stays.
/// `message` is an object of the text that `edits` is about.
void annotate(json::value message, const std::vector<source>& sources, json::splice& edits);

}  // namespace spidergate::providers::openai
