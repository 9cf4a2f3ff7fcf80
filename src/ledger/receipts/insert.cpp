#include "bulk_insert.hpp"
#include "columns.hpp"

#include <spidergate/ledger/ledger.hpp>
#include <spidergate/store/errc.hpp>

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace spidergate::ledger::receipts {

namespace {

constexpr std::string_view insert_one =
    "INSERT INTO receipts (request_id, recorded_at, brand_id, client_id, token_id, provider, model, requested_model, "
    "alias, status, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, cost_nano_usd, payload) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) "
    "ON CONFLICT DO NOTHING RETURNING request_id";
/// Adds to the sums of as many different keys as there are rows.
std::string add_to_rollups(std::size_t rows) {
  constexpr std::size_t columns = 14;
  std::string text =
      "INSERT INTO usage_hourly (hour, brand_id, client_id, token_id, provider, model, alias, status, requests, "
      "prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, cost_nano_usd) VALUES ";
  for (std::size_t i = 0; i < rows * columns; ++i) {
    text += i == 0 ? "(" : i % columns == 0 ? "), (" : ", ";
    text += '$' + std::to_string(i + 1);
  }
  return text +
         ") ON CONFLICT (hour, brand_id, client_id, token_id, provider, model, alias, status) DO UPDATE SET "
         "requests = usage_hourly.requests + excluded.requests, "
         "prompt_tokens = usage_hourly.prompt_tokens + excluded.prompt_tokens, "
         "cached_tokens = usage_hourly.cached_tokens + excluded.cached_tokens, "
         "completion_tokens = usage_hourly.completion_tokens + excluded.completion_tokens, "
         "reasoning_tokens = usage_hourly.reasoning_tokens + excluded.reasoning_tokens, "
         "cost_nano_usd = usage_hourly.cost_nano_usd + excluded.cost_nano_usd";
}

/// SQLite prepares for taking back a statement each time; shared by so many rows that costs little.
constexpr std::size_t rollups_at_once = 16;

constexpr epoch_ms hour_ms = 3'600'000;

/// hour, brand, client, token, provider, model, alias, status
using rollup_key = std::tuple<epoch_ms, std::string_view, std::string_view, std::string_view, std::string_view,
                              std::string_view, std::string_view, std::string_view>;
struct rollup {
  std::int64_t requests = 0, prompt = 0, cached = 0, completion = 0, reasoning = 0, cost = 0;
};

/// The sums of receipts, by what is summed. Refers to their texts.
class rollups {
 public:
  void add(const model::receipt_columns& r) {
    const rollup_key key{r.timestamp - r.timestamp % hour_ms,
                         r.brand_id,
                         r.client_id,
                         r.token_id,
                         r.provider,
                         r.model,
                         r.alias,
                         r.status};
    // Receipts that follow each other are often of one kind.
    if (last_ == all_.end() || last_->first != key) last_ = all_.try_emplace(key).first;
    auto& sum = last_->second;
    ++sum.requests;
    sum.prompt += r.prompt_tokens;
    sum.cached += r.cached_tokens;
    sum.completion += r.completion_tokens;
    sum.reasoning += r.reasoning_tokens;
    sum.cost += r.cost.nano_usd;
  }

  result<void> save(sql::connection& on) const {
    static const std::string one = add_to_rollups(1), many = add_to_rollups(rollups_at_once);
    std::vector<sql::value> values;
    auto at = all_.begin();
    for (auto left = all_.size(); left > 0;) {
      const auto rows = left >= rollups_at_once ? rollups_at_once : 1;
      values.clear();
      for (std::size_t i = 0; i < rows; ++i, ++at) add_values(*at, values);
      if (const auto done = on.exec(rows == 1 ? one : many, values); !done) return done.error();
      left -= rows;
    }
    return {};
  }

 private:
  static void add_values(const std::pair<const rollup_key, rollup>& from, std::vector<sql::value>& to) {
    const auto& [hour, brand, client, token, provider, model, alias, status] = from.first;
    to.emplace_back(hour);
    for (const auto text : {brand, client, token, provider, model, alias, status}) to.emplace_back(std::string(text));
    const auto& sum = from.second;
    for (const auto n : {sum.requests, sum.prompt, sum.cached, sum.completion, sum.reasoning, sum.cost})
      to.emplace_back(n);
  }

  std::map<rollup_key, rollup> all_;
  std::map<rollup_key, rollup>::iterator last_ = all_.end();
};

/// Where some may be there already.
result<std::size_t> insert_one_by_one(sql::connection& on, const table_rows& batch, rollups& fresh) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto inserted = on.exec(insert_one, batch.parameters(i));
    if (!inserted) return inserted.error();
    if (inserted->empty()) continue;
    ++count;
    fresh.add(batch.columns(i));
  }
  return count;
}

result<std::size_t> insert_rows(sql::connection& on, const table_rows& batch, rollups& fresh) {
  // As a rule all are new; it is after a crash that they are not.
  const auto inserted = on.bulk_insert("receipts", column_names, batch.cells());
  if (!inserted && inserted.error() == store::errc::already_exists) return insert_one_by_one(on, batch, fresh);
  if (!inserted) return inserted.error();
  for (std::size_t i = 0; i < batch.size(); ++i) fresh.add(batch.columns(i));
  return batch.size();
}

}  // namespace

result<std::size_t> insert_batch(sql::connection& on, std::span<const entry> batch) {
  const table_rows rows(batch);
  if (on.kind() == sql::backend::postgresql) return insert_in_bulk(on, rows);
  auto scope = sql::transaction::begin(on);
  if (!scope) return scope.error();
  rollups fresh;
  const auto count = insert_rows(on, rows, fresh);
  if (!count) return count;
  if (const auto saved = fresh.save(on); !saved) return saved.error();
  if (const auto committed = scope->commit(); !committed) return committed.error();
  return count;
}

}  // namespace spidergate::ledger::receipts
