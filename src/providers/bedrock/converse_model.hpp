#pragma once
#include "../anthropic/claude_model.hpp"

#include <spidergate/catalogue/catalogue.hpp>

#include <cstdint>
#include <string_view>

namespace spidergate::providers::bedrock {

/// Who made a model: what Converse leaves to the models differs by that.
enum class vendor : std::uint8_t {
  unknown,  ///< an inference profile or an imported model whose id does not tell
  anthropic,
  nova,  ///< Amazon's chat models
  titan,
  meta,
  mistral,
  cohere,
  ai21,
  deepseek,
  qwen,
  openai,
  moonshot,
  other_open,  ///< the other open-weight models: GLM, MiniMax, Gemma, Nemotron
};

/// How a model is asked to think, in additionalModelRequestFields.
enum class thinking_style : std::uint8_t {
  none,
  claude,         ///< {"thinking":{…}} and {"output_config":{"effort":…}}
  nova,           ///< {"reasoningConfig":{"type":"enabled","maxReasoningEffort":…}}
  effort,         ///< {"reasoning_effort":…}
  effort_object,  ///< {"reasoning":{"effort":…}}
  config_word,    ///< {"reasoning_config":…}
};

/// What a model takes of the Converse API, read off its id as the user guide's tables ("Supported models and model
/// features", "Structured outputs", the vendors' parameter pages) have it. Ids with a geography before them
/// ("us.", "eu.", "global.") and ARNs that hold a model's id are read alike.
struct converse_model {
  vendor of = vendor::unknown;
  anthropic::claude_model claude;  ///< of vendor anthropic
  thinking_style thinks = thinking_style::none;
  bool takes_system = true;           ///< else the system prompt goes before the first user's text
  bool forces_tools = true;           ///< toolChoice any
  bool forces_named_tool = true;      ///< toolChoice tool
  bool structured_outputs = false;    ///< outputConfig.textFormat, strict tools
  bool caches = false;                ///< cachePoint in system and messages
  bool caches_tools = false;          ///< cachePoint in toolConfig
  bool tool_status = false;           ///< toolResult.status
  bool json_results = false;          ///< wants results of tools as JSON
  bool system_tools = false;          ///< systemTool (Nova 2)
  std::string_view top_k;             ///< its name in additionalModelRequestFields; empty: not taken
  std::string_view reasoning_format;  ///< in reasoning_details
};

/// `entry` may be null.
[[nodiscard]] converse_model describe_model(std::string_view id, const catalogue::model_entry* entry);

}  // namespace spidergate::providers::bedrock
