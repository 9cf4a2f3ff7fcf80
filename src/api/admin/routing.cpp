#include "body_reader.hpp"
#include "limit_fields.hpp"
#include "list_page.hpp"
#include "management_handlers.hpp"

#include <spidergate/router/alias_check.hpp>
#include <spidergate/store/repositories.hpp>

#include <algorithm>

namespace spidergate::api {

namespace {

using catalogue::alias_entry;
using store::alias_record;
using snapshot = std::shared_ptr<const catalogue::catalogue>;

constexpr std::size_t most_entries = 32;
constexpr std::size_t most_aliases = 500;
constexpr std::size_t most_rules = 200;

/// The brand's rows, then those for all brands; foreign ones are left out.
template <class Row>
std::vector<Row> own_first(std::vector<Row> rows, const std::string& brand_id) {
  std::vector<Row> sorted;
  for (const auto& owner : {brand_id, std::string()})
    for (auto& row : rows)
      if (row.brand_id == owner) sorted.push_back(row);
  return sorted;
}

/// What a brand may see of the store's aliases and rules: its own, and those for all brands.
struct brand_routing {
  std::string brand_id;
  std::vector<alias_record> aliases;  ///< the brand's own first
  std::vector<store::rule_record> rules;

  [[nodiscard]] static model::outcome<brand_routing> load(sql::connection& on, const std::string& brand_id) {
    auto aliases = store::routing::list_aliases(on);
    if (!aliases) return store_fault(aliases.error());
    auto rules = store::routing::list_rules(on);
    if (!rules) return store_fault(rules.error());
    return brand_routing{brand_id, own_first(std::move(*aliases), brand_id), own_first(std::move(*rules), brand_id)};
  }

  [[nodiscard]] const alias_record* find(std::string_view name) const {
    const auto found = std::find_if(aliases.begin(), aliases.end(), [&](const auto& a) { return a.name == name; });
    return found == aliases.end() ? nullptr : &*found;
  }
  [[nodiscard]] const alias_record* find_own(std::string_view name) const {
    const auto* found = find(name);
    return found != nullptr && found->brand_id == brand_id ? found : nullptr;
  }
  [[nodiscard]] std::size_t own_count() const {
    return static_cast<std::size_t>(
        std::count_if(aliases.begin(), aliases.end(), [](const auto& a) { return !a.brand_id.empty(); }));
  }

