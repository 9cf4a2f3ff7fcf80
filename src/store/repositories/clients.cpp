#include "rows.hpp"

namespace spidergate::store::clients {

namespace {

constexpr piece columns{"id, brand_id, name, revoked_at, created_at"};
constexpr piece select{"SELECT "};
constexpr piece from{" FROM clients "};
constexpr piece next{", "};

constexpr auto insert_one = statement<"INSERT INTO clients (", columns, next, limit_columns,
                                      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)">;
// Who read the client before it was revoked, and writes it back after, must not bring it back.
constexpr auto update_one = statement<"UPDATE clients SET (", columns, next, limit_columns,
                                      ") = ($1, $2, $3, CASE WHEN revoked_at = 0 THEN $4 ELSE revoked_at END, $5, $6, "
                                      "$7, $8, $9, $10, $11, $12, $13) WHERE id = $1 RETURNING id">;
constexpr auto select_of_brand = statement<select, columns, next, limit_columns, from,
                                           "WHERE CAST($1 AS TEXT) = '' OR brand_id = $1 ORDER BY created_at, id">;
constexpr auto select_page = statement<select, columns, next, limit_columns, from,
                                       "WHERE brand_id = $1 AND (CAST($2 AS TEXT) = '' OR (created_at, id) < "
                                       "(SELECT created_at, id FROM clients WHERE id = $2 AND brand_id = $1)) "
                                       "ORDER BY created_at DESC, id DESC LIMIT $3">;
constexpr auto select_one = statement<select, columns, next, limit_columns, from, "WHERE brand_id = $1 AND id = $2">;
constexpr auto select_by_name =
    statement<select, columns, next, limit_columns, from, "WHERE brand_id = $1 AND name = $2">;

result<client_record> record_of(const sql::row& row) {
  client_record c;
  row_reader read(row);
  read(c.id), read(c.brand_id), read(c.name), read(c.revoked_at), read(c.created_at), read(c.limits);
  return c;
}

std::vector<sql::value> values_of(const client_record& c) {
  std::vector<sql::value> all{text(c.id), text(c.brand_id), text(c.name), number(c.revoked_at), number(c.created_at)};
  append(all, c.limits);
  return all;
}

}  // namespace

result<void> insert(sql::connection& on, const client_record& c) {
  return change_always(on, insert_one, values_of(c));
}

result<bool> update(sql::connection& on, const client_record& c) {
  return change_if(on, update_one, values_of(c));
}

result<std::vector<client_record>> list(sql::connection& on, std::string_view brand_id) {
  return records_of<client_record>(on.exec(select_of_brand, {text(brand_id)}), record_of);
}

result<std::vector<client_record>> page(sql::connection& on, std::string_view brand_id, std::string_view after,
                                        std::size_t limit) {
  return records_of<client_record>(on.exec(select_page, {text(brand_id), text(after), count(limit)}), record_of);
}

result<std::optional<client_record>> find(sql::connection& on, std::string_view brand_id, std::string_view id) {
  return first_of<client_record>(on.exec(select_one, {text(brand_id), text(id)}), record_of);
}

result<std::optional<client_record>> find_by_name(sql::connection& on, std::string_view brand_id,
                                                  std::string_view name) {
  return first_of<client_record>(on.exec(select_by_name, {text(brand_id), text(name)}), record_of);
}

}  // namespace spidergate::store::clients
