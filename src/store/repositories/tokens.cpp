#include "rows.hpp"

#include <spidergate/store/errc.hpp>

namespace spidergate::store::tokens {

namespace {

#define TOKEN_COLUMNS                                                                                               \
  "id, brand_id, client_id, kind, label, env, display, hash, scopes, rpm, rpd, tpm, max_parallel, allowed_models, " \
  "blocked_models, allowed_cidrs, expires_at, revoked_at, last_used_at, created_at, created_by, rotated_to"

constexpr std::string_view insert_one = "INSERT INTO tokens (" TOKEN_COLUMNS
                                        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
                                        "$16, $17, $18, $19, $20, $21, $22)";
constexpr std::string_view select_all = "SELECT " TOKEN_COLUMNS " FROM tokens ORDER BY created_at, id";
constexpr std::string_view select_one = "SELECT " TOKEN_COLUMNS " FROM tokens WHERE id = $1";
constexpr std::string_view revoke_one =
    "UPDATE tokens SET revoked_at = CASE WHEN revoked_at = 0 THEN $2 ELSE revoked_at END WHERE id = $1 RETURNING id";
constexpr std::string_view expire_one = "UPDATE tokens SET expires_at = $2, rotated_to = $3 WHERE id = $1 RETURNING id";
// Never backwards, for several servers may report the same token.
constexpr std::string_view touch_one = "UPDATE tokens SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2";
#undef TOKEN_COLUMNS

result<token_record> record_of(const sql::row& from) {
  token_record t;
  row_reader read(from);
  read(t.id), read(t.brand_id), read(t.client_id), read(t.kind), read(t.label), read(t.env), read(t.display);
  read.blob(t.hash);
  read(t.scopes), read(t.limits.rpm), read(t.limits.rpd), read(t.limits.tpm), read(t.limits.max_parallel);
  read(t.allowed_models), read(t.blocked_models), read(t.allowed_cidrs);
  read(t.expires_at), read(t.revoked_at), read(t.last_used_at), read(t.created_at);
  read(t.created_by), read(t.rotated_to);
  if (read.corrupt()) return errc::corrupt;
  return t;
}

}  // namespace

result<void> insert(sql::connection& on, const token_record& t) {
  return change_always(on, insert_one,
                       {text(t.id),
                        text(t.brand_id),
                        text(t.client_id),
                        text(t.kind),
                        text(t.label),
                        text(t.env),
                        text(t.display),
                        bytes(t.hash),
                        store::list(t.scopes),
                        number(t.limits.rpm),
                        number(t.limits.rpd),
                        number(t.limits.tpm),
                        number(t.limits.max_parallel),
                        store::list(t.allowed_models),
                        store::list(t.blocked_models),
                        store::list(t.allowed_cidrs),
                        number(t.expires_at),
                        number(t.revoked_at),
                        number(t.last_used_at),
                        number(t.created_at),
                        text(t.created_by),
                        text(t.rotated_to)});
}

result<std::vector<token_record>> list(sql::connection& on) {
  return records_of<token_record>(on.exec(select_all), record_of);
}

result<std::optional<token_record>> find(sql::connection& on, std::string_view id) {
  return first_of<token_record>(on.exec(select_one, {text(id)}), record_of);
}

result<bool> revoke(sql::connection& on, std::string_view id, epoch_ms at) {
  return change_if(on, revoke_one, {text(id), number(at)});
}

result<bool> set_expiry(sql::connection& on, std::string_view id, epoch_ms at, std::string_view rotated_to) {
  return change_if(on, expire_one, {text(id), number(at), text(rotated_to)});
}

result<void> touch(sql::connection& on, std::span<const std::pair<std::string, epoch_ms>> last_used) {
  auto scope = sql::transaction::begin(on);
  if (!scope) return scope.error();
  for (const auto& [id, at] : last_used) {
    if (const auto done = on.exec(touch_one, {text(id), number(at)}); !done) return done.error();
  }
  return scope->commit();
}

}  // namespace spidergate::store::tokens
