#pragma once
#include "charge_list.hpp"

#include <spidergate/limits/limiter.hpp>

namespace spidergate::limits {

/// What the client is told when `said` did not admit `charges`.
[[nodiscard]] model::api_error explain(const charge_list& charges, const kv::verdict& said, epoch_ms now);

/// What the client is told when one request may not cost that much.
[[nodiscard]] model::api_error too_dear(level whose, money per_request, const demand& what);

[[nodiscard]] model::api_error limits_unknown();
[[nodiscard]] model::api_error budgets_unknown();

/// What the headers say after `said`: the tightest request and token limit of all levels.
[[nodiscard]] rate_state state_after(const charge_list& charges, const kv::verdict& said);

}  // namespace spidergate::limits
