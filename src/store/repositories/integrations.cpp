#include "rows.hpp"

#include <algorithm>

namespace spidergate::store::integrations {

namespace {

constexpr piece columns{
    "id, brand_id, provider, key_label, origin, base_url, sealed, masked_key, fingerprint, source, daily_limit, "
    "minute_limit, is_primary, is_active, priority, prices, expires_at, created_at, updated_at"};
constexpr piece values{"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"};

constexpr auto insert_one = statement<"INSERT INTO integrations (", columns, ") VALUES ", values>;
constexpr auto update_one =
    statement<"UPDATE integrations SET (", columns, ") = ", values, " WHERE id = $1 RETURNING id">;
constexpr std::string_view delete_one = "DELETE FROM integrations WHERE id = $1 RETURNING id";
constexpr auto select_all = statement<"SELECT ", columns, " FROM integrations ORDER BY created_at, id">;
constexpr auto select_one = statement<"SELECT ", columns, " FROM integrations WHERE id = $1">;

constexpr std::string_view select_states =
    "SELECT integration_id, day, daily_count, health, reason, consecutive_failures, last_error, last_used_at, "
    "resting_until FROM integration_states ORDER BY integration_id";
// Selected from its integration, so that the state of one that was just removed is left out instead of failing the
// batch. Several servers write what each has seen, so a day's count and a last use only rise.
constexpr std::string_view upsert_state =
    "INSERT INTO integration_states (integration_id, day, daily_count, health, reason, consecutive_failures, "
    "last_error, last_used_at, resting_until) "
    "SELECT id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), $4, $5, CAST($6 AS BIGINT), $7, CAST($8 AS BIGINT), "
    "CAST($9 AS BIGINT) FROM integrations WHERE id = $1 "
    "ON CONFLICT (integration_id) DO UPDATE SET "
    "day = CASE WHEN excluded.day > integration_states.day THEN excluded.day ELSE integration_states.day END, "
    "daily_count = CASE WHEN excluded.day > integration_states.day OR (excluded.day = integration_states.day "
    "AND excluded.daily_count > integration_states.daily_count) THEN excluded.daily_count "
    "ELSE integration_states.daily_count END, "
    "health = excluded.health, reason = excluded.reason, consecutive_failures = excluded.consecutive_failures, "
    "last_error = excluded.last_error, resting_until = excluded.resting_until, "
    "last_used_at = CASE WHEN excluded.last_used_at > integration_states.last_used_at THEN excluded.last_used_at "
    "ELSE integration_states.last_used_at END";

result<integration_record> record_of(const sql::row& from) {
  integration_record i;
  row_reader read(from);
  read(i.id), read(i.brand_id), read(i.provider), read(i.key_label), read(i.origin), read(i.base_url);
  read.blob(i.sealed);
  read(i.masked_key), read(i.fingerprint), read(i.source), read(i.daily_limit), read(i.minute_limit);
  read(i.is_primary), read(i.is_active), read(i.priority), read(i.prices);
  read(i.expires_at), read(i.created_at), read(i.updated_at);
  return i;
}

result<integration_state_record> state_of(const sql::row& from) {
  integration_state_record s;
  row_reader read(from);
  read(s.integration_id), read(s.day), read(s.daily_count), read(s.health), read(s.reason);
  read(s.consecutive_failures), read(s.last_error), read(s.last_used_at), read(s.resting_until);
  return s;
}

std::vector<sql::value> values_of(const integration_record& i) {
  return {text(i.id),           text_or_null(i.brand_id), text(i.provider),      text(i.key_label),
          text(i.origin),       text(i.base_url),         bytes(i.sealed),       text(i.masked_key),
          text(i.fingerprint),  text(i.source),           number(i.daily_limit), number(i.minute_limit),
          flag(i.is_primary),   flag(i.is_active),        number(i.priority),    text(i.prices),
          number(i.expires_at), number(i.created_at),     number(i.updated_at)};
}

}  // namespace

result<void> insert(sql::connection& on, const integration_record& i) {
  return change_always(on, insert_one, values_of(i));
}

result<bool> update(sql::connection& on, const integration_record& i) {
  return change_if(on, update_one, values_of(i));
}

result<bool> remove(sql::connection& on, std::string_view id) {
  return change_if(on, delete_one, {text(id)});
}

result<std::vector<integration_record>> list(sql::connection& on) {
  return records_of<integration_record>(on.exec(select_all), record_of);
}

result<std::optional<integration_record>> find(sql::connection& on, std::string_view id) {
  return first_of<integration_record>(on.exec(select_one, {text(id)}), record_of);
}

result<std::vector<integration_state_record>> list_states(sql::connection& on) {
  return records_of<integration_state_record>(on.exec(select_states), state_of);
}

result<void> save_states(sql::connection& on, std::span<const integration_state_record> states) {
  // In one order everywhere: several servers that save the same states would else wait for each other in a circle.
  std::vector<const integration_state_record*> in_order;
  in_order.reserve(states.size());
  for (const auto& s : states) in_order.push_back(&s);
  std::sort(in_order.begin(), in_order.end(),
            [](const auto* left, const auto* right) { return left->integration_id < right->integration_id; });
  auto scope = sql::transaction::begin(on);
  if (!scope) return scope.error();
  for (const auto* s : in_order) {
    const auto done = on.exec(upsert_state, {text(s->integration_id), number(s->day), number(s->daily_count),
                                             text(s->health), text(s->reason), number(s->consecutive_failures),
                                             text(s->last_error), number(s->last_used_at), number(s->resting_until)});
    if (!done) return done.error();
  }
  return scope->commit();
}

}  // namespace spidergate::store::integrations
