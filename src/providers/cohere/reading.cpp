#include "../error_reading.hpp"
#include "cohere_dialect.hpp"

#include <array>
#include <charconv>

namespace spidergate::providers::cohere {

namespace {

/// Where a source tells its address: in the document itself or in its data, as RAG pipelines write it.
json::value address_of(json::value source) {
  for (const std::string_view holder : {"document", "tool_output"}) {
    const auto document = source.find(holder);
    for (const auto place : {document, document.find("data")}) {
      const auto url = place.find("url");
      if (url.literal().starts_with("http")) return url;
    }
  }
  return {};
}

json::value title_of(json::value source) {
  const auto document = source.find("document");
  const auto title = document.find("title");
  return title.exists() ? title : document.find("data").find("title");
}

void append_number(std::string& out, double number) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// A text of several tokens has the probability of all of them together.
void append_entry(std::string& entries, json::value said) {
  const auto text = said.find("text");
  double sum = 0;
  bool any = false;
  for (const auto one : said.find("logprobs").elements()) {
    const auto raw = one.raw();
    double number = 0;
    if (!one.is(json::kind::number) || std::from_chars(raw.data(), raw.data() + raw.size(), number).ec != std::errc{})
      return;
    sum += number;
    any = true;
  }
  if (!any || !text.is(json::kind::string)) return;
  if (!entries.empty()) entries.push_back(',');
  entries.append("{\"token\":").append(text.raw()).append(",\"logprob\":");
  append_number(entries, sum);
  entries.append(",\"bytes\":null,\"top_logprobs\":[]}");
}

}  // namespace

chat::finish finish_of(std::string_view reason) noexcept {
  if (reason == "MAX_TOKENS" || reason == "ERROR_LIMIT") return chat::finish::length;
  if (reason == "TOOL_CALL") return chat::finish::tool_calls;
  if (reason == "ERROR_TOXIC") return chat::finish::content_filter;
  return chat::finish::stop;
}

bool failed(std::string_view reason) noexcept {
  return reason == "ERROR" || reason == "TIMEOUT";
}

provider_error failure_of(json::value said) {
  provider_error error;
  error.message = presentable(said.find("error").text());
  error.type = presentable(said.find("error_type").text());
  if (error.message.empty()) {
    error.message = "Cohere ended its answer with " + presentable(said.find("finish_reason").text()) + ".";
  }
  // Whatever it was, the request was taken: another attempt may mend it.
  const auto kind = classify(error);
  error.kind =
      kind == error_class::context_length || kind == error_class::rate_limited || kind == error_class::overloaded
          ? kind
          : error_class::failed;
  return error;
}

std::optional<model::usage> read_usage(json::value usage, bool& impossible) {
  auto tokens = usage.find("tokens");
  // What is billed leaves Cohere's own preamble out; where nothing else is said it is the best there is.
  if (!tokens.find("input_tokens").given()) tokens = usage.find("billed_units");
  if (!tokens.find("input_tokens").given()) return std::nullopt;
  chat::usage_figures figures;
  model::usage used;
  used.image_prompt = figures.read(tokens.find("image_tokens"));
  used.prompt = figures.read(tokens.find("input_tokens")) + used.image_prompt;
  used.completion = figures.read(tokens.find("output_tokens"));
  used.reasoning = figures.read(tokens.find("reasoning_tokens"));
  used.cached = figures.read(usage.find("cached_tokens"));
  impossible = figures.impossible() || used.reasoning > used.completion || used.cached > used.prompt;
  if (impossible) return std::nullopt;
  return used;
}

std::string url_citation(json::value citation) {
  for (const auto source : citation.find("sources").elements()) {
    const auto url = address_of(source);
    if (!url.exists()) continue;
    std::string out = R"({"type":"url_citation","url_citation":{"url":)";
    out.append(url.raw());
    if (const auto title = title_of(source); title.is(json::kind::string)) {
      out.append(",\"title\":").append(title.raw());
    } else {
      out.append(",\"title\":\"\"");
    }
    for (const std::string_view place : {"start", "end"}) {
      const auto at = citation.find(place).whole_number();
      out.append(",\"").append(place).append("_index\":").append(std::to_string(at.value_or(0)));
    }
    return out.append("}}");
  }
  return {};
}

void append_logprobs(std::string& entries, json::value said) {
  if (said.is(json::kind::object)) append_entry(entries, said);
  for (const auto one : said.elements()) append_entry(entries, one);
}

}  // namespace spidergate::providers::cohere
