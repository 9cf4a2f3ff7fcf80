#include "readiness.hpp"

#include <algorithm>

namespace spidergate::app {

std::vector<std::string> readiness::unready() const {
  std::vector<std::string> reasons;
  const auto& workers = of_.workers;
  if (std::any_of(workers.begin(), workers.end(), [](const auto& w) { return !w->spool().has_room(); }))
    reasons.emplace_back("the receipt spool is full");
  if (of_.contact.too_old())
    reasons.push_back("the database is out of reach since " + to_iso8601(of_.contact.last()) +
                      ", for longer than limits.auth_cache_stale");
  if (of_.memory_is_short) reasons.emplace_back("memory is short");
  return reasons;
}

std::vector<std::string> readiness::degraded() const {
  std::vector<std::string> reasons;
  if (of_.contact.behind())
    reasons.push_back("the database could not be used at the start: served from the local snapshot of " +
                      to_iso8601(of_.contact.last()));
  else if (!of_.contact.reached())
    reasons.push_back("the database is out of reach since " + to_iso8601(of_.contact.last()) +
                      ": known tokens are served from memory");
  if (!of_.ledger.healthy()) reasons.emplace_back("receipts do not reach the database: they wait in the spool");
  if (of_.redis != nullptr && !of_.redis->reachable()) {
    reasons.emplace_back(of_.deny_without_redis
                             ? "Redis is lost: requests with limits are answered 503 (redis.on_unavailable: deny)"
                             : "Redis is lost: each replica enforces limits by itself (redis.on_unavailable: local)");
  }
  const auto spools = of_.workers.size() * worker_house::spool_max_bytes;
  std::size_t pending = 0;
  for (const auto& w : of_.workers) pending += w->spool().pending_bytes();
  if (pending > spools / 2)
    reasons.push_back("the receipt spool is " + std::to_string(pending * 100 / spools) + " % full");
  return reasons;
}

}  // namespace spidergate::app
