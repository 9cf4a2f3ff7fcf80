#include "bulk_insert.hpp"

#include "partitions.hpp"

#include <spidergate/store/errc.hpp>

#include <chrono>
#include <random>
#include <thread>

namespace spidergate::ledger::receipts {

namespace {

constexpr int attempts = 8;
constexpr int longest_pause_ms = 60;

/// Emptied by each commit; made once a connection.
constexpr std::string_view make_staging =
    "CREATE TEMPORARY TABLE IF NOT EXISTS receipts_staging (LIKE receipts) ON COMMIT DELETE ROWS";

/// Receipts and sums are both written in the order of their keys: so those who load at the same time wait for each
/// other in one direction only.
constexpr std::string_view merge =
    "WITH fresh AS (INSERT INTO receipts (request_id, recorded_at, brand_id, client_id, token_id, provider, model, "
    "requested_model, alias, "
    "status, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, cost_nano_usd, payload) "
    "SELECT request_id, recorded_at, brand_id, client_id, token_id, provider, model, requested_model, alias, "
    "status, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, cost_nano_usd, payload "
    "FROM receipts_staging ORDER BY request_id, recorded_at ON CONFLICT DO NOTHING "
    "RETURNING recorded_at - recorded_at % 3600000 AS hour, brand_id, client_id, token_id, provider, model, alias, "
    "status, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, cost_nano_usd), "
    "added AS (INSERT INTO usage_hourly (hour, brand_id, client_id, token_id, provider, model, alias, status, "
    "requests, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, cost_nano_usd) "
    "SELECT hour, brand_id, client_id, token_id, provider, model, alias, status, COUNT(*), SUM(prompt_tokens), "
    "SUM(cached_tokens), SUM(completion_tokens), SUM(reasoning_tokens), SUM(cost_nano_usd) FROM fresh "
    "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8 "
    "ON CONFLICT (hour, brand_id, client_id, token_id, provider, model, alias, status) DO UPDATE SET "
    "requests = usage_hourly.requests + excluded.requests, "
    "prompt_tokens = usage_hourly.prompt_tokens + excluded.prompt_tokens, "
    "cached_tokens = usage_hourly.cached_tokens + excluded.cached_tokens, "
    "completion_tokens = usage_hourly.completion_tokens + excluded.completion_tokens, "
    "reasoning_tokens = usage_hourly.reasoning_tokens + excluded.reasoning_tokens, "
    "cost_nano_usd = usage_hourly.cost_nano_usd + excluded.cost_nano_usd) "
    "SELECT COUNT(*) FROM fresh";

result<std::size_t> insert_once(sql::connection& on, const table_rows& batch) {
  auto scope = sql::transaction::begin(on);
  if (!scope) return scope.error();
  if (const auto made = on.exec(make_staging); !made) return made.error();
  if (const auto copied = on.bulk_insert("receipts_staging", column_names, batch.cells()); !copied)
    return copied.error();
  const auto merged = on.exec(merge);
  if (!merged) return merged.error();
  if (const auto committed = scope->commit(); !committed) return committed.error();
  return static_cast<std::size_t>(merged->front().integer(0));
}

}  // namespace

result<std::size_t> insert_in_bulk(sql::connection& on, const table_rows& batch) {
  if (const auto made = make_days(on, batch); !made) return made.error();
  std::minstd_rand random(std::random_device{}());
  for (int attempt = 1;; ++attempt) {
    auto inserted = insert_once(on, batch);
    if (inserted || inserted.error() != store::errc::busy || attempt == attempts) return inserted;
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::uniform_int_distribution<int>(1, longest_pause_ms)(random)));
  }
}

}  // namespace spidergate::ledger::receipts
