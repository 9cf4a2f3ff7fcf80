#pragma once
#include "../chat/answer.hpp"

#include <spidergate/json/value.hpp>

#include <optional>
#include <string_view>

namespace spidergate::providers::ollama {

/// What a `done_reason` means, calls taken into account.
[[nodiscard]] chat::finish finish_of(std::string_view done_reason, bool has_calls) noexcept;

/// The counts of a last message. Nothing where it has none; `impossible` where they cannot be.
struct counts {
  std::optional<model::usage> tokens;
  bool impossible = false;
};
[[nodiscard]] counts counts_of(json::value root);

/// The id and name of one call, and its arguments as the text of a JSON object, escaped for a string literal.
[[nodiscard]] chat::answer_call call_of(json::value call);

/// `logprobs` in OpenAI's form, or empty.
[[nodiscard]] std::string logprobs_of(json::value list);

}  // namespace spidergate::providers::ollama
