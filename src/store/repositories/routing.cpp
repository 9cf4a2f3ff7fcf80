#include "rows.hpp"

#include <spidergate/store/errc.hpp>

namespace spidergate::store::routing {

namespace {

constexpr std::string_view select_aliases =
    "SELECT brand_id, name, chain, updated_at FROM aliases ORDER BY COALESCE(brand_id, ''), name";
constexpr std::string_view upsert_alias =
    "INSERT INTO aliases (brand_id, name, chain, updated_at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (COALESCE(brand_id, ''), name) DO UPDATE SET chain = excluded.chain, updated_at = excluded.updated_at";
constexpr std::string_view delete_alias =
    "DELETE FROM aliases WHERE COALESCE(brand_id, '') = $1 AND name = $2 RETURNING name";
constexpr std::string_view select_rules =
    "SELECT brand_id, position, pattern, provider FROM rules ORDER BY COALESCE(brand_id, ''), position";
constexpr std::string_view delete_rules = "DELETE FROM rules WHERE COALESCE(brand_id, '') = $1";
constexpr std::string_view insert_rule =
    "INSERT INTO rules (brand_id, position, pattern, provider) VALUES ($1, $2, $3, $4)";

result<alias_record> alias_of(const sql::row& from) {
  alias_record a;
  row_reader read(from);
  read(a.brand_id), read(a.name), read(a.chain), read(a.updated_at);
  if (read.corrupt()) return errc::corrupt;
  return a;
}

result<rule_record> rule_of(const sql::row& from) {
  rule_record r;
  row_reader read(from);
  read(r.brand_id), read(r.position), read(r.match), read(r.provider);
  return r;
}

}  // namespace

result<std::vector<alias_record>> list_aliases(sql::connection& on) {
  return records_of<alias_record>(on.exec(select_aliases), alias_of);
}

result<void> set_alias(sql::connection& on, const alias_record& a) {
  return change_always(on, upsert_alias, {text_or_null(a.brand_id), text(a.name), list(a.chain), number(a.updated_at)});
}

result<bool> remove_alias(sql::connection& on, std::string_view brand_id, std::string_view name) {
  return change_if(on, delete_alias, {text(brand_id), text(name)});
}

result<std::vector<rule_record>> list_rules(sql::connection& on) {
  return records_of<rule_record>(on.exec(select_rules), rule_of);
}

result<void> set_rules(sql::connection& on, std::string_view brand_id, std::span<const rule_record> rules) {
  auto scope = sql::transaction::begin(on);
  if (!scope) return scope.error();
  if (const auto done = change_always(on, delete_rules, {text(brand_id)}); !done) return done;
  for (const auto& r : rules) {
    const auto done =
        on.exec(insert_rule, {text_or_null(brand_id), number(r.position), text(r.match), text(r.provider)});
    if (!done) return done.error();
  }
  return scope->commit();
}

}  // namespace spidergate::store::routing
