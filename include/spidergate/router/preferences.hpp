#pragma once
#include <spidergate/router/router.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::router {

/// How a brand wants its requests to be routed (spec 9). Empty lists and absent values say nothing.
struct preferences {
  std::vector<std::string> allowed_providers, blocked_providers;  ///< globs over provider ids
  std::vector<std::string> allowed_models, blocked_models;        ///< globs over "provider/model" and the model alone
  bool fallback_enabled = true;             ///< false: one candidate serves or none, whatever the chain holds
  std::vector<std::string> fallback_chain;  ///< names, tried behind every chain that the client did not write itself
  // Read and kept for `auto`, which is not served yet.
  std::string default_priority;  ///< "cost", "latency", "quality", "balanced" or empty
  std::optional<double> quality_threshold;
  std::optional<std::int64_t> max_latency_ms;

  /// True when neither list rules the candidate out.
  [[nodiscard]] bool allow(const candidate& who) const;
  friend bool operator==(const preferences&, const preferences&) = default;
};

/// Reads a JSON object with members of those names. Empty text is no preferences. The message names the faulty member;
/// an unknown member is one. Any thread.
[[nodiscard]] boost::system::result<preferences, std::string> read_preferences(std::string_view json);

/// Does to a chain what the brand prefers: takes out what it does not allow, then adds its fallback chain (not behind a
/// chain that the client wrote with x-fallback-chain). Names of the fallback chain that nothing goes by any more are
/// left out. The chain may come out empty. Pure.
void apply_preferences(resolution& to, const preferences& wanted, const catalogue::catalogue& data,
                       const brand_overrides& brand);

}  // namespace spidergate::router
