#include "rows.hpp"

namespace spidergate::store::brands {

namespace {

constexpr piece columns{"id, name, pool_access, is_operator, prices, preferences, suspended_at, created_at"};
constexpr piece values{"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"};
constexpr piece select{"SELECT "};
constexpr piece from{" FROM brands "};
constexpr piece next{", "};

constexpr auto insert_one = statement<"INSERT INTO brands (", columns, next, limit_columns, ") VALUES ", values>;
constexpr auto update_one =
    statement<"UPDATE brands SET (", columns, next, limit_columns, ") = ", values, " WHERE id = $1 RETURNING id">;
constexpr auto select_all = statement<select, columns, next, limit_columns, from, "ORDER BY created_at, id">;
constexpr auto select_page = statement<select, columns, next, limit_columns, from,
                                       "WHERE CAST($1 AS TEXT) = '' OR (created_at, id) < "
                                       "(SELECT created_at, id FROM brands WHERE id = $1) "
                                       "ORDER BY created_at DESC, id DESC LIMIT $2">;
constexpr auto select_one = statement<select, columns, next, limit_columns, from, "WHERE id = $1">;
constexpr auto select_by_name = statement<select, columns, next, limit_columns, from, "WHERE name = $1">;

result<brand_record> record_of(const sql::row& row) {
  brand_record b;
  row_reader read(row);
  read(b.id), read(b.name), read(b.pool_access), read(b.is_operator), read(b.prices), read(b.preferences);
  read(b.suspended_at), read(b.created_at), read(b.limits);
  return b;
}

std::vector<sql::value> values_of(const brand_record& b) {
  std::vector<sql::value> all{text(b.id),     text(b.name),        flag(b.pool_access),    flag(b.is_operator),
                              text(b.prices), text(b.preferences), number(b.suspended_at), number(b.created_at)};
  append(all, b.limits);
  return all;
}

}  // namespace

result<void> insert(sql::connection& on, const brand_record& b) {
  return change_always(on, insert_one, values_of(b));
}

result<bool> update(sql::connection& on, const brand_record& b) {
  return change_if(on, update_one, values_of(b));
}

result<std::vector<brand_record>> list(sql::connection& on) {
  return records_of<brand_record>(on.exec(select_all), record_of);
}

result<std::vector<brand_record>> page(sql::connection& on, std::string_view after, std::size_t limit) {
  return records_of<brand_record>(on.exec(select_page, {text(after), count(limit)}), record_of);
}

result<std::optional<brand_record>> find(sql::connection& on, std::string_view id) {
  return first_of<brand_record>(on.exec(select_one, {text(id)}), record_of);
}

result<std::optional<brand_record>> find_by_name(sql::connection& on, std::string_view name) {
  return first_of<brand_record>(on.exec(select_by_name, {text(name)}), record_of);
}

}  // namespace spidergate::store::brands
