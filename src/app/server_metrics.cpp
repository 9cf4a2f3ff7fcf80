#include "server_metrics.hpp"

#include "memory_watch.hpp"

#include <cstdint>
#include <functional>

namespace spidergate::app {

namespace {

using asked = std::function<std::int64_t()>;

/// Shorter words for the registry's.
struct describer {
  telemetry::registry& into;
  void gauge(const char* name, const char* help, asked ask) const {
    into.add_observed_gauge(name, help, {}, std::move(ask));
  }
  void count(const char* name, const char* help, asked ask) const {
    into.add_observed_counter(name, help, {}, std::move(ask));
  }
};

template <class T>
asked value_of(const std::atomic<T>& number) {
  return [&number] { return static_cast<std::int64_t>(number.load()); };
}

void describe_connections(const describer& d, const http::connection_counters& c) {
  d.gauge("spidergate_connections_open", "Client connections open now.", value_of(c.open));
  d.count("spidergate_connections_total", "Client connections accepted.", value_of(c.accepted));
  d.count("spidergate_connections_refused_total", "Client connections refused over the limit.",
          value_of(c.refused_over_limit));
  d.count("spidergate_refused_heads_total", "Requests refused for a malformed head or framing.",
          value_of(c.refused_heads));
  d.count("spidergate_client_timeouts_total", "Client connections closed because they were too slow.",
          value_of(c.timeouts));
  d.count("spidergate_accept_failures_total", "Connections that could not be accepted.", value_of(c.accept_failures));
  d.count("spidergate_handshake_failures_total", "TLS handshakes with clients that failed.",
          value_of(c.handshake_failures));
}

void describe_ledger(const describer& d, const observed_rooms& of) {
  const auto& ledger = of.ledger;
  d.count("spidergate_receipts_loaded_total", "Receipts moved from the spool into the database.",
          value_of(ledger.figures().loaded));
  d.count("spidergate_receipts_failed_batches_total",
          "Batches of receipts that the database refused; they are tried again.",
          value_of(ledger.figures().failed_batches));
  d.count("spidergate_receipts_corrupt_total", "Spool records that could not be read.",
          value_of(ledger.figures().corrupt_records));
  d.gauge("spidergate_spool_pending_bytes", "Bytes of receipts that are not in the database yet.",
          [&workers = of.workers] {
            std::size_t pending = 0;
            for (const auto& w : workers) pending += w->spool().pending_bytes();
            return static_cast<std::int64_t>(pending);
          });
  d.gauge("spidergate_ledger_healthy", "1 while receipts reach the database.",
          [&ledger] { return ledger.healthy() ? 1 : 0; });
}

void describe_database(const describer& d, const observed_rooms& of) {
  const auto& contact = of.contact;
  d.gauge("spidergate_database_up", "1 while the database answers.", [&contact] { return contact.reached() ? 1 : 0; });
  d.gauge("spidergate_database_contact_age_milliseconds", "Time since the database was last heard.",
          [&contact] { return std::int64_t{contact.age().count()}; });
  d.gauge("spidergate_database_tokens_too_old",
          "1 while known tokens are refused because the database was out of contact for too long.",
          [&contact] { return contact.too_old() ? 1 : 0; });
  const auto& spending = of.spending.counted();
  d.count("spidergate_budget_rebuilds_total", "Budgets whose spending was read from the ledger.",
          value_of(spending.rebuilt));
  d.count("spidergate_budget_rebuild_failures_total", "Budgets whose spending could not be read from the ledger.",
          value_of(spending.failed));
  if (of.snapshot == nullptr) return;
  d.gauge("spidergate_snapshot_age_seconds", "Age of the local snapshot; -1 before the first one.",
          [snapshot = of.snapshot, &time = of.time]() -> std::int64_t {
            constexpr std::int64_t ms_per_second = 1'000;
            const auto at = snapshot->written_at();
            return at == 0 ? -1 : (time.epoch_now() - at) / ms_per_second;
          });
  d.count("spidergate_snapshot_failures_total", "Times that the local snapshot could not be written.",
          [snapshot = of.snapshot] { return snapshot->failures(); });
}

void describe_redis(const describer& d, const kv::redis_counters* redis) {
  if (redis == nullptr) return;
  d.gauge("spidergate_redis_up", "1 while Redis answers.", [redis] { return redis->reachable() ? 1 : 0; });
  using figure = std::uint64_t kv::redis_counters::statistics::*;
  const auto count = [&](const char* name, const char* help, figure which) {
    d.count(name, help, [redis, which] { return static_cast<std::int64_t>(redis->stats().*which); });
  };
  using s = kv::redis_counters::statistics;
  count("spidergate_redis_calls_total", "Calls to Redis.", &s::calls);
  count("spidergate_redis_failures_total", "Calls to Redis that failed.", &s::failures);
  count("spidergate_redis_timeouts_total", "Calls that Redis did not answer in time.", &s::timeouts);
  count("spidergate_redis_reconnects_total", "Connections made again.", &s::reconnects);
  count("spidergate_redis_answered_locally_total", "Admissions and picks by this process alone.", &s::answered_locally);
  count("spidergate_redis_settlements_lost_total", "Settlements given up; budgets are rebuilt from the ledger instead.",
        &s::settlements_lost);
  count("spidergate_redis_lost_total", "Times that Redis was lost.", &s::times_lost);
}

}  // namespace

void describe_metrics(telemetry::registry& into, const observed_rooms& of) {
  const describer d{into};
  describe_connections(d, of.connections);
  describe_ledger(d, of);
  describe_database(d, of);
  describe_redis(d, of.redis);
  d.gauge("spidergate_breakers_open", "Candidates whose circuit breaker is not closed.", [&health = of.health] {
    std::int64_t open = 0;
    for (const auto& c : health.all()) open += c.seen.state == router::candidate_health::breaker::closed ? 0 : 1;
    return open;
  });
  d.gauge("spidergate_limit_counters", "Counters of limits in memory.",
          [&counters = of.local_counters] { return static_cast<std::int64_t>(counters.stats().cells); });
  d.gauge("spidergate_memory_resident_bytes", "Resident memory of the process.",
          [] { return static_cast<std::int64_t>(resident_bytes()); });
}

}  // namespace spidergate::app
