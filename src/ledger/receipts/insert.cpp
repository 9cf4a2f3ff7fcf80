#include "bulk_insert.hpp"
#include "columns.hpp"

#include <spidergate/ledger/ledger.hpp>

#include <map>
#include <tuple>

namespace spidergate::ledger::receipts {

namespace {

constexpr std::string_view insert_one =
    "INSERT INTO receipts (request_id, recorded_at, brand_id, client_id, token_id, provider, model, requested_model, "
    "alias, status, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, cost_nano_usd, payload) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) "
    "ON CONFLICT DO NOTHING RETURNING request_id";
constexpr std::string_view add_to_rollup =
    "INSERT INTO usage_hourly (hour, brand_id, client_id, token_id, provider, model, alias, status, requests, "
    "prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, cost_nano_usd) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
    "ON CONFLICT (hour, brand_id, client_id, token_id, provider, model, alias, status) DO UPDATE SET "
    "requests = usage_hourly.requests + excluded.requests, "
    "prompt_tokens = usage_hourly.prompt_tokens + excluded.prompt_tokens, "
    "cached_tokens = usage_hourly.cached_tokens + excluded.cached_tokens, "
    "completion_tokens = usage_hourly.completion_tokens + excluded.completion_tokens, "
    "reasoning_tokens = usage_hourly.reasoning_tokens + excluded.reasoning_tokens, "
    "cost_nano_usd = usage_hourly.cost_nano_usd + excluded.cost_nano_usd";

constexpr epoch_ms hour_ms = 3'600'000;

/// hour, brand, client, token, provider, model, alias, status
using rollup_key =
    std::tuple<epoch_ms, std::string, std::string, std::string, std::string, std::string, std::string, std::string>;
struct rollup {
  std::int64_t requests = 0, prompt = 0, cached = 0, completion = 0, reasoning = 0, cost = 0;
};
using rollups = std::map<rollup_key, rollup>;

void add(rollups& to, const model::receipt& r) {
  auto& sum = to[{r.timestamp - r.timestamp % hour_ms, column(r.brand_id), column(r.client_id), column(r.token_id),
                  column(r.provider), column(r.model), column(r.alias), column(r.status)}];
  ++sum.requests;
  sum.prompt += r.tokens.prompt;
  sum.cached += r.tokens.cached;
  sum.completion += r.tokens.completion;
  sum.reasoning += r.tokens.reasoning;
  sum.cost += r.cost.nano_usd;
}

result<void> save(sql::connection& on, const rollups& all) {
  for (const auto& [key, sum] : all) {
    const auto& [hour, brand, client, token, provider, model, alias, status] = key;
    const auto done = on.exec(add_to_rollup, {hour, brand, client, token, provider, model, alias, status, sum.requests,
                                              sum.prompt, sum.cached, sum.completion, sum.reasoning, sum.cost});
    if (!done) return done.error();
  }
  return {};
}

}  // namespace

result<std::size_t> insert_batch(sql::connection& on, std::span<const model::receipt> batch) {
  if (on.kind() == sql::backend::postgresql) return insert_in_bulk(on, batch);
  auto scope = sql::transaction::begin(on);
  if (!scope) return scope.error();
  rollups fresh;
  std::size_t count = 0;
  for (const auto& r : batch) {
    const auto inserted = on.exec(insert_one, row_of(r));
    if (!inserted) return inserted.error();
    if (inserted->empty()) continue;
    ++count;
    add(fresh, r);
  }
  if (const auto saved = save(on, fresh); !saved) return saved.error();
  if (const auto committed = scope->commit(); !committed) return committed.error();
  return count;
}

}  // namespace spidergate::ledger::receipts
