#include "shared_state.hpp"

#include <random>
#include <utility>

namespace spidergate::kv::redis {

shared_state::shared_state(redis_options settings, memory_counters& local_counters, runtime::blocking_pool& resolver,
                           const runtime::clock& clock)
    : options(std::move(settings)),
      local(local_counters),
      time(clock),
      dialer(std::make_shared<connector>(options.url, options.extra_ca_file, resolver)),
      calls(options.key_prefix) {}

std::int64_t shared_state::new_generation() {
  // Lua's numbers hold 53 bits; never 0, which means none.
  static thread_local std::mt19937_64 random(std::random_device{}());
  return static_cast<std::int64_t>(random() >> 12U) + 1;
}

void shared_state::lose_settlements(std::size_t count) {
  counted.settlements_lost.fetch_add(count, std::memory_order_relaxed);
  budgets_stale.store(true, std::memory_order_release);
}

void shared_state::prepare_local(epoch_ms now) {
  if (local_prepared_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(local_mutex_);
  if (local_prepared_.load(std::memory_order_acquire)) return;
  local.unseed_budgets();
  running.for_each([&](std::string_view holder, running_requests::request& what) {
    if (std::exchange(what.in_local, true)) return;
    for (const auto& one : what.holds) local.hold(holder, one.as_charge(), now);
  });
  local_prepared_.store(true, std::memory_order_release);
}

std::string shared_state::name_of(const charge& budget) {
  return std::string(budget.key) + "@" + std::to_string(budget.window_start);
}

void shared_state::note_unseeded(const charge& budget, std::int64_t in) {
  // Forgetting only makes the generation of the moment count.
  constexpr std::size_t most_noted = 4096;
  const std::lock_guard lock(mutex_);
  if (unseeded_.size() >= most_noted) unseeded_.clear();
  const auto [known, fresh] = unseeded_.try_emplace(name_of(budget), unseeded_note{in, false});
  if (!fresh && known->second.asked_for) known->second = {in, false};
}

std::int64_t shared_state::unseeded_in(const charge& budget) {
  const std::lock_guard lock(mutex_);
  const auto found = unseeded_.find(name_of(budget));
  if (found == unseeded_.end()) return generation.load(std::memory_order_acquire);
  found->second.asked_for = true;
  return found->second.generation;
}

void shared_state::count_later(std::string_view key, epoch_ms now) {
  const std::lock_guard lock(picks_mutex_);
  auto found = picks_.find(key);
  if (found == picks_.end()) found = picks_.emplace(key, untold_picks{std::string(key)}).first;
  ++found->second.count;
  found->second.last_at = now;
}

std::vector<untold_picks> shared_state::untold() {
  const std::lock_guard lock(picks_mutex_);
  std::vector<untold_picks> all;
  all.reserve(picks_.size());
  for (const auto& [key, picks] : picks_) all.push_back(picks);
  return all;
}

std::int64_t shared_state::untold_of(std::string_view key) {
  const std::lock_guard lock(picks_mutex_);
  const auto found = picks_.find(key);
  return found == picks_.end() ? 0 : found->second.count;
}

void shared_state::told(const untold_picks& picks) {
  const std::lock_guard lock(picks_mutex_);
  const auto found = picks_.find(picks.key);
  if (found == picks_.end()) return;
  found->second.count -= picks.count;
  if (found->second.count <= 0) picks_.erase(found);
}

void shared_state::leave_parcel(parcel what) {
  {
    const std::lock_guard lock(mutex_);
    if (parcels_.size() < most_waiting) {
      parcels_.push_back(std::move(what));
      return;
    }
  }
  lose_settlements();
}

std::deque<parcel> shared_state::take_parcels() {
  const std::lock_guard lock(mutex_);
  return std::exchange(parcels_, {});
}

void shared_state::leave_restored(std::string_view key) {
  const std::lock_guard lock(mutex_);
  restored_.emplace(key);
}

std::vector<std::string> shared_state::take_restored() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys(restored_.begin(), restored_.end());
  restored_.clear();
  return keys;
}

}  // namespace spidergate::kv::redis
