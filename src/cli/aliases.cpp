#include "key_view.hpp"
#include "output.hpp"
#include "routing.hpp"
#include "tenants.hpp"

#include <spidergate/providers/dialect.hpp>
#include <spidergate/router/alias_check.hpp>
#include <spidergate/router/router.hpp>
#include <spidergate/store/repositories.hpp>

#include <algorithm>
#include <ostream>

namespace spidergate::cli {

namespace {

using catalogue::alias_entry;
using store::alias_record;

/// What the store says of aliases and rules.
struct stored_routing {
  std::vector<alias_record> aliases;
  std::vector<store::rule_record> rules;
};

stored_routing stored(context& in) {
  return {need(in, store::routing::list_aliases(in.database()), "The aliases cannot be read"),
          need(in, store::routing::list_rules(in.database()), "The rules cannot be read")};
}

/// A brand sees its own aliases and rules first, then those for all brands.
router::brand_overrides overrides_of(std::string_view brand_id, const stored_routing& from) {
  router::brand_overrides made;
  std::vector<std::string_view> owners{brand_id};
  if (!brand_id.empty()) owners.emplace_back();
  for (const auto owner : owners) {
    for (const auto& a : from.aliases) {
      const bool known = std::any_of(made.aliases.begin(), made.aliases.end(),
                                     [&](const auto& other) { return other.name == a.name; });
      if (a.brand_id == owner && !known) made.aliases.push_back({.name = a.name, .chain = a.chain});
    }
    for (const auto& rule : from.rules)
      if (rule.brand_id == owner) made.rules.push_back({.match = rule.match, .provider = rule.provider});
  }
  return made;
}

record row_of(std::string_view name, std::string_view source, std::string_view brand,
              const std::vector<std::string>& chain) {
  record r;
  r.text("name", name).text("source", source).text_or_null("brand", brand).list("chain", chain);
  return r;
}

[[noreturn]] void no_such_alias(const catalogue::catalogue& data, const router::brand_overrides& brand,
                                std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& a : data.aliases()) names.emplace_back(a.name);
  for (const auto& a : brand.aliases) names.emplace_back(a.name);
  throw command_error{exit_code::not_found, "There is no alias '" + printable(name) + "'." + nearest_hint(name, names) +
                                                " See `spidergate alias list`."};
}

/// The kind of request that an alias is for, told by what its first known model does.
model::endpoint purpose_of(const std::vector<router::candidate>& chain) {
  for (const auto& c : chain) {
    if (c.entry != nullptr) return router::endpoint_for(c.entry->mode);
  }
  return model::endpoint::chat;
}

router::candidate_health health_of(const vault::vault& keys, const router::candidate& who,
                                   const store::brand_record& brand) {
  const auto has = keys.available(who.provider->id, brand.id, brand.pool_access);
  const bool keyless = who.provider->auth == catalogue::auth_style::none && !has.any;
  return {.has_usable_key = has.usable || keyless, .has_any_key = has.any || keyless};
}

/// Why the router would not try a candidate at all.
std::string why_left_out(const router::candidate& who, const router::candidate_health& health) {
  const auto& dialect =
      who.entry != nullptr && !who.entry->dialect.empty() ? who.entry->dialect : who.provider->dialect;
  if (providers::find_dialect(dialect) == nullptr) return "this version does not speak its dialect '" + dialect + "'";
  if (!health.has_any_key)
    return "no key for " + who.provider->id + ": `spidergate provider add " + who.provider->id + "`";
  return "it cannot do what this alias is for";
}

using ranking = std::vector<router::ranked_candidate>;

ranking rank_with_all(const router::resolution& resolved, const std::vector<router::candidate_health>& health) {
  model::inference_request asked;
  asked.kind = purpose_of(resolved.chain);
  auto ranked = router::rank(resolved, health, asked, providers::serves);
  auto order = ranked ? std::move(*ranked) : ranking{};
  for (std::size_t i = 0; i < resolved.chain.size(); ++i) {
    const auto name = resolved.chain[i].name();
    const bool there = std::any_of(order.begin(), order.end(), [&](const auto& r) { return r.what.name() == name; });
    if (!there)
      order.push_back({resolved.chain[i], router::standing::down, why_left_out(resolved.chain[i], health[i])});
  }
  return order;
}

void print_ranking(context& in, const std::string& name, const ranking& order) {
  std::vector<record> rows;
  for (const auto& one : order) {
    record r;
    r.text("candidate", one.what.name()).text("standing", router::standing_name(one.where)).text("reason", one.reason);
    rows.push_back(std::move(r));
  }
  if (in.options().json) {
    record whole;
    std::string chain;
    for (const auto& row : rows) chain.append(chain.empty() ? "" : ",").append(row.json());
    whole.text("name", name).decimal("chain", "[" + chain + "]");
    in.out() << whole.json() << "\n";
    return;
  }
  print_list(in, rows, {"candidate", "standing", "reason"}, "The chain is empty.");
}

/// What is wrong with the alias for anybody who will see it: for all brands but those with one of that name.
void check(const catalogue::catalogue& data, const stored_routing& routing, const alias_record& made,
           const std::vector<std::string>& brand_ids) {
  for (const auto& id : brand_ids) {
    const bool has_own = std::any_of(routing.aliases.begin(), routing.aliases.end(), [&](const auto& other) {
      return other.brand_id == id && other.name == made.name;
    });
    if (has_own && id != made.brand_id) continue;
    if (const auto fault = router::fault_in_alias(data, overrides_of(id, routing), made.name, made.chain))
      throw command_error{fault->entry ? exit_code::not_found : exit_code::failed,
                          printable(fault->message) + " The alias was not changed."};
  }
}

}  // namespace

