#include "rows.hpp"

namespace spidergate::store::idempotency {

namespace {

constexpr std::string_view insert_one =
    "INSERT INTO idempotency_keys (brand_id, token_id, key, fingerprint, sealed_answer, created_at) "
    "VALUES ($1, $2, $3, $4, $5, $6)";
constexpr std::string_view select_one =
    "SELECT brand_id, token_id, key, fingerprint, sealed_answer, created_at FROM idempotency_keys "
    "WHERE brand_id = $1 AND token_id = $2 AND key = $3";
constexpr std::string_view delete_older = "DELETE FROM idempotency_keys WHERE created_at < $1";

result<idempotency_record> record_of(const sql::row& row) {
  idempotency_record r;
  row_reader read(row);
  read(r.brand_id), read(r.token_id), read(r.key), read(r.fingerprint);
  read.blob(r.sealed_answer);
  read(r.created_at);
  return r;
}

}  // namespace

result<void> insert(sql::connection& on, const idempotency_record& r) {
  // A transaction of its own within the caller's, which can then go on after a refusal.
  auto scope = sql::transaction::begin(on);
  if (!scope) return scope.error();
  const auto done = on.exec(insert_one, {text(r.brand_id), text(r.token_id), text(r.key), text(r.fingerprint),
                                         bytes(r.sealed_answer), number(r.created_at)});
  if (!done) return done.error();
  return scope->commit();
}

result<std::optional<idempotency_record>> find(sql::connection& on, std::string_view brand_id,
                                               std::string_view token_id, std::string_view key) {
  return first_of<idempotency_record>(on.exec(select_one, {text(brand_id), text(token_id), text(key)}), record_of);
}

result<void> remove_older(sql::connection& on, epoch_ms before) {
  const auto done = on.exec(delete_older, {number(before)});
  if (!done) return done.error();
  return {};
}

}  // namespace spidergate::store::idempotency
