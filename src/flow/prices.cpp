#include <spidergate/flow/serve.hpp>

namespace spidergate::flow {

namespace {

/// What holds now: the prices before, or a copy of them in `room`, changed.
const model::price* changed(const model::price* rates, const catalogue::price_overrides& by,
                            const router::candidate& who, model::price& room) {
  const auto* own = by.find(who.provider->id, who.model);
  if (own == nullptr) return rates;
  room = own->over(*rates);
  return &room;
}

}  // namespace

const model::price& routing_snapshot::price_of(const router::candidate& who, const std::string& brand_id,
                                               std::string_view integration_id, model::price& room) const {
  static const model::price unknown;
  const auto* rates = who.entry != nullptr ? &*who.entry->price : &unknown;
  if (!prices.empty()) {
    if (const auto own = prices.find(brand_id); own != prices.end()) rates = changed(rates, own->second, who, room);
  }
  if (const auto* keys = key_prices_at(*who.provider); keys != nullptr && !integration_id.empty()) {
    for (const auto& key : *keys)
      if (key.integration_id == integration_id) rates = changed(rates, key.prices, who, room);
  }
  const auto& hour = who.provider->gpu_hour;
  if (!hour || machines == nullptr || rates->known()) return *rates;
  if (const auto token = machines->token_of(who.provider->id, *hour)) {
    if (rates != &room) room = *rates;
    room.input = room.output = token;
    room.estimated = true;
    return room;
  }
  return *rates;
}

const std::vector<routing_snapshot::integration_prices>* routing_snapshot::key_prices_at(
    const catalogue::provider& provider) const {
  if (key_prices.empty()) return nullptr;
  const auto keys = key_prices.find(provider.id);
  return keys == key_prices.end() ? nullptr : &keys->second;
}

}  // namespace spidergate::flow
