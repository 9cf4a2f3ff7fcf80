#include "selection.hpp"

#include <algorithm>

namespace spidergate::vault {

using permission = key_health::permission;

namespace {

/// Brand before pool, primary before others, then priority, in one number.
std::int64_t rank_of(const store::integration_record& key) {
  constexpr std::int64_t half = std::int64_t{1} << 39;
  const auto priority = std::clamp(key.priority, -half, half - 1) + half;
  const auto own = key.brand_id.empty() ? 0 : std::int64_t{1} << 41;
  const auto primary = key.is_primary ? std::int64_t{1} << 40 : 0;
  return own + primary + priority;
}

bool is_wanted(const stored_key& key, const key_wish& wish, epoch_ms now) {
  const auto& record = key.record;
  if (record.expires_at != 0 && record.expires_at <= now) return false;
  return std::find(wish.exclude.begin(), wish.exclude.end(), record.id) == wish.exclude.end();
}

}  // namespace

bool is_configured_for(const stored_key& key, const key_wish& wish) {
  if (!key.record.is_active) return false;
  return key.record.brand_id.empty() ? wish.pool_access : key.record.brand_id == wish.brand_id;
}

permission may_be_used(const stored_key& key, const key_wish& wish, epoch_ms now) {
  if (!is_configured_for(key, wish) || !is_wanted(key, wish, now)) return permission::no;
  const std::lock_guard lock(key.live->mutex);
  return key.live->health.may_be_used(now);
}

selection::selection(const provider_keys& keys, const key_wish& wish, epoch_ms now) {
  for (const auto& key : keys) {
    if (!is_configured_for(*key, wish)) continue;
    any_configured_ = true;
    if (!is_wanted(*key, wish, now)) continue;
    const std::lock_guard lock(key->live->mutex);
    auto& health = key->live->health;
    const auto allowed = health.may_be_used(now);
    if (allowed == permission::no) continue;
    add(key, allowed == permission::probe);
    if (allowed == permission::probe) health.claim_probe(now);
  }
}

selection::~selection() {
  for (const auto& [key, is_probe] : choices_) {
    if (!is_probe) continue;
    const std::lock_guard lock(key->live->mutex);
    key->live->health.return_probe();
  }
}

void selection::add(const stored_key_ptr& key, bool is_probe) {
  const auto& record = key->record;
  choices_.push_back({key, is_probe});
  options_.push_back({record.id, rank_of(record), record.daily_limit, record.minute_limit});
}

stored_key_ptr selection::take(std::size_t index, epoch_ms now) {
  auto& chosen = choices_[index];
  chosen.is_probe = false;  // used: it does not go back
  const std::lock_guard lock(chosen.key->live->mutex);
  chosen.key->live->health.note_use(now);
  chosen.key->live->changed = true;
  return chosen.key;
}

}  // namespace spidergate::vault
