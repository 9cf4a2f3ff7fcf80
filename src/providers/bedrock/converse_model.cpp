#include "converse_model.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <utility>

namespace spidergate::providers::bedrock {

namespace {

bool holds(std::string_view id, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [id](std::string_view w) { return id.find(w) != std::string_view::npos; });
}

vendor vendor_of(std::string_view id) {
  using entry = std::pair<std::string_view, vendor>;
  constexpr std::array<entry, 17> known{{{"claude", vendor::anthropic},
                                         {"amazon.nova", vendor::nova},
                                         {"amazon.titan", vendor::titan},
                                         {"meta.", vendor::meta},
                                         {"mistral.", vendor::mistral},
                                         {"cohere.", vendor::cohere},
                                         {"ai21.", vendor::ai21},
                                         {"deepseek.", vendor::deepseek},
                                         {"qwen.", vendor::qwen},
                                         {"openai.", vendor::openai},
                                         {"moonshot.", vendor::moonshot},
                                         {"moonshotai.", vendor::moonshot},
                                         {"zai.", vendor::other_open},
                                         {"minimax.", vendor::other_open},
                                         {"google.", vendor::other_open},
                                         {"nvidia.", vendor::other_open},
                                         {"writer.", vendor::other_open}}};
  for (const auto& [word, is] : known) {
    if (id.find(word) != std::string_view::npos) return is;
  }
  return vendor::unknown;
}

thinking_style thinking_of(vendor of, std::string_view id, const anthropic::claude_model& claude) {
  switch (of) {
    case vendor::anthropic:
      return claude.thinks ? thinking_style::claude : thinking_style::none;
    case vendor::nova:
      return holds(id, {"nova-2-"}) ? thinking_style::nova : thinking_style::none;
    case vendor::openai:
      return holds(id, {"gpt-oss"}) ? thinking_style::effort : thinking_style::effort_object;
    case vendor::deepseek:
      // R1 always thinks and takes no wish.
      return holds(id, {".r1"}) ? thinking_style::none : thinking_style::effort;
    case vendor::moonshot:
      return thinking_style::effort;
    case vendor::qwen:
      return thinking_style::config_word;
    default:
      return thinking_style::none;
  }
}

/// The first models of these vendors, which knew less.
bool is_early_mistral(std::string_view id) {
  return holds(id, {"mistral-7b", "mixtral", "-2402", "-2407", "pixtral"});
}

bool has_structured_outputs(vendor of, std::string_view id, const anthropic::claude_model& claude) {
  switch (of) {
    case vendor::anthropic:
      return claude.structured_outputs;
    case vendor::mistral:
      return !is_early_mistral(id);
    case vendor::deepseek:
      return !holds(id, {".r1"});
    case vendor::qwen:
    case vendor::openai:
    case vendor::moonshot:
    case vendor::other_open:
      return true;
    default:
      return false;
  }
}

std::string_view top_k_of(vendor of) {
  switch (of) {
    case vendor::anthropic:
    case vendor::mistral:
      return "top_k";
    case vendor::nova:
      return "topK";
    case vendor::cohere:
      return "k";
    default:
      return {};
  }
}

std::string_view format_of(vendor of) {
  switch (of) {
    case vendor::anthropic:
      return "anthropic-claude-v1";
    case vendor::nova:
      return "bedrock-nova-v1";
    case vendor::openai:
      return "bedrock-openai-v1";
    default:
      return "bedrock-converse-v1";
  }
}

}  // namespace

converse_model describe_model(std::string_view id, const catalogue::model_entry* entry) {
  const std::string lower = to_lower(id);
  converse_model can;
  can.of = vendor_of(lower);
  if (can.of == vendor::anthropic) can.claude = anthropic::describe(lower, entry);
  can.thinks = thinking_of(can.of, lower, can.claude);
  can.takes_system = can.of != vendor::titan &&
                     !holds(lower, {"mistral-7b", "mixtral", "cohere.command-text", "cohere.command-light", "ai21.j2"});
  const bool weak =
      can.of == vendor::meta || can.of == vendor::cohere || can.of == vendor::ai21 || can.of == vendor::titan;
  const bool claude = can.of == vendor::anthropic, nova = can.of == vendor::nova;
  can.forces_tools = !weak && !(claude && can.claude.no_forced_tools);
  can.forces_named_tool = can.forces_tools && (claude || nova || can.of == vendor::unknown);
  can.structured_outputs = has_structured_outputs(can.of, lower, can.claude);
  can.caches = claude || nova || can.of == vendor::unknown;
  can.caches_tools = claude || can.of == vendor::unknown;
  can.tool_status = can.caches;
  can.json_results = can.of == vendor::mistral && is_early_mistral(lower);
  can.system_tools = nova && holds(lower, {"nova-2-"});
  can.top_k = top_k_of(can.of);
  can.reasoning_format = format_of(can.of);
  return can;
}

}  // namespace spidergate::providers::bedrock
