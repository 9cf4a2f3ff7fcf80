#include "store_state.hpp"

#include <spidergate/store/repositories.hpp>

#include <algorithm>

namespace spidergate::app {

struct store_state::rows {
  std::vector<store::token_record> tokens;
  std::vector<store::client_record> clients;
  std::vector<store::brand_record> brands;
  std::vector<store::alias_record> aliases;
  std::vector<store::rule_record> rules;
};

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

}  // namespace

store_state::store_state(std::shared_ptr<const catalogue::catalogue> data, std::int64_t default_rpm, vault::vault& keys)
    : data_(std::move(data)),
      default_rpm_(default_rpm),
      rows_(std::make_shared<rows>()),
      keys_(keys),
      tokens_(auth::compile_tokens({}, {}, {}, default_rpm)),
      routing_(std::make_shared<flow::routing_snapshot>(flow::routing_snapshot{.data = data_, .brands = {}})) {}

result<void> store_state::reload(sql::connection& on) {
  auto next = std::make_shared<rows>();
  const auto read = [](auto& into, auto listed) -> error_code {
    if (!listed) return listed.error();
    into = std::move(*listed);
    return {};
  };
  std::vector<store::integration_record> integrations;
  for (const auto failure :
       {read(next->tokens, store::tokens::list(on)), read(next->clients, store::clients::list(on, "")),
        read(next->brands, store::brands::list(on)), read(next->aliases, store::routing::list_aliases(on)),
        read(next->rules, store::routing::list_rules(on)), read(integrations, store::integrations::list(on))}) {
    if (failure) return failure;
  }
  const std::lock_guard lock(mutex_);
  rows_ = std::move(next);
  keys_.load(std::move(integrations));
  publish();
  return {};
}

void store_state::reconfigure(std::shared_ptr<const catalogue::catalogue> data, std::int64_t default_rpm) {
  const std::lock_guard lock(mutex_);
  data_ = std::move(data);
  default_rpm_ = default_rpm;
  publish();
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
  who->scopes = static_cast<std::uint8_t>(auth::scope::inference) | static_cast<std::uint8_t>(auth::scope::admin);
  return who;
}

void store_state::publish() {
  tokens_.publish(auth::compile_tokens(rows_->tokens, rows_->clients, rows_->brands, default_rpm_));
  auto next = std::make_shared<flow::routing_snapshot>();
  next->data = data_;
  next->brands.emplace("", overrides_of("", rows_->aliases, rows_->rules));
  for (const auto& brand : rows_->brands)
    next->brands.emplace(brand.id, overrides_of(brand.id, rows_->aliases, rows_->rules));
  routing_.publish(std::move(next));
}

}  // namespace spidergate::app
