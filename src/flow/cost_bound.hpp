#pragma once
#include "plan.hpp"

#include <spidergate/flow/serve.hpp>

#include <cstdint>
#include <optional>

namespace spidergate::flow {

/// What a request can cost, whichever of its candidates serves. A price that is not known counts as nothing, as it does
/// in the receipt.
struct cost_bound {
  money worst;
  /// Enough for an answer of 500 tokens where its length is ours to choose (the client set no max_tokens); else worst.
  money least;
};

/// `order` is what may serve. Pure.
[[nodiscard]] cost_bound bound_cost(const routing_snapshot& routing, const std::string& brand_id,
                                    const std::vector<router::ranked_candidate>& order,
                                    const model::inference_request& asked);

/// How many tokens the answer may have so that it costs at most `granted` at any candidate, and stays within what was
/// assumed of models whose longest answer is not known; nothing when it need not be told. REQUIRES: granted is at least
/// cost_bound::least, and the client set no max_tokens. Pure.
[[nodiscard]] std::optional<std::int64_t> affordable_tokens(const routing_snapshot& routing,
                                                            const std::string& brand_id,
                                                            const std::vector<router::ranked_candidate>& order,
                                                            const model::inference_request& asked, money granted);

/// True when money limits hold for that caller, so that bounds are worth computing.
[[nodiscard]] bool has_budgets(const auth::principal& who) noexcept;

}  // namespace spidergate::flow
