#include "rows.hpp"

namespace spidergate::store::brands {

namespace {

constexpr std::string_view insert_one =
    "INSERT INTO brands (id, name, pool_access, created_at) VALUES ($1, $2, $3, $4)";
constexpr std::string_view select_all = "SELECT id, name, pool_access, created_at FROM brands ORDER BY created_at, id";
constexpr std::string_view select_by_name = "SELECT id, name, pool_access, created_at FROM brands WHERE name = $1";

result<brand_record> record_of(const sql::row& from) {
  brand_record b;
  row_reader read(from);
  read(b.id), read(b.name), read(b.pool_access), read(b.created_at);
  return b;
}

}  // namespace

result<void> insert(sql::connection& on, const brand_record& b) {
  return change_always(on, insert_one, {text(b.id), text(b.name), flag(b.pool_access), number(b.created_at)});
}

result<std::vector<brand_record>> list(sql::connection& on) {
  return records_of<brand_record>(on.exec(select_all), record_of);
}

result<std::optional<brand_record>> find_by_name(sql::connection& on, std::string_view name) {
  return first_of<brand_record>(on.exec(select_by_name, {text(name)}), record_of);
}

}  // namespace spidergate::store::brands
