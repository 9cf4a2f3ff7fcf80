#include "conditions.hpp"

#include <algorithm>
#include <limits>

namespace spidergate::ledger::receipts {

namespace {

constexpr epoch_ms hour_ms = 3'600'000;
constexpr epoch_ms forever = std::numeric_limits<epoch_ms>::max();

struct span_of_time {
  epoch_ms from = 0, until = 0;
};

/// A stretch of time as whole hours, which the rollups know, and what sticks out at both ends, which only the receipts
/// know.
struct parts {
  span_of_time before, hours, after;
};

parts split(epoch_ms since, epoch_ms until) {
  const auto first = since % hour_ms == 0 ? since : since - since % hour_ms + hour_ms;
  const auto last = until == forever ? forever : until - until % hour_ms;
  if (first >= last) return {{since, until}, {}, {}};
  return {{since, first}, {first, last}, {last, until}};
}

std::string_view key_of(group by) {
  switch (by) {
    case group::none:
      return "CAST('' AS TEXT)";
    case group::model:
      return "model";
    case group::provider:
      return "provider";
    case group::client:
      return "client_id";
    case group::token:
      return "token_id";
    case group::brand:
      return "brand_id";
    case group::alias:
      return "alias";
    case group::day:
      return "hour - hour % 86400000";
    case group::hour:
      return "hour";
  }
  return "model";
}

std::string key_text(group by, const sql::row& from) {
  if (by == group::day) return to_iso8601(from.integer(0)).substr(0, 10);
  if (by == group::hour) return to_iso8601(from.integer(0)).substr(0, 13) + ":00:00Z";
  return from.text(0);
}

std::string filter(const search& by, parameters& with) {
  auto text = equalities(by, with);
  if (!by.model.empty()) text += " AND model = " + with.add(by.model);
  return text;
}

std::string between(std::string_view column, span_of_time in, parameters& with) {
  const std::string name(column);
  return "(" + name + " >= " + with.add(in.from) + " AND " + name + " < " + with.add(in.until) + ")";
}

std::string statement(group by, const search& want, parameters& with) {
  const auto time = split(want.since, want.until == 0 ? forever : want.until);
  std::string text = "SELECT ";
  text += key_of(by);
  text +=
      ", CAST(SUM(requests) AS BIGINT), "
      "CAST(SUM(CASE WHEN status IN ('error', 'refused', 'stream_failed') THEN requests ELSE 0 END) AS BIGINT), "
      "CAST(SUM(prompt_tokens) AS BIGINT), CAST(SUM(cached_tokens) AS BIGINT), "
      "CAST(SUM(completion_tokens) AS BIGINT), CAST(SUM(reasoning_tokens) AS BIGINT), "
      "CAST(SUM(cost_nano_usd) AS BIGINT) FROM ("
      "SELECT hour, brand_id, client_id, token_id, provider, model, alias, status, requests, prompt_tokens, "
      "cached_tokens, completion_tokens, reasoning_tokens, cost_nano_usd FROM usage_hourly WHERE ";
  text += between("hour", time.hours, with) + filter(want, with);
  text +=
      " UNION ALL SELECT recorded_at - recorded_at % 3600000, brand_id, client_id, token_id, provider, model, "
      "alias, status, 1, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, cost_nano_usd "
      "FROM receipts WHERE (";
  text += between("recorded_at", time.before, with) + " OR " + between("recorded_at", time.after, with) + ")";
  return text + filter(want, with) + ") AS used GROUP BY 1";
}

usage_row row_of(group by, const sql::row& from) {
  usage_row u;
  u.key = key_text(by, from);
  u.requests = from.integer(1);
  u.errors = from.integer(2);
  u.prompt_tokens = from.integer(3);
  u.cached_tokens = from.integer(4);
  u.completion_tokens = from.integer(5);
  u.reasoning_tokens = from.integer(6);
  u.cost = {from.integer(7)};
  return u;
}

}  // namespace

result<std::vector<usage_row>> usage(sql::connection& on, group by, const search& filter) {
  parameters with;
  const auto text = statement(by, filter, with);
  const auto found = on.exec(text, with.values());
  if (!found) return found.error();
  std::vector<usage_row> all;
  for (const auto& one : *found) all.push_back(row_of(by, one));
  // Databases sort text as their collations like.
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  if (by == group::none && all.empty()) all.emplace_back();
  return all;
}

result<money> spent(sql::connection& on, std::string_view owner_column, std::string_view owner_id, epoch_ms since) {
  const auto found = on.exec("SELECT CAST(COALESCE(SUM(cost_nano_usd), 0) AS BIGINT) FROM usage_hourly WHERE " +
                                 std::string(owner_column) + " = $1 AND hour >= $2",
                             {std::string(owner_id), std::int64_t{since}});
  if (!found) return found.error();
  return money{found->front().integer(0)};
}

}  // namespace spidergate::ledger::receipts
