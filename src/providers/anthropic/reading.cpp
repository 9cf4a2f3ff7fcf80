#include "reading.hpp"

#include "../error_reading.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/name_table.hpp>
#include <spidergate/json/plain_run.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::providers::anthropic {

namespace {

constexpr std::string_view fence = "```";
constexpr std::string_view line_end = "\\n";

constexpr json::name_table usage_names(std::to_array<std::string_view>({
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation",
    "output_tokens",
    "output_tokens_details",
    "server_tool_use",
}));

bool starts_with_blank(std::string_view literal, std::size_t& length) {
  length = literal.starts_with(' ') ? 1 : 2;
  return literal.starts_with(' ') || literal.starts_with("\\n") || literal.starts_with("\\r") ||
         literal.starts_with("\\t");
}

std::string_view without_leading_blanks(std::string_view literal) {
  for (std::size_t length = 0; starts_with_blank(literal, length);) literal.remove_prefix(length);
  return literal;
}

/// REQUIRES: it ends where a token of the text ends, which a fence or a JSON text does.
std::string_view without_trailing_blanks(std::string_view literal) {
  while (true) {
    if (literal.ends_with(' ')) {
      literal.remove_suffix(1);
    } else if (literal.ends_with("\\n") || literal.ends_with("\\r") || literal.ends_with("\\t")) {
      literal.remove_suffix(2);
    } else {
      return literal;
    }
  }
}

std::string_view without_closing_fence(std::string_view literal) {
  const auto bare = without_trailing_blanks(literal);
  return bare.ends_with(fence) ? without_trailing_blanks(bare.substr(0, bare.size() - fence.size())) : literal;
}

/// Where the end begins that may still turn out to be white space and a fence: escapes are never cut in two, as the
/// byte before it is no backslash.
std::size_t begin_of_open_end(std::string_view literal) {
  const auto last = literal.find_last_not_of("\\nrt `");
  return last == std::string_view::npos ? 0 : last + 1;
}

}  // namespace

void token_counts::take(json::value figure, std::optional<std::int64_t>& into) {
  if (!figure.given()) return;
  chat::usage_figures figures;
  const auto number = figures.read(figure);
  impossible_ = impossible_ || figures.impossible();
  into = number;
}

void token_counts::read(json::value usage) {
  impossible_ = false;
  const json::picked<usage_names> said(usage);
  take(said["input_tokens"], input_);
  take(said["cache_read_input_tokens"], read_);
  take(said["cache_creation_input_tokens"], written_);
  take(said["cache_creation"].find("ephemeral_1h_input_tokens"), written_1h_);
  take(said["output_tokens"], output_);
  take(said["output_tokens_details"].find("thinking_tokens"), thinking_);
  take(said["server_tool_use"].find("web_search_requests"), searches_);
}

std::optional<model::usage> token_counts::total() const {
  if (impossible_ || !input_ || !output_) return std::nullopt;
  model::usage used;
  used.cached = read_.value_or(0);
  used.cache_written_1h = written_1h_.value_or(0);
  used.cache_written = std::max(written_.value_or(0), used.cache_written_1h);
  used.prompt = *input_ + used.cached + used.cache_written;
  used.completion = *output_;
  used.reasoning = std::min(thinking_.value_or(0), used.completion);
  used.web_searches = searches_.value_or(0);
  return used;
}

chat::finish finish_of(std::string_view stop_reason) noexcept {
  constexpr std::array<std::pair<std::string_view, chat::finish>, 8> known{
      {{"end_turn", chat::finish::stop},
       {"stop_sequence", chat::finish::stop},
       {"pause_turn", chat::finish::stop},
       {"tool_use", chat::finish::tool_calls},
       {"max_tokens", chat::finish::length},
       {"model_context_window_exceeded", chat::finish::length},
       {"refusal", chat::finish::content_filter},
       {"compaction", chat::finish::stop}}};
  for (const auto& [name, how] : known) {
    if (name == stop_reason) return how;
  }
  return chat::finish::stop;
}

