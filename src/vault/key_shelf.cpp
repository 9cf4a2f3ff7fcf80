#include "key_shelf.hpp"

#include <algorithm>
#include <utility>

namespace spidergate::vault {

void keys_of_provider::add(stored_key_ptr key) {
  const auto& brand = key->record.brand_id;
  auto& list = brand.empty() ? pool_ : by_brand_[brand];
  const auto behind_its_rank = std::upper_bound(
      list.begin(), list.end(), key->rank, [](std::int64_t rank, const auto& other) { return rank > other->rank; });
  list.insert(behind_its_rank, std::move(key));
}

const provider_keys& keys_of_provider::of_brand(std::string_view brand_id) const noexcept {
  static const provider_keys none;
  if (by_brand_.empty()) return none;
  const auto found = by_brand_.find(brand_id);
  return found == by_brand_.end() ? none : found->second;
}

void key_shelf::replace(std::vector<stored_key_ptr> keys) {
  std::array<by_text<std::shared_ptr<keys_of_provider>>, shard_count> providers;
  std::array<by_text<stored_key_ptr>, shard_count> ids;
  for (auto& key : keys) {
    if (key->record.is_active) {
      auto& of_provider = providers[shard_of(hashed_text(key->record.provider))][key->record.provider];
      if (of_provider == nullptr) of_provider = std::make_shared<keys_of_provider>();
      of_provider->add(key);
    }
    ids[shard_of(hashed_text(key->record.id))].insert_or_assign(key->record.id, std::move(key));
  }
  for (std::size_t i = 0; i < shard_count; ++i) {
    by_text<std::shared_ptr<const keys_of_provider>> finished(providers[i].begin(), providers[i].end());
    const std::lock_guard lock(shards_[i].mutex);
    shards_[i].by_provider.swap(finished);
    shards_[i].by_id.swap(ids[i]);
  }
}

std::shared_ptr<const keys_of_provider> key_shelf::of_provider(std::string_view provider) const {
  static const auto none = std::make_shared<const keys_of_provider>();
  const hashed_text wanted(provider);
  const auto& home = shards_[shard_of(wanted)];
  const std::lock_guard lock(home.mutex);
  const auto found = home.by_provider.find(wanted);
  return found == home.by_provider.end() ? none : found->second;
}

stored_key_ptr key_shelf::find(std::string_view integration_id) const {
  const hashed_text wanted(integration_id);
  const auto& home = shards_[shard_of(wanted)];
  const std::lock_guard lock(home.mutex);
  const auto found = home.by_id.find(wanted);
  return found == home.by_id.end() ? nullptr : found->second;
}

provider_keys key_shelf::all() const {
  provider_keys found;
  for (const auto& home : shards_) {
    const std::lock_guard lock(home.mutex);
    for (const auto& [id, key] : home.by_id) found.push_back(key);
  }
  return found;
}

}  // namespace spidergate::vault
