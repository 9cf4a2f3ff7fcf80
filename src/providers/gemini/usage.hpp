#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/model/usage.hpp>

#include <optional>

namespace spidergate::providers::gemini {

struct usage_reading {
  std::optional<model::usage> tokens;  ///< nothing when absent or impossible
  bool impossible = false;
};

/// Reads usageMetadata. A prompt includes what the API's own tools read (toolUsePromptTokenCount), a completion what
/// was thought. Zeros are left out on this wire, but no prompt is empty: without promptTokenCount nothing was said.
[[nodiscard]] usage_reading read_usage(json::value metadata);

}  // namespace spidergate::providers::gemini
