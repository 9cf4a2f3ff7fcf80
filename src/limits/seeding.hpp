#pragma once
#include <spidergate/limits/limiter.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace spidergate::limits {

/// Makes budgets known that the counter store does not know, from the ledger. Many requests find the same budget
/// unknown at once; one of them asks, the others wait for it. Holds as many entries as requests are asking.
/// Thread-safe.
class seeding {
 public:
  seeding(kv::counter_store& counters, spending_record& ledger, const runtime::clock& time)
      : counters_(counters), ledger_(ledger), time_(time) {}

  /// What is to be made known, and by when.
  struct wanted {
    const kv::charge& budget;
    level whose = level::token;
    const std::string& owner;
    steady_time not_before;  ///< others are to tell first what they hold
    steady_time deadline;
  };
  /// True when the store can be asked again; false when nobody can tell what was spent, or not in time. What `what`
  /// refers to outlives the call. Called on `home`'s thread.
  awaitable<bool> make_known(runtime::worker& home, wanted what);

 private:
  class flight;
  class leader;
  class follower;

  [[nodiscard]] std::pair<std::shared_ptr<flight>, bool> join(const std::string& name);
  void leave(const std::string& name);

  kv::counter_store& counters_;
  spending_record& ledger_;
  const runtime::clock& time_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<flight>> flights_;
};

}  // namespace spidergate::limits
