#pragma once
#include <spidergate/catalogue/catalogue.hpp>

#include <string_view>

namespace spidergate::providers::anthropic {

/// What a model of the Messages API takes, read off its id ("claude-opus-4-8", "claude-3-7-sonnet@20250219",
/// "us.anthropic.claude-haiku-4-5-20251001-v1:0") as Anthropic's model overview and migration guides have it, and off
/// the catalogue. A model with another name (MiniMax speaks this dialect too) is taken for an early one that thinks
/// where the catalogue says so.
struct claude_model {
  bool thinks = false;              ///< takes `thinking` at all (3.7 and later)
  bool adaptive = false;            ///< takes thinking.type "adaptive" and output_config.effort (4.6 and later)
  bool budgets = false;             ///< takes thinking.type "enabled" with budget_tokens (until 4.6)
  bool thinks_unasked = false;      ///< thinks where `thinking` is left out (the fifth generation)
  bool always_thinks = false;       ///< refuses thinking.type "disabled" (Fable, Mythos)
  bool no_forced_tools = false;     ///< refuses tool_choice any and tool (Fable and Mythos from 5.1)
  bool no_sampling = false;         ///< refuses temperature, top_p and top_k (Opus 4.7 and later, the fifth generation)
  bool one_sampling_only = false;   ///< refuses temperature and top_p together (Opus 4.1, 4.5 and later)
  bool effort_xhigh = false;        ///< knows effort "xhigh"
  bool effort_max = false;          ///< knows effort "max"
  bool structured_outputs = false;  ///< takes output_config.format and strict tools (4.5 and later)
  std::int64_t default_max_tokens = 4096;  ///< where nobody says: no model refuses it
};

/// `entry` may be null.
[[nodiscard]] claude_model describe(std::string_view id, const catalogue::model_entry* entry);

}  // namespace spidergate::providers::anthropic
