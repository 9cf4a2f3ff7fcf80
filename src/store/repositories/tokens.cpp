#include "rows.hpp"

#include <spidergate/store/errc.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace spidergate::store::tokens {

namespace {

constexpr std::size_t kind_count = 3;  // key, pat, triple

constexpr piece columns{
    "id, brand_id, client_id, kind, label, env, display, hash, secret_hash, role, scopes, allowed_models, "
    "blocked_models, allowed_cidrs, expires_at, revoked_at, last_used_at, created_at, created_by, rotated_to"};
constexpr piece select{"SELECT "};
constexpr piece from{" FROM tokens "};
constexpr piece next{", "};

constexpr auto insert_one =
    statement<"INSERT INTO tokens (", columns, next, limit_columns,
              ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, "
              "$21, $22, $23, $24, $25, $26, $27, $28)">;
// Who read the token before it was revoked, replaced or used, and writes it back after, must not undo that.
constexpr auto update_one = statement<"UPDATE tokens SET (", columns, next, limit_columns,
                                      ") = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
                                      "CASE WHEN rotated_to = $20 THEN $15 ELSE expires_at END, "
                                      "CASE WHEN revoked_at = 0 THEN $16 ELSE revoked_at END, "
                                      "CASE WHEN last_used_at < $17 THEN $17 ELSE last_used_at END, $18, $19, "
                                      "CASE WHEN rotated_to = '' THEN $20 ELSE rotated_to END, "
                                      "$21, $22, $23, $24, $25, $26, $27, $28) WHERE id = $1 RETURNING id">;
constexpr auto select_all = statement<select, columns, next, limit_columns, from, "ORDER BY created_at, id">;
constexpr auto select_page = statement<select, columns, next, limit_columns, from,
                                       "WHERE brand_id = $1 AND (CAST($3 AS TEXT) = '' OR kind IN ($3, $4, $5)) "
                                       "AND (CAST($2 AS TEXT) = '' OR (created_at, id) < "
                                       "(SELECT created_at, id FROM tokens WHERE id = $2 AND brand_id = $1)) "
                                       "ORDER BY created_at DESC, id DESC LIMIT $6">;
constexpr auto select_one = statement<select, columns, next, limit_columns, from, "WHERE id = $1">;
constexpr std::string_view revoke_one =
    "UPDATE tokens SET revoked_at = CASE WHEN revoked_at = 0 THEN $2 ELSE revoked_at END WHERE id = $1 RETURNING id";
constexpr std::string_view expire_one =
    "UPDATE tokens SET expires_at = $2, rotated_to = $3 WHERE id = $1 AND rotated_to = '' AND revoked_at = 0 "
    "RETURNING id";
// Never backwards, for several servers may report the same token.
constexpr std::string_view touch_one = "UPDATE tokens SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2";

result<token_record> record_of(const sql::row& row) {
  token_record t;
  row_reader read(row);
  read(t.id), read(t.brand_id), read(t.client_id), read(t.kind), read(t.label), read(t.env), read(t.display);
  read.blob(t.hash), read.hex(t.secret_hash);
  read(t.role), read(t.scopes), read(t.allowed_models), read(t.blocked_models), read(t.allowed_cidrs);
  read(t.expires_at), read(t.revoked_at), read(t.last_used_at), read(t.created_at);
  read(t.created_by), read(t.rotated_to), read(t.limits);
  if (read.corrupt()) return errc::corrupt;
  return t;
}

std::vector<sql::value> values_of(const token_record& t) {
  std::vector<sql::value> all{text(t.id),
                              text(t.brand_id),
                              text(t.client_id),
                              text(t.kind),
                              text(t.label),
                              text(t.env),
                              text(t.display),
                              bytes(t.hash),
                              hex(t.secret_hash),
                              text(t.role),
                              store::list(t.scopes),
                              store::list(t.allowed_models),
                              store::list(t.blocked_models),
                              store::list(t.allowed_cidrs),
                              number(t.expires_at),
                              number(t.revoked_at),
                              number(t.last_used_at),
                              number(t.created_at),
                              text(t.created_by),
                              text(t.rotated_to)};
  append(all, t.limits);
  return all;
}

}  // namespace

result<void> insert(sql::connection& on, const token_record& t) {
  return change_always(on, insert_one, values_of(t));
}

result<bool> update(sql::connection& on, const token_record& t) {
  return change_if(on, update_one, values_of(t));
}

result<std::vector<token_record>> list(sql::connection& on) {
  return records_of<token_record>(on.exec(select_all), record_of);
}

result<std::vector<token_record>> page(sql::connection& on, std::string_view brand_id,
                                       std::span<const std::string_view> kinds, std::string_view after,
                                       std::size_t limit) {
  if (kinds.size() > kind_count) throw std::invalid_argument("there are three kinds of tokens");
  std::array<std::string_view, kind_count> wanted;
  if (!kinds.empty()) wanted.fill(kinds.front());
  std::copy(kinds.begin(), kinds.end(), wanted.begin());
  return records_of<token_record>(on.exec(select_page, {text(brand_id), text(after), text(wanted[0]), text(wanted[1]),
                                                        text(wanted[2]), count(limit)}),
                                  record_of);
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
  // In one order everywhere: several servers that touch the same tokens would else wait for each other in a circle.
  std::vector<const std::pair<std::string, epoch_ms>*> in_order;
  in_order.reserve(last_used.size());
  for (const auto& one : last_used) in_order.push_back(&one);
  std::sort(in_order.begin(), in_order.end(), [](const auto* left, const auto* right) { return *left < *right; });
  auto scope = sql::transaction::begin(on);
  if (!scope) return scope.error();
  for (const auto* one : in_order) {
    if (const auto done = on.exec(touch_one, {text(one->first), number(one->second)}); !done) return done.error();
  }
  return scope->commit();
}

}  // namespace spidergate::store::tokens
