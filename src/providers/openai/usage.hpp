#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/model/usage.hpp>

#include <cstdint>
#include <optional>

namespace spidergate::providers::openai {

/// What a `usage` object came to.
struct usage_reading {
  std::optional<model::usage> tokens;  ///< nothing when it does not say, or says what cannot be
  bool impossible = false;             ///< negative, fractional, no number, beyond 10^9, or contradictory
};

/// Reads the `usage` of OpenAI and of those who write it otherwise. Zero is a value; null is as good as absent. Parts
/// that a provider counts beside their whole are added to it, so that the parts of what is read never exceed it.
/// `completes` is false for embeddings, which have no completion to count.
[[nodiscard]] usage_reading read_usage(json::value usage, bool completes);

}  // namespace spidergate::providers::openai