exit_code list_aliases(context& in) {
  const auto routing = stored(in);
  const auto brands = brand_names(in);
  std::vector<record> rows;
  for (const auto& alias : in.config().catalogue->aliases()) {
    const bool replaced = std::any_of(routing.aliases.begin(), routing.aliases.end(),
                                      [&](const auto& a) { return a.brand_id.empty() && a.name == alias.name; });
    if (!replaced) rows.push_back(row_of(alias.name, alias.from_config ? "config" : "built-in", "", alias.chain));
  }
  for (const auto& alias : routing.aliases) {
    const auto brand = brands.find(alias.brand_id);
    rows.push_back(row_of(alias.name, "store", brand == brands.end() ? "" : brand->second, alias.chain));
  }
  print_list(in, rows, {"name", "source", "brand", "chain"}, "There are no aliases.");
  return exit_code::ok;
}

exit_code show_alias(context& in, const alias_options& asked) {
  const auto& data = *in.config().catalogue;
  const auto brand = brand_named(in, asked.brand);
  const auto overrides = overrides_of(brand.id, stored(in));
  const auto is_stored = std::any_of(overrides.aliases.begin(), overrides.aliases.end(),
                                     [&](const auto& a) { return a.name == asked.name; });
  if (!is_stored && data.find_alias(asked.name) == nullptr) no_such_alias(data, overrides, asked.name);
  const auto resolved = router::resolve(data, overrides, asked.name, {});
  if (!resolved) throw command_error{exit_code::failed, resolved.error().message};
  key_view view(in);
  std::vector<router::candidate_health> health;
  for (const auto& c : resolved->chain) health.push_back(health_of(view.keys(), c, brand));
  print_ranking(in, asked.name, rank_with_all(*resolved, health));
  return exit_code::ok;
}

exit_code set_alias(context& in, const alias_options& asked) {
  check_name("alias's name", asked.name);
  if (asked.name.find(' ') != std::string::npos || asked.name == "auto")
    throw command_error{exit_code::usage, "An alias is one word without blanks, such as team/chat, and not 'auto'."};
  const auto& data = *in.config().catalogue;
  const auto brand = asked.brand.empty() ? store::brand_record{} : brand_named(in, asked.brand);
  const alias_record made{.brand_id = brand.id, .name = asked.name, .chain = asked.entries, .updated_at = in.now()};
  std::vector<std::string> seen_by{brand.id};
  if (brand.id.empty())
    for (const auto& [id, name] : brand_names(in)) seen_by.push_back(id);
  check(data, stored(in), made, seen_by);
  need(in, store::routing::set_alias(in.database(), made), "The alias cannot be stored");
  print_done(in, row_of(made.name, "store", brand.name, made.chain),
             "Set '" + made.name + "': running servers use it within a second.");
  return exit_code::ok;
}

}  // namespace spidergate::cli
