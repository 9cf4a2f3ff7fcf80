#pragma once
#include "store_contact.hpp"
#include "worker_house.hpp"

#include <spidergate/kv/redis_counters.hpp>
#include <spidergate/ledger/ledger.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace spidergate::app {

/// What /readyz says (spec 6, 18): 200 while requests can be served, which neither database nor Redis is needed for,
/// with what does not work as it should in the body. Any thread.
class readiness {
 public:
  struct parts {
    const std::vector<std::unique_ptr<worker_house>>& workers;
    const store_contact& contact;
    const ledger::loader& ledger;
    const kv::redis_counters* redis = nullptr;  ///< null: not configured
    bool deny_without_redis = false;
    const std::atomic<bool>& memory_is_short;
  };
  explicit readiness(parts of) : of_(of) {}

  /// Why no request can be served; empty when ready.
  [[nodiscard]] std::vector<std::string> unready() const;
  /// What is amiss although requests are served.
  [[nodiscard]] std::vector<std::string> degraded() const;

 private:
  parts of_;
};

}  // namespace spidergate::app
