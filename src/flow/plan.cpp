#include "plan.hpp"

#include <spidergate/providers/dialect.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <span>

namespace spidergate::flow {

namespace {

model::api_error not_allowed(std::string_view name) {
  return model::make_error(model::api_errc::model_not_allowed,
                           "This token may not use the model '" + std::string(name) + "'.", "model");
}

/// Names given in the request's own extensions are held to the token's globs one by one: an allowed alias must not open
/// the door for them.
std::optional<model::api_error> refused_extension(const request_context& context, const router::brand_overrides& brand,
                                                  const model::routing_options& options) {
  const auto refused = [&](const std::string& name) -> std::optional<model::api_error> {
    const auto meaning = router::resolve(*context.routing->data, brand, name, {});
    if (!meaning) return meaning.error();
    const auto& chain = meaning->chain;
    const bool allowed =
        std::all_of(chain.begin(), chain.end(), [&](const auto& c) { return context.who->may_use(name, c.name()); });
    return allowed ? std::nullopt : std::optional(not_allowed(name));
  };
  for (const auto* names : {&options.fallback_models, &options.fallback_chain}) {
    for (const auto& name : *names) {
      if (auto error = refused(name)) return error;
    }
  }
  return std::nullopt;
}

/// A half-open candidate gets a little traffic at its own place in the chain: that is what closes its breaker again.
router::candidate_health health_of(rooms& house, const request_context& context, const router::candidate& who,
                                   const std::string& name, std::vector<std::string>& probes) {
  const auto seen = house.health.look(name);
  router::candidate_health h{.state = seen.state, .success_rate = seen.success_rate, .samples = seen.samples};
  const auto keys = house.keys.available(who.provider->id, context.who->brand_id, context.who->pool_access);
  const bool keyless = who.provider->auth == catalogue::auth_style::none && !keys.any;
  h.has_any_key = keys.any || keyless;
  h.has_usable_key = keys.usable || keyless;
  if (h.state == router::candidate_health::breaker::half_open && h.has_usable_key && probes.empty() &&
      house.health.try_probe(name)) {
    probes.push_back(name);
    h.state = router::candidate_health::breaker::closed;
    h.samples = 0;
  }
  return h;
}

/// Where a brand wants no fallback, one candidate serves or none: the first that there is any key for.
void keep_one(rooms& house, const request_context& context, std::vector<router::candidate>& chain) {
  const auto served = [&](const router::candidate& c) {
    return c.provider->auth == catalogue::auth_style::none ||
           house.keys.available(c.provider->id, context.who->brand_id, context.who->pool_access).any;
  };
  const auto found = std::find_if(chain.begin(), chain.end(), served);
  if (found != chain.end()) std::swap(chain.front(), *found);
  chain.resize(1);
}

model::api_error ruled_out(std::string_view name) {
  return model::make_error(
      model::api_errc::model_not_allowed,
      "The preferences of this brand allow no provider and model that serve '" + std::string(name) + "'.", "model");
}

/// What the name means for this caller, worked out for this request alone.
model::outcome<std::shared_ptr<const meaning>> meaning_for(rooms& house, const request_context& context,
                                                           const model::inference_request& asked) {
  const auto& brand = context.routing->of(context.who->brand_id);
  auto resolved = router::resolve(*context.routing->data, brand, asked.model, asked.options);
  if (!resolved) return resolved.error();
  if (auto error = refused_extension(context, brand, asked.options)) return *error;

  auto& chain = resolved->chain;
  const auto is_denied = [&](const auto& c) { return !context.who->may_use(asked.model, c.name()); };
  std::erase_if(chain, is_denied);
  if (chain.empty()) return not_allowed(asked.model);
  const auto& wanted = context.routing->preferences_of(context.who->brand_id);
  router::apply_preferences(*resolved, wanted, *context.routing->data, brand);
  std::erase_if(chain, is_denied);
  if (chain.empty()) return ruled_out(asked.model);
  if (!wanted.fallback_enabled) keep_one(house, context, chain);
  return std::make_shared<const meaning>(*std::move(resolved));
}

/// The same as it is known of earlier requests, where all of it is this caller's to use.
std::shared_ptr<const meaning> known_meaning(rooms& house, const request_context& context,
                                             const model::inference_request& asked) {
  if (!asked.options.fallback_models.empty() || !asked.options.fallback_chain.empty()) return nullptr;
  auto known = house.known_names.find(context.routing, context.who->brand_id, asked.model);
  if (known == nullptr) return nullptr;
  const auto allowed = [&](const auto& name) { return context.who->may_use(asked.model, name); };
  const auto& names = known->names;
  const auto& before = known->without_preferences;
  // Who may use nothing of what the name itself means is told so, whatever the brand would add to it.
  const bool free = std::all_of(names.begin(), names.end(), allowed) &&
                    (before.empty() || std::any_of(before.begin(), before.end(), allowed));
  return free ? known : nullptr;
}

}  // namespace

void plan::release(engine::health_board& health) const {
  for (const auto& name : probes) health.release_probe(name);
}

model::outcome<plan> make_plan(rooms& house, const request_context& context, const model::inference_request& asked) {
  plan made;
  made.means = known_meaning(house, context, asked);
  if (made.means == nullptr) {
    auto found = meaning_for(house, context, asked);
    if (!found) return found.error();
    made.means = *std::move(found);
  }
  const auto& chain = made.resolved().chain;
  boost::container::small_vector<router::candidate_health, 8> health;
  for (std::size_t i = 0; i < chain.size(); ++i)
    health.push_back(health_of(house, context, chain[i], made.means->names[i], made.probes));
  const std::span<const router::candidate_health> seen{health.data(), health.size()};
  if (router::stays_in_order(made.resolved(), seen, asked, providers::serves)) return made;
  auto order = router::rank(made.resolved(), seen, asked, providers::serves);
  if (!order) {
    made.release(house.health);
    return order.error();
  }
  made.order_of_own = *std::move(order);
  return made;
}

}  // namespace spidergate::flow
