#include "usage.hpp"

#include "../chat/answer.hpp"

#include <spidergate/json/name_table.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace spidergate::providers::gemini {

namespace {

constexpr json::name_table usage_names(std::to_array<std::string_view>({
    "promptTokenCount",
    "toolUsePromptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "totalTokenCount",
    "cachedContentTokenCount",
    "promptTokensDetails",
    "cacheTokensDetails",
    "candidatesTokensDetails",
}));

/// Tokens of one modality in a list of {"modality","tokenCount"}; numbers stand for names with enum-encoding=int.
std::int64_t tokens_of(json::value list, std::string_view modality, std::int64_t number, chat::usage_figures& figures) {
  std::int64_t tokens = 0;
  for (const auto entry : list.elements()) {
    const auto is = entry.find("modality");
    if (is.literal() == modality || is.whole_number() == number) tokens += figures.read(entry.find("tokenCount"));
  }
  return tokens;
}

}  // namespace

usage_reading read_usage(json::value metadata) {
  const json::picked<usage_names> said(metadata);
  if (!said["promptTokenCount"].exists()) return {};
  chat::usage_figures figures;
  const auto prompt = figures.read(said["promptTokenCount"]);
  const auto by_tools = figures.read(said["toolUsePromptTokenCount"]);
  const auto answer = figures.read(said["candidatesTokenCount"]);
  const auto thoughts = figures.read(said["thoughtsTokenCount"]);
  const auto total = figures.read(said["totalTokenCount"]);
  model::usage used;
  used.prompt = prompt + by_tools;
  used.cached = figures.read(said["cachedContentTokenCount"]);
  used.reasoning = thoughts;
  // Some answers of Vertex count thoughts among the candidates' tokens, which the total gives away.
  const bool counted = thoughts > 0 && answer >= thoughts && used.prompt + answer == total;
  used.completion = counted ? answer : answer + thoughts;
  constexpr std::pair<std::string_view, std::int64_t> image{"IMAGE", 2}, audio{"AUDIO", 4};
  const auto uncached = [&](std::pair<std::string_view, std::int64_t> what) {
    const auto all = tokens_of(said["promptTokensDetails"], what.first, what.second, figures);
    return std::max<std::int64_t>(0, all - tokens_of(said["cacheTokensDetails"], what.first, what.second, figures));
  };
  used.audio_prompt = uncached(audio);
  used.image_prompt = uncached(image);
  const auto made = said["candidatesTokensDetails"];
  used.audio_completion = tokens_of(made, audio.first, audio.second, figures);
  used.image_completion = tokens_of(made, image.first, image.second, figures);
  usage_reading reading;
  reading.impossible = figures.impossible() || used.cached > used.prompt;
  if (!reading.impossible) reading.tokens = used;
  return reading;
}

}  // namespace spidergate::providers::gemini
