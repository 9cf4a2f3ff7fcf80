#pragma once
#include "ledger_spending.hpp"
#include "snapshot_keeper.hpp"
#include "store_contact.hpp"
#include "worker_house.hpp"

#include <spidergate/kv/memory_counters.hpp>
#include <spidergate/kv/redis_counters.hpp>
#include <spidergate/telemetry/metrics.hpp>

#include <memory>
#include <vector>

namespace spidergate::app {

/// What is counted elsewhere and shown in /metrics. All of it outlives the last scrape.
struct observed_rooms {
  const http::connection_counters& connections;
  const ledger::loader& ledger;
  const std::vector<std::unique_ptr<worker_house>>& workers;
  const engine::health_board& health;
  const kv::memory_counters& local_counters;
  const kv::redis_counters* redis;  ///< null: not configured
  const store_contact& contact;
  const snapshot_keeper* snapshot;  ///< null: none is kept
  const ledger_spending& spending;
  const runtime::clock& time;
};

/// Registers them, once, before traffic begins.
void describe_metrics(telemetry::registry& into, const observed_rooms& of);

}  // namespace spidergate::app
