#include "reading.hpp"

#include <spidergate/core/base64.hpp>
#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::providers::bedrock {

chat::finish finish_of(std::string_view stop_reason) noexcept {
  constexpr std::array<std::pair<std::string_view, chat::finish>, 7> known{
      {{"end_turn", chat::finish::stop},
       {"stop_sequence", chat::finish::stop},
       {"tool_use", chat::finish::tool_calls},
       {"max_tokens", chat::finish::length},
       {"model_context_window_exceeded", chat::finish::length},
       {"guardrail_intervened", chat::finish::content_filter},
       {"content_filtered", chat::finish::content_filter}}};
  for (const auto& [name, how] : known) {
    if (name == stop_reason) return how;
  }
  return chat::finish::stop;
}

bool is_malformed(std::string_view stop_reason) noexcept {
  return stop_reason == "malformed_model_output" || stop_reason == "malformed_tool_use";
}

std::optional<model::usage> read_usage(json::value usage, bool& impossible) {
  chat::usage_figures figures;
  model::usage used;
  used.cached = figures.read(usage.find("cacheReadInputTokens"));
  used.cache_written = figures.read(usage.find("cacheWriteInputTokens"));
  used.prompt = figures.read(usage.find("inputTokens"), -1);
  used.completion = figures.read(usage.find("outputTokens"), -1);
  for (const auto detail : usage.find("cacheDetails").elements()) {
    const auto tokens = figures.read(detail.find("inputTokens"));
    if (detail.find("ttl").literal() == "1h") used.cache_written_1h = std::min(tokens, used.cache_written);
  }
  impossible = figures.impossible();
  if (impossible || used.prompt < 0 || used.completion < 0) return std::nullopt;
  used.prompt += used.cached + used.cache_written;
  return used;
}

std::string annotation_of(json::value citation, std::int64_t start, std::int64_t end) {
  auto url = citation.find("location").find("web").find("url");
  const auto is_address = [](json::value v) {
    return v.literal().starts_with("http://") || v.literal().starts_with("https://");
  };
  if (!is_address(url)) url = citation.find("source");
  if (!is_address(url)) return {};
  auto title = citation.find("title").literal();
  if (title.empty()) title = citation.find("location").find("web").find("domain").literal();
  std::string out = R"({"type":"url_citation","url_citation":{"url":")";
  out.append(url.literal()).append(R"(","title":")").append(title);
  out.append(R"(","start_index":)").append(std::to_string(start));
  out.append(R"(,"end_index":)").append(std::to_string(end));
  std::string quoted;
  for (const auto piece : citation.find("sourceContent").elements()) quoted.append(piece.find("text").literal());
  if (!quoted.empty()) out.append(R"(,"content":")").append(quoted).append("\"");
  return out.append("}}");
}

std::string sealed_thought(std::string_view data_literal, std::string_view format, std::size_t index) {
  if (format != "anthropic-claude-v1") return chat::reasoning_encrypted(data_literal, {}, format, index);
  std::string plain;
  if (!append_base64_decoded(plain, data_literal)) plain = data_literal;
  std::string quoted;
  append_json_string(quoted, plain);
  return chat::reasoning_encrypted(std::string_view(quoted).substr(1, quoted.size() - 2), {}, format, index);
}

}  // namespace spidergate::providers::bedrock
