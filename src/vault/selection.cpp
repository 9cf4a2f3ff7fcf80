#include "selection.hpp"

#include <algorithm>

namespace spidergate::vault {

using permission = key_health::permission;

namespace {

bool is_wanted(const stored_key& key, const key_wish& wish, epoch_ms now) {
  const auto& record = key.record;
  if (record.expires_at != 0 && record.expires_at <= now) return false;
  return std::find(wish.exclude.begin(), wish.exclude.end(), record.id) == wish.exclude.end();
}

}  // namespace

std::int64_t rank_of(const store::integration_record& key) noexcept {
  constexpr std::int64_t half = std::int64_t{1} << 39;
  const auto priority = std::clamp(key.priority, -half, half - 1) + half;
  const auto own = key.brand_id.empty() ? 0 : std::int64_t{1} << 41;
  const auto primary = key.is_primary ? std::int64_t{1} << 40 : 0;
  return own + primary + priority;
}

std::array<std::span<const stored_key_ptr>, 2> keys_for(const keys_of_provider& keys, const key_wish& wish) noexcept {
  std::span<const stored_key_ptr> pool;
  if (wish.pool_access) pool = keys.pool();
  return {keys.of_brand(wish.brand_id), pool};
}

permission may_be_used(const stored_key& key, const key_wish& wish, epoch_ms now) {
  if (!is_wanted(key, wish, now)) return permission::no;
  const std::lock_guard lock(key.live->mutex);
  return key.live->health.may_be_used(now);
}

selection::selection(const keys_of_provider& keys, const key_wish& wish, epoch_ms now) {
  for (const auto& list : keys_for(keys, wish)) {
    for (const auto& key : list) {
      if (!consider(key, wish, now)) return;
    }
  }
}

bool selection::consider(const stored_key_ptr& key, const key_wish& wish, epoch_ms now) {
  if (certain_ && key->rank < *certain_) return false;
  any_configured_ = true;
  if (!is_wanted(*key, wish, now)) return true;
  const auto& record = key->record;
  {
    const std::lock_guard lock(key->live->mutex);
    auto& health = key->live->health;
    const auto allowed = health.may_be_used(now);
    if (allowed == permission::no) return true;
    choices_.push_back({&key, allowed == permission::probe});
    if (allowed == permission::probe) health.claim_probe(now);
  }
  options_.push_back({record.id, key->rank, record.daily_limit, record.minute_limit});
  if (record.daily_limit <= 0 && record.minute_limit <= 0) certain_ = key->rank;
  return true;
}

selection::~selection() {
  for (const auto& [key, is_probe] : choices_) {
    if (!is_probe) continue;
    const std::lock_guard lock((*key)->live->mutex);
    (*key)->live->health.return_probe();
  }
}

const stored_key_ptr& selection::take(std::size_t index, epoch_ms now) {
  auto& chosen = choices_[index];
  chosen.is_probe = false;  // used: it does not go back
  auto& live = *(*chosen.key)->live;
  const std::lock_guard lock(live.mutex);
  live.health.note_use(now);
  live.changed = true;
  return *chosen.key;
}

}  // namespace spidergate::vault
