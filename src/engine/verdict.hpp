#pragma once
#include "failure.hpp"

#include <spidergate/model/receipt.hpp>

#include <vector>

namespace spidergate::engine {

/// What the client is told when no attempt succeeded: the total clock, the provider's own refusal, or "every attempt
/// failed" with all of them listed (spec 12).
[[nodiscard]] model::api_error verdict_on(const std::vector<failure>& failures,
                                          const std::vector<model::attempt>& attempts, bool deadline_passed,
                                          std::chrono::milliseconds total);

/// What the client is told when keys were there, but none might be used without counting it.
[[nodiscard]] model::api_error keys_not_counted();

}  // namespace spidergate::engine