  [[nodiscard]] router::brand_overrides overrides() const {
    router::brand_overrides made;
    for (const auto& alias : aliases)
      if (find(alias.name) == &alias) made.aliases.push_back({.name = alias.name, .chain = alias.chain});
    for (const auto& rule : rules) made.rules.push_back({.match = rule.match, .provider = rule.provider});
    return made;
  }
};

/// An alias as it is shown, wherever it comes from; its name is its id.
struct shown_alias {
  std::string id;
  std::string_view source;
  std::vector<std::string> chain;
  epoch_ms updated_at = 0;
};

shown_alias shown(const alias_record& row) {
  return {row.name, row.brand_id.empty() ? "installation" : "brand", row.chain, row.updated_at};
}

shown_alias shown(const alias_entry& entry) {
  return {entry.name, entry.from_config ? "config" : "built-in", entry.chain};
}

void write_alias(json_writer& out, const shown_alias& alias) {
  out.begin_object().key("name").string(alias.id).key("source").string(alias.source);
  text_list(out, "chain", alias.chain);
  time_or_null(out, "updated_at", alias.updated_at);
  out.end_object();
}

answer alias_answer(const shown_alias& alias, int status = 200) {
  answer made{.status = status};
  json_writer out(made.body);
  write_alias(out, alias);
  return made;
}

model::api_error no_such_alias(std::string_view name) {
  return model::make_error(model::api_errc::not_found, "There is no alias '" + std::string(name.substr(0, 100)) + "'.");
}

/// All that the brand sees, by name.
std::vector<shown_alias> every_alias(const brand_routing& routing, const catalogue::catalogue& data) {
  std::vector<shown_alias> all;
  for (const auto& alias : routing.aliases)
    if (routing.find(alias.name) == &alias) all.push_back(shown(alias));
  for (const auto& alias : data.aliases())
    if (routing.find(alias.name) == nullptr) all.push_back(shown(alias));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

awaitable<void> list_aliases(management_call& call) {
  const auto asked = page_asked(call.r);
  if (!asked) return call.refuse(asked.error());
  const snapshot data = call.r.now.routing.get()->data;
  return call.show([asked = *asked, who = call.who, data,
                    source = call.r.query("source")](sql::connection& on) -> model::outcome<answer> {
    const auto routing = brand_routing::load(on, who->brand_id);
    if (!routing) return routing.error();
    const auto all = every_alias(*routing, *data);
    const auto fetch = [&all](std::string_view after, std::size_t limit) -> result<std::vector<shown_alias>> {
      const auto begin = std::upper_bound(all.begin(), all.end(), after,
                                          [](std::string_view name, const auto& alias) { return name < alias.id; });
      const auto rest = static_cast<std::size_t>(all.end() - begin);
      return std::vector<shown_alias>(begin, begin + static_cast<std::ptrdiff_t>(std::min(limit, rest)));
    };
    return list_page(
        asked, fetch, [&](const shown_alias& alias) { return source.empty() || alias.source == source; }, write_alias);
  });
}

struct alias_body {
  std::optional<std::string> name;
  std::optional<std::vector<std::string>> chain;
};

model::outcome<alias_record> read_alias(std::string_view json, std::string name) {
  body_reader from(json);
  alias_body body;
  from.line("name", body.name).names("chain", body.chain, most_entries);
  if (auto found = from.finish("an alias")) return std::move(*found);
  if (!name.empty() && body.name && *body.name != name)
    return model::make_error(model::api_errc::invalid_value, "The path and the body name different aliases.", "name");
  if (name.empty() && !body.name)
    return model::make_error(model::api_errc::missing_field, "'name' is missing.", "name");
  if (!body.chain) return model::make_error(model::api_errc::missing_field, "'chain' is missing.", "chain");
  return alias_record{.name = name.empty() ? *body.name : std::move(name), .chain = std::move(*body.chain)};
}

model::api_error client_fault(const router::alias_fault& fault) {
  return model::make_error(model::api_errc::invalid_value, fault.message,
                           fault.entry ? "chain[" + std::to_string(*fault.entry) + "]" : "chain");
}

model::outcome<answer> store_alias(sql::connection& on, const alias_record& row, const catalogue::catalogue& data,
                                   bool anew) {
  const auto routing = brand_routing::load(on, row.brand_id);
  if (!routing) return routing.error();
  const bool known = routing->find_own(row.name) != nullptr;
  if (anew && known)
    return model::make_error(model::api_errc::conflict, "There is an alias '" + row.name + "' already.", "name");
  if (!known && routing->own_count() >= most_aliases)
    return model::make_error(model::api_errc::conflict,
                             "A brand has at most " + std::to_string(most_aliases) + " aliases.");
  if (const auto fault = router::fault_in_alias(data, routing->overrides(), row.name, row.chain))
    return client_fault(*fault);
  if (const auto done = store::routing::set_alias(on, row); !done) return store_fault(done.error());
  return alias_answer(shown(row), known ? 200 : 201);
}

/// `anew`: an alias of that name must not be there yet.
awaitable<void> set_alias(management_call& call, std::string name, bool anew) {
  auto row = read_alias(call.body, std::move(name));
  if (!row) return call.refuse(row.error());
  row->brand_id = call.who->brand_id;
  row->updated_at = call.now;
  const snapshot data = call.r.now.routing.get()->data;
  return call.commit(
      [row = std::move(*row), data, anew](sql::connection& on) { return store_alias(on, row, *data, anew); });
}

/// The brand's own alias that would lead nowhere without the one that goes.
std::optional<std::string> left_alone(const brand_routing& before, std::string_view name,
                                      const catalogue::catalogue& data) {
  auto after = before;
  std::erase_if(after.aliases, [&](const auto& a) { return a.name == name && !a.brand_id.empty(); });
  const auto overrides = after.overrides();
  for (const auto& alias : overrides.aliases) {
    const bool names_it = std::find(alias.chain.begin(), alias.chain.end(), name) != alias.chain.end();
    if (names_it && router::fault_in_alias(data, overrides, alias.name, alias.chain)) return alias.name;
  }
  return std::nullopt;
}

awaitable<void> remove_alias(management_call& call) {
  const snapshot data = call.r.now.routing.get()->data;
  return call.commit([who = call.who, name = call.r.where.id, data](sql::connection& on) -> model::outcome<answer> {
    const auto routing = brand_routing::load(on, who->brand_id);
    if (!routing) return routing.error();
    if (routing->find_own(name) == nullptr) return no_such_alias(name);
    if (const auto other = left_alone(*routing, name, *data))
      return model::make_error(model::api_errc::conflict, "The alias '" + *other + "' names it in its chain.");
    const auto done = store::routing::remove_alias(on, who->brand_id, name);
    if (!done) return store_fault(done.error());
    answer made;
    json_writer out(made.body);
    out.begin_object().key("name").string(name).key("deleted").boolean(true).end_object();
    return made;
  });
}

std::string rules_json(const std::vector<store::rule_record>& rules) {
  return list_json([&rules](json_writer& out) {
    for (const auto& rule : rules) {
      out.begin_object().key("match").string(rule.match).key("provider").string(rule.provider);
      out.key("source").string(rule.brand_id.empty() ? "installation" : "brand").end_object();
    }
  });
}

/// Reads {"rules": [{"match", "provider"}, …]}.
model::outcome<std::vector<store::rule_record>> read_rules(std::string_view json, const std::string& brand_id,
                                                           const catalogue::catalogue& data) {
  body_reader from(json);
  const auto list = from.take("rules");
  std::vector<store::rule_record> rules;
  if (!list.is(json::kind::array)) from.refuse("rules", "a list of {\"match\", \"provider\"}");
  for (const auto& element : list.elements()) {
    const auto at = "rules[" + std::to_string(rules.size()) + "]";
    body_reader one(element.raw());
    std::optional<std::string> match, provider;
    one.line("match", match, 200).line("provider", provider);
    if (auto found = one.finish("a rule")) {
      found->param = at + (found->param.empty() ? "" : "." + found->param);
      from.refuse(std::move(*found));
    } else if (!match || !provider) {
      from.refuse(at, "an object with \"match\" and \"provider\"");
    } else if (data.find_provider(*provider) == nullptr) {
      from.refuse(model::make_error(model::api_errc::invalid_value, "There is no provider '" + *provider + "'.",
                                    at + ".provider"));
    } else if (rules.size() == most_rules) {
      from.refuse("rules", "a list of at most " + std::to_string(most_rules));
      break;
    }
    rules.push_back({.brand_id = brand_id,
                     .position = static_cast<std::int64_t>(rules.size()),
                     .match = match.value_or(""),
                     .provider = provider.value_or("")});
  }
  if (auto found = from.finish("this")) return std::move(*found);
  return rules;
}

}  // namespace

awaitable<void> serve_aliases(management_call& call) {
  return call.r.x.head().method == "POST" ? set_alias(call, {}, true) : list_aliases(call);
}

awaitable<void> serve_alias(management_call& call) {
  const auto method = call.r.x.head().method;
  if (method == "PUT" || method == "POST") return set_alias(call, call.r.where.id, false);
  if (method == "DELETE") return remove_alias(call);
  const snapshot data = call.r.now.routing.get()->data;
  return call.show([who = call.who, name = call.r.where.id, data](sql::connection& on) -> model::outcome<answer> {
    const auto routing = brand_routing::load(on, who->brand_id);
    if (!routing) return routing.error();
    if (const auto* stored = routing->find(name)) return alias_answer(shown(*stored));
    if (const auto* entry = data->find_alias(name)) return alias_answer(shown(*entry));
    return no_such_alias(name);
  });
}

awaitable<void> serve_rules(management_call& call) {
  if (call.r.x.head().method != "PUT") {
    return call.show([who = call.who](sql::connection& on) -> model::outcome<answer> {
      const auto routing = brand_routing::load(on, who->brand_id);
      if (!routing) return routing.error();
      return answer{.body = rules_json(routing->rules)};
    });
  }
  const snapshot data = call.r.now.routing.get()->data;
  auto rules = read_rules(call.body, call.who->brand_id, *data);
  if (!rules) return call.refuse(rules.error());
  return call.commit([who = call.who, rules = std::move(*rules)](sql::connection& on) -> model::outcome<answer> {
    if (const auto done = store::routing::set_rules(on, who->brand_id, rules); !done) return store_fault(done.error());
    return answer{.body = rules_json(rules)};
  });
}

}  // namespace spidergate::api
