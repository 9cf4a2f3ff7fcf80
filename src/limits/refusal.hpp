#pragma once
#include "charge_list.hpp"

#include <spidergate/limits/limiter.hpp>

namespace spidergate::limits {

/// The names of the counters, before the ':' and the owner.
inline constexpr std::string_view requests_per_minute = "rpm";
inline constexpr std::string_view requests_per_day = "rpd";
inline constexpr std::string_view tokens_per_minute = "tpm";
inline constexpr std::string_view parallel_requests = "par";

/// What the client is told when `said` did not admit `charges`.
[[nodiscard]] model::api_error explain(const charge_list& charges, const kv::verdict& said, epoch_ms now);

/// What the headers say after `said`.
[[nodiscard]] rate_state state_after(const charge_list& charges, const kv::verdict& said);

}  // namespace spidergate::limits
