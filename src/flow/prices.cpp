#include <spidergate/flow/serve.hpp>

namespace spidergate::flow {

namespace {

void change(model::price& rates, const catalogue::price_overrides& by, const router::candidate& who) {
  if (const auto* own = by.find(who.provider->id, who.model)) rates = own->over(rates);
}

}  // namespace

model::price routing_snapshot::price_of(const router::candidate& who, const std::string& brand_id,
                                        std::string_view integration_id) const {
  model::price rates = who.entry != nullptr ? who.entry->price : model::price{};
  if (const auto own = prices.find(brand_id); own != prices.end()) change(rates, own->second, who);
  if (const auto keys = key_prices.find(who.provider->id); keys != key_prices.end() && !integration_id.empty()) {
    for (const auto& key : keys->second)
      if (key.integration_id == integration_id) change(rates, key.prices, who);
  }
  const auto& hour = who.provider->gpu_hour;
  if (rates.known() || !hour || machines == nullptr) return rates;
  if (const auto token = machines->token_of(who.provider->id, *hour)) {
    rates.input = rates.output = token;
    rates.estimated = true;
  }
  return rates;
}

std::vector<model::price> routing_snapshot::prices_of(const router::candidate& who, const std::string& brand_id) const {
  std::vector<model::price> all{price_of(who, brand_id, {})};
  if (const auto keys = key_prices.find(who.provider->id); keys != key_prices.end()) {
    for (const auto& key : keys->second) {
      const bool may_serve = key.brand_id.empty() || key.brand_id == brand_id;
      if (may_serve && key.prices.find(who.provider->id, who.model) != nullptr)
        all.push_back(price_of(who, brand_id, key.integration_id));
    }
  }
  return all;
}

}  // namespace spidergate::flow