std::string annotation_of(json::value citation, std::int64_t start, std::int64_t end) {
  auto url = citation.find("url");
  if (!url.is(json::kind::string) && citation.find("type").literal() == "search_result_location") {
    url = citation.find("source");
  }
  if (!url.is(json::kind::string)) return {};
  const auto inside = [](json::value v) { return std::string(v.literal()); };
  std::string out = R"({"type":"url_citation","url_citation":{"url":")" + inside(url) + R"(","title":")" +
                    inside(citation.find("title")) + R"(","start_index":)" + std::to_string(start) +
                    ",\"end_index\":" + std::to_string(end);
  if (const auto text = citation.find("cited_text"); text.is(json::kind::string)) {
    out.append(R"(,"content":")").append(text.literal()).append("\"");
  }
  return out.append("}}");
}

std::int64_t characters_in(std::string_view literal) noexcept {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < literal.size(); ++i) {
    const auto byte = static_cast<unsigned char>(literal[i]);
    if (byte < 0x80 && byte != '\\') {
      const auto run = json::plain_run(literal.substr(i));
      count += static_cast<std::int64_t>(run);
      i += run - 1;
      continue;
    }
    if ((byte & 0xC0) == 0x80) continue;
    ++count;
    if (literal[i] != '\\' || i + 1 >= literal.size()) continue;
    ++i;
    if (literal[i] != 'u') continue;
    // The second half of a pair is no character of its own.
    const auto code = literal.substr(i + 1, 2);
    const bool low = code.size() == 2 && (code[0] == 'd' || code[0] == 'D') &&
                     ((code[1] >= 'c' && code[1] <= 'f') || (code[1] >= 'C' && code[1] <= 'F'));
    if (low) --count;
    i += 4;
  }
  return count;
}

std::string as_literal(json::value object) {
  std::string quoted;
  append_json_string(quoted, object.raw());
  return quoted.substr(1, quoted.size() - 2);
}

std::string_view without_fence(std::string_view literal) noexcept {
  const auto begin = without_leading_blanks(literal);
  if (!begin.starts_with(fence)) return literal;
  const auto line = begin.find(line_end);
  if (line == std::string_view::npos) return literal;
  return without_closing_fence(begin.substr(line + line_end.size()));
}

std::string fence_filter::pass(std::string_view literal) {
  if (at_ == at::unfenced) return std::string(literal);
  held_.append(literal);
  if (at_ == at::beginning) {
    const auto begin = without_leading_blanks(held_);
    const bool undecided = begin.empty() || begin == "\\" || fence.starts_with(begin);
    if (undecided && held_.size() < 256) return {};
    at_ = begin.starts_with(fence) ? at::fence_line : at::unfenced;
    if (at_ == at::unfenced) return std::exchange(held_, {});
  }
  if (at_ == at::fence_line) {
    const auto line = held_.find(line_end, held_.find(fence));
    if (line == std::string::npos) {
      if (held_.size() < 256) return {};
      at_ = at::unfenced;
      return std::exchange(held_, {});
    }
    held_.erase(0, line + line_end.size());
    at_ = at::fenced;
  }
  std::size_t ready = begin_of_open_end(held_);
  if (held_.size() - ready > 256) ready = held_.size();
  std::string out = held_.substr(0, ready);
  held_.erase(0, ready);
  return out;
}

std::string fence_filter::finish() {
  auto rest = std::exchange(held_, {});
  if (at_ == at::fenced) return std::string(without_closing_fence(rest));
  return rest;
}

provider_error in_band_error(json::value root) {
  // Anthropic's page on errors gives each type its status.
  constexpr std::array<std::pair<std::string_view, int>, 10> statuses{{{"invalid_request_error", 400},
                                                                       {"authentication_error", 401},
                                                                       {"billing_error", 402},
                                                                       {"permission_error", 403},
                                                                       {"not_found_error", 404},
                                                                       {"request_too_large", 413},
                                                                       {"rate_limit_error", 429},
                                                                       {"api_error", 500},
                                                                       {"timeout_error", 504},
                                                                       {"overloaded_error", 529}}};
  provider_error error;
  read_error(root, error);
  if (error.message.empty()) error.message = "The provider answered with an error that says nothing.";
  for (const auto& [type, status] : statuses) {
    if (error.status == 0 && error.type == type) error.status = status;
  }
  error.kind = classify(error);
  if (error.kind == error_class::rate_limited) error.retry_after = retry_after_in(error.message);
  return error;
}

}  // namespace spidergate::providers::anthropic
