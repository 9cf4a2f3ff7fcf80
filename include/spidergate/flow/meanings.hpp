#pragma once
#include <spidergate/router/router.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace spidergate::flow {

struct routing_snapshot;

/// What a model's name comes to for one brand, its preferences applied.
struct meaning {
  router::resolution resolved;
  std::vector<std::string> names;                ///< "provider/model", parallel to the chain
  std::vector<std::string> without_preferences;  ///< the same of the chain before they were applied; empty: no other
  std::vector<router::ranked_candidate> order;   ///< the chain as it is tried when every candidate is well

  explicit meaning(router::resolution what);
};

/// What the names that requests use came to, of the newest routing snapshot only: most requests of a client name the
/// same model, and resolving it gives the same until the snapshot changes. One per worker, on its thread only. Bounded:
/// at `most_kept` all are forgotten.
class meanings {
 public:
  static constexpr std::size_t most_kept = 1024;
  static constexpr std::size_t longest_name = 256;  ///< longer ones are resolved anew each time

  /// Null when a request of that brand has to be looked at closer: the name is not known, the brand's preferences leave
  /// none of its candidates, or they want one candidate only, which follows from the keys. The answer lives as long as
  /// the caller keeps it and `routing`, to whose catalogue it points.
  [[nodiscard]] std::shared_ptr<const meaning> find(const std::shared_ptr<const routing_snapshot>& routing,
                                                    const std::string& brand_id, const std::string& name);
  [[nodiscard]] std::size_t size() const noexcept { return kept_.size(); }

 private:
  std::shared_ptr<const routing_snapshot> of_;
  std::unordered_map<std::string, std::shared_ptr<const meaning>> kept_;  ///< by brand, NUL, name
  std::string key_;                                                       ///< room for one
};

}  // namespace spidergate::flow
