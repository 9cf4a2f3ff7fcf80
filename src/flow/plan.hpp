#pragma once
#include <spidergate/flow/serve.hpp>

#include <string>
#include <vector>

namespace spidergate::flow {

/// A chain in the order of attempts, and the probe permits that were taken to try half-open candidates at their own
/// place.
struct plan {
  router::resolution resolved;
  std::vector<router::ranked_candidate> order;
  std::vector<std::string> probes;

  /// Gives unused permits back.
  void release(engine::health_board& health) const;
};

/// Resolves what was asked, keeps what the token may use, ranks it by health and keys.
[[nodiscard]] model::outcome<plan> make_plan(rooms& house, const request_context& context,
                                             const model::inference_request& asked);

}  // namespace spidergate::flow
