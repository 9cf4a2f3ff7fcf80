#include "rows.hpp"

namespace spidergate::store::clients {

namespace {

constexpr std::string_view insert_one = "INSERT INTO clients (id, brand_id, name, created_at) VALUES ($1, $2, $3, $4)";
constexpr std::string_view select_of_brand =
    "SELECT id, brand_id, name, created_at FROM clients WHERE $1 = '' OR brand_id = $1 ORDER BY created_at, id";
constexpr std::string_view select_by_name =
    "SELECT id, brand_id, name, created_at FROM clients WHERE brand_id = $1 AND name = $2";

result<client_record> record_of(const sql::row& from) {
  client_record c;
  row_reader read(from);
  read(c.id), read(c.brand_id), read(c.name), read(c.created_at);
  return c;
}

}  // namespace

result<void> insert(sql::connection& on, const client_record& c) {
  return change_always(on, insert_one, {text(c.id), text(c.brand_id), text(c.name), number(c.created_at)});
}

result<std::vector<client_record>> list(sql::connection& on, std::string_view brand_id) {
  return records_of<client_record>(on.exec(select_of_brand, {text(brand_id)}), record_of);
}

result<std::optional<client_record>> find_by_name(sql::connection& on, std::string_view brand_id,
                                                  std::string_view name) {
  return first_of<client_record>(on.exec(select_by_name, {text(brand_id), text(name)}), record_of);
}

}  // namespace spidergate::store::clients
