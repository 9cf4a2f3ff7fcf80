#include "usage.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace spidergate::providers::openai {

namespace {

constexpr std::int64_t absurd = 1'000'000'000;

using names = std::initializer_list<std::string_view>;

class counter {
 public:
  /// The first of the members that is there.
  [[nodiscard]] std::optional<std::int64_t> first(json::value object, names wanted) {
    for (const auto name : wanted) {
      const auto v = object.find(name);
      if (!v.given()) continue;
      const auto number = v.whole_number();
      if (!number || *number < 0 || *number > absurd) {
        impossible = true;
        return std::nullopt;
      }
      return number;
    }
    return std::nullopt;
  }
  bool impossible = false;
};

/// Where both are said, the more exact place is read first; {} when neither.
json::value either(json::value usage, std::string_view name, std::string_view other) {
  const auto v = usage.find(name);
  return v.is(json::kind::object) ? v : usage.find(other);
}

}  // namespace

usage_reading read_usage(json::value usage, bool completes) {
  if (!usage.is(json::kind::object)) return {};
  counter count;
  auto prompt = count.first(usage, {"prompt_tokens", "input_tokens"});
  auto completion = count.first(usage, {"completion_tokens", "output_tokens"});
  const auto total = count.first(usage, {"total_tokens"});
  const auto prompt_details = either(usage, "prompt_tokens_details", "input_tokens_details");
  const auto completion_details = either(usage, "completion_tokens_details", "output_tokens_details");
  auto cached = count.first(prompt_details, {"cached_tokens"});
  // DeepSeek, Moonshot, and Anthropic's names as some gateways keep them.
  if (!cached) cached = count.first(usage, {"prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"});
  auto written = count.first(prompt_details, {"cache_write_tokens", "cache_creation_tokens"});
  if (!written) written = count.first(usage, {"cache_creation_input_tokens"});
  auto reasoning = count.first(completion_details, {"reasoning_tokens"});
  if (!reasoning) reasoning = count.first(usage, {"reasoning_tokens"});
  if (count.impossible) return {std::nullopt, true};

  if (!completes && !prompt) prompt = total;
  if (!completes && !completion) completion = 0;
  if (prompt && !completion && total) completion = std::max<std::int64_t>(*total - *prompt, 0);
  if (!prompt || !completion) return {};

  model::usage tokens;
  tokens.cached = cached.value_or(0);
  tokens.cache_written = written.value_or(0);
  tokens.reasoning = reasoning.value_or(0);
  // `cached` is part of the prompt; who reports more than the prompt holds counts beside it, as Anthropic does.
  const bool beside = tokens.cached + tokens.cache_written > *prompt;
  tokens.prompt = *prompt + (beside ? tokens.cached + tokens.cache_written : 0);
  // Mistral's prompt_tokens leave sound out, xAI's completion_tokens leave reasoning out; the total tells.
  const auto left_out = [&](std::int64_t part) { return part > 0 && total && *total == *prompt + *completion + part; };
  const auto sound = count.first(prompt_details, {"audio_tokens"}).value_or(0);
  if (left_out(sound)) tokens.prompt += sound;
  const bool thought_beside = left_out(tokens.reasoning) || (!total && tokens.reasoning > *completion);
  tokens.completion = *completion + (thought_beside ? tokens.reasoning : 0);
  // Some gateways count reasoning with another tokenizer than the rest.
  tokens.reasoning = std::min(tokens.reasoning, tokens.completion);
  return {tokens, false};
}

}  // namespace spidergate::providers::openai
