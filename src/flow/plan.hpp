#pragma once
#include <spidergate/flow/serve.hpp>

#include <memory>
#include <string>
#include <vector>

namespace spidergate::flow {

/// A chain in the order of attempts, and the probe permits that were taken to try half-open candidates at their own
/// place.
struct plan {
  std::shared_ptr<const meaning> means;                ///< never null; shared by requests for which it is the same
  std::vector<router::ranked_candidate> order_of_own;  ///< where some candidate is not well
  std::vector<std::string> probes;

  [[nodiscard]] const router::resolution& resolved() const noexcept { return means->resolved; }
  [[nodiscard]] const std::vector<router::ranked_candidate>& order() const noexcept {
    return order_of_own.empty() ? means->order : order_of_own;
  }
  /// Gives unused permits back.
  void release(engine::health_board& health) const;
};

/// Resolves what was asked, keeps what the token may use, ranks it by health and keys.
[[nodiscard]] model::outcome<plan> make_plan(rooms& house, const request_context& context,
                                             const model::inference_request& asked);

}  // namespace spidergate::flow
