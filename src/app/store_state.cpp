#include "store_state.hpp"

#include <spidergate/telemetry/log.hpp>

#include <algorithm>

namespace spidergate::app {

namespace {

/// A brand sees its own aliases and rules first, then those for all brands.
router::brand_overrides overrides_of(std::string_view brand_id, const std::vector<store::alias_record>& aliases,
                                     const std::vector<store::rule_record>& rules) {
  router::brand_overrides made;
  const auto add = [&](std::string_view owner) {
    for (const auto& a : aliases) {
      const bool known = std::any_of(made.aliases.begin(), made.aliases.end(),
                                     [&](const auto& other) { return other.name == a.name; });
      if (a.brand_id == owner && !known) made.aliases.push_back({.name = a.name, .chain = a.chain});
    }
    for (const auto& rule : rules) {
      if (rule.brand_id == owner) made.rules.push_back({.match = rule.match, .provider = rule.provider});
    }
  };
  add(brand_id);
  if (!brand_id.empty()) add("");
  return made;
}

/// What a brand wants. A text that cannot be read (management lets none in) leaves in force what it said before;
/// without that nothing is allowed, for what it forbids is not known.
router::preferences preferences_of(const store::brand_record& brand, const flow::routing_snapshot& before) {
  auto read = router::read_preferences(brand.preferences);
  if (read) return std::move(*read);
  telemetry::log::error("the preferences of a brand cannot be read", {{"brand", brand.id}, {"fault", read.error()}});
  if (const auto known = before.preferences.find(brand.id); known != before.preferences.end()) return known->second;
  router::preferences nothing;
  nothing.blocked_providers = {"*"};
  return nothing;
}

/// Price overrides of a brand or an integration; none where the text cannot be read: the list price is charged then.
catalogue::price_overrides prices_of(const std::string& text, std::string_view owner) {
  auto read = catalogue::price_overrides::read(text);
  if (read) return std::move(*read);
  telemetry::log::error("price overrides cannot be read; list prices apply",
                        {{"owner", owner}, {"fault", read.error()}});
  return {};
}

std::shared_ptr<const flow::routing_snapshot> compile_routing(std::shared_ptr<const catalogue::catalogue> data,
                                                              std::shared_ptr<flow::machine_prices> machines,
                                                              const stored_rows& rows,
                                                              const flow::routing_snapshot& before) {
  auto made = std::make_shared<flow::routing_snapshot>();
  made->data = std::move(data);
  made->machines = std::move(machines);
  made->brands.emplace("", overrides_of("", rows.aliases, rows.rules));
  for (const auto& brand : rows.brands) {
    made->brands.emplace(brand.id, overrides_of(brand.id, rows.aliases, rows.rules));
    if (!brand.preferences.empty()) made->preferences.emplace(brand.id, preferences_of(brand, before));
    if (auto prices = prices_of(brand.prices, brand.id); !prices.empty())
      made->prices.emplace(brand.id, std::move(prices));
  }
  for (const auto& key : rows.integrations) {
    if (auto prices = prices_of(key.prices, key.id); !prices.empty())
      made->key_prices[key.provider].push_back(
          {.integration_id = key.id, .brand_id = key.brand_id, .prices = std::move(prices)});
  }
  return made;
}

}  // namespace

store_state::store_state(std::shared_ptr<const catalogue::catalogue> data, std::int64_t default_rpm, vault::vault& keys)
    : configured_(std::move(data)),
      data_(configured_),
      default_rpm_(default_rpm),
      rows_(std::make_shared<stored_rows>()),
      keys_(keys),
      tokens_(auth::compile_tokens({}, {}, {}, default_rpm)),
      routing_(std::make_shared<flow::routing_snapshot>(flow::routing_snapshot{.data = data_, .brands = {}})) {}

result<void> store_state::reload(sql::connection& on) {
  auto read = read_rows(on);
  if (!read) return read.error();
  use(std::move(*read));
  return {};
}

void store_state::use(stored_rows rows) {
  const std::lock_guard lock(mutex_);
  rows_ = std::make_shared<const stored_rows>(std::move(rows));
  keys_.load(rows_->integrations);
  publish();
}

std::shared_ptr<const stored_rows> store_state::rows() {
  const std::lock_guard lock(mutex_);
  return rows_;
}

void store_state::reconfigure(std::shared_ptr<const catalogue::catalogue> data, std::int64_t default_rpm) {
  const std::lock_guard lock(mutex_);
  configured_ = std::move(data);
  default_rpm_ = default_rpm;
  complete();
  publish();
}

void store_state::discovered(const std::string& provider, std::vector<catalogue::model_entry> models) {
  const auto same = [](const catalogue::model_entry& a, const catalogue::model_entry& b) {
    return a.id == b.id && a.context == b.context;
  };
  const std::lock_guard lock(mutex_);
  auto& known = discovered_[provider];
  if (std::equal(known.begin(), known.end(), models.begin(), models.end(), same)) return;
  known = std::move(models);
  complete();
  publish();
}

/// The configured catalogue with what servers list that are still to be asked.
void store_state::complete() {
  std::vector<catalogue::model_entry> found;
  for (const auto& [id, models] : discovered_) {
    const auto* provider = configured_->find_provider(id);
    if (provider != nullptr && provider->discover) found.insert(found.end(), models.begin(), models.end());
  }
  data_ = found.empty() ? configured_ : catalogue::catalogue::with_discovered(*configured_, std::move(found));
}

std::shared_ptr<const auth::principal> store_state::anybody() {
  const std::lock_guard lock(mutex_);
  if (rows_->clients.empty()) return nullptr;
  const auto& client = rows_->clients.front();
  auto who = std::make_shared<auth::principal>();
  who->token_id = "dev";
  who->label = "GATEWAY_DEV";
  who->client_id = client.id;
  who->brand_id = client.brand_id;
  who->role = auth::name_of(auth::role::owner);
  who->scopes = auth::effective_scopes(who->role, auth::default_scopes(auth::role::owner));
  who->of_operator_brand = true;
  return who;
}

void store_state::publish() {
  tokens_.publish(auth::compile_tokens(rows_->tokens, rows_->clients, rows_->brands, default_rpm_));
  routing_.publish(compile_routing(data_, machines_, *rows_, *routing_.load()));
}

}  // namespace spidergate::app
