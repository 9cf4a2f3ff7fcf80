#include "usage.hpp"

#include <spidergate/json/name_table.hpp>

#include <array>
#include <initializer_list>
#include <string_view>

namespace spidergate::providers::openai {

namespace {

constexpr std::int64_t absurd = 1'000'000'000;

constexpr json::name_table usage_names(std::to_array<std::string_view>({
    "prompt_tokens",
    "input_tokens",
    "completion_tokens",
    "output_tokens",
    "total_tokens",
    "prompt_tokens_details",
    "input_tokens_details",
    "input_token_details",
    "completion_tokens_details",
    "output_tokens_details",
    "output_token_details",
    "prompt_cache_hit_tokens",
    "prompt_cache_miss_tokens",
    "cached_tokens",
    "num_cached_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "reasoning_tokens",
    "audio_prompt_tokens",
}));
constexpr json::name_table details_names(std::to_array<std::string_view>({
    "cached_tokens",
    "cache_write_tokens",
    "cache_creation_tokens",
    "cache_creation_input_tokens",
    "reasoning_tokens",
    "audio_tokens",
}));
using usage_members = json::picked<usage_names>;
using details_members = json::picked<details_names>;

/// The first of the members that is an object; {} when none is.
json::value details_of(const usage_members& usage, std::initializer_list<usage_members::name> wanted) {
  for (const auto name : wanted) {
    if (const auto v = usage[name]; v.is(json::kind::object)) return v;
  }
  return {};
}

using figure = std::optional<std::int64_t>;

/// The figures as they are written, under whatever name.
struct said {
  figure prompt, completion, total, cached, written, reasoning, sound_in, sound_out;
  bool part_of_prompt = false;  ///< cached and written stand where OpenAI has parts of the prompt
};

class counter {
 public:
  /// The first of the members that is there, null being as good as absent.
  template <class Members>
  [[nodiscard]] figure first(const Members& of, std::initializer_list<typename Members::name> wanted) {
    for (const auto name : wanted) {
      const auto v = of[name];
      if (!v.given()) continue;
      const auto number = v.whole_number();
      if (number && *number >= 0 && *number <= absurd) return number;
      impossible = true;
      return std::nullopt;
    }
    return std::nullopt;
  }
  bool impossible = false;
};

said read_figures(json::value object, counter& count) {
  const usage_members usage(object);
  const details_members prompt(
      details_of(usage, {"prompt_tokens_details", "input_tokens_details", "input_token_details"}));
  const details_members completion(
      details_of(usage, {"completion_tokens_details", "output_tokens_details", "output_token_details"}));
  said is;
  is.prompt = count.first(usage, {"prompt_tokens", "input_tokens"});
  is.completion = count.first(usage, {"completion_tokens", "output_tokens"});
  is.total = count.first(usage, {"total_tokens"});
  is.cached = count.first(prompt, {"cached_tokens"});
  is.written = count.first(prompt, {"cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens"});
  is.part_of_prompt = is.cached || is.written;
  // DeepSeek, Moonshot, Mistral, and Anthropic's names as some gateways keep them.
  if (!is.cached)
    is.cached = count.first(
        usage, {"prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens"});
  if (!is.written) is.written = count.first(usage, {"cache_creation_input_tokens"});
  const auto missed = count.first(usage, {"prompt_cache_miss_tokens"});
  if (!is.prompt && is.cached && missed) is.prompt = *is.cached + *missed;
  is.reasoning = count.first(completion, {"reasoning_tokens"});
  if (!is.reasoning) is.reasoning = count.first(usage, {"reasoning_tokens"});
  is.sound_in = count.first(prompt, {"audio_tokens"});
  if (!is.sound_in) is.sound_in = count.first(usage, {"audio_prompt_tokens"});
  is.sound_out = count.first(completion, {"audio_tokens"});
  return is;
}

/// Adds to the wholes the parts that a provider counts beside them, which its total tells. False when the figures
/// contradict each other.
bool complete_wholes(const said& is, model::usage& tokens) {
  std::int64_t missing = is.total ? *is.total - tokens.prompt - tokens.completion : 0;
  const auto left_out = [&missing](std::int64_t part) {
    if (part <= 0 || missing != part) return false;
    missing = 0;
    return true;
  };
  const auto cache = tokens.cached + tokens.cache_written;
  const bool more_than_prompt = cache > tokens.prompt;
  const bool beside = left_out(cache);
  if (more_than_prompt && !beside && is.part_of_prompt) return false;
  // Who reports more than the prompt holds counts beside it, as Anthropic does, whatever its total says.
  if (beside || more_than_prompt) tokens.prompt += cache;
  // Mistral's prompt_tokens leave sound out, xAI's completion_tokens leave reasoning out.
  const auto add_if_beside = [&](std::int64_t part, std::int64_t& whole) {
    if (left_out(part) || (!is.total && part > whole)) whole += part;
  };
  add_if_beside(tokens.reasoning, tokens.completion);
  add_if_beside(tokens.audio_prompt, tokens.prompt);
  add_if_beside(tokens.audio_completion, tokens.completion);
  return true;
}

enum class sense : std::uint8_t { good, unsaid, impossible };

sense read_into(model::usage& tokens, json::value usage, bool completes) {
  counter count;
  auto is = read_figures(usage, count);
  if (count.impossible) return sense::impossible;

  if (!completes && !is.prompt) is.prompt = is.total;
  if (!completes && !is.completion) is.completion = 0;
  if (is.prompt && !is.completion && is.total) {
    if (*is.total < *is.prompt) return sense::impossible;
    is.completion = *is.total - *is.prompt;
  }
  if (!is.prompt || !is.completion) return sense::unsaid;

  tokens.prompt = *is.prompt, tokens.completion = *is.completion;
  tokens.cached = is.cached.value_or(0), tokens.cache_written = is.written.value_or(0);
  tokens.reasoning = is.reasoning.value_or(0);
  tokens.audio_prompt = is.sound_in.value_or(0), tokens.audio_completion = is.sound_out.value_or(0);
  if (!complete_wholes(is, tokens)) return sense::impossible;
  // Some gateways count parts with another tokenizer than the rest; what shows is what is charged.
  const auto in = model::buckets_of(tokens);
  tokens.reasoning = in.reasoning;
  tokens.audio_prompt = in.audio_prompt, tokens.audio_completion = in.audio_completion;
  return sense::good;
}

}  // namespace

usage_reading read_usage(json::value usage, bool completes) {
  usage_reading out;
  if (!usage.is(json::kind::object)) return out;
  const auto made = read_into(out.tokens.emplace(), usage, completes);
  if (made != sense::good) out.tokens.reset();
  out.impossible = made == sense::impossible;
  return out;
}

}  // namespace spidergate::providers::openai
