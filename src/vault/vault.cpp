#include "selection.hpp"

#include <spidergate/crypto/kept_key.hpp>
#include <spidergate/vault/credentials.hpp>
#include <spidergate/vault/vault.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace spidergate::vault {

namespace {

using picking = boost::system::result<lease, no_key>;

/// Why nothing can be picked, whatever the counters say.
std::optional<no_key> fault_of(const selection& among) noexcept {
  if (!among.any_configured()) return no_key::none_configured;
  if (among.options().empty()) return no_key::all_resting_or_unhealthy;
  return std::nullopt;
}

/// A credential that was rewrapped or re-imported unchanged keeps its health; another one starts anew.
bool same_credential(const store::integration_record& before, const store::integration_record& after) {
  if (before.provider != after.provider || before.origin != after.origin) return false;
  if (before.sealed == after.sealed) return true;
  return !before.fingerprint.empty() && before.fingerprint == after.fingerprint;
}

lease lease_of(const stored_key_ptr& key, secret_string credentials) {
  const auto& record = key->record;
  return {.integration_id = record.id,
          .key_label = record.key_label,
          .pool = record.brand_id.empty(),
          .credentials = std::move(credentials),
          .base_url = record.base_url,
          .origin = record.origin,
          .source = key};
}

bool names_known_key(const key_ring& keys, std::string_view sealed) {
  const auto id = master_key_id(sealed);
  const auto is_it = [&](const master_key& key) { return key.id == id; };
  return is_it(keys.current) || std::any_of(keys.previous.begin(), keys.previous.end(), is_it);
}

bool is_exhausted(const store::integration_record& key, const kv::counter_store& counters, epoch_ms now) {
  if (key.daily_limit <= 0 && key.minute_limit <= 0) return false;
  const auto counted = counters.counts(key.id, now);
  return (key.daily_limit > 0 && counted.daily_count >= key.daily_limit) ||
         (key.minute_limit > 0 && counted.minute_count >= key.minute_limit);
}

}  // namespace

struct vault::impl {
  impl(key_ring ring, kv::counter_store& store, const runtime::clock& clock, unreadable_report report)
      : counters(store),
        time(clock),
        on_unreadable(std::move(report)),
        keys(std::make_shared<const key_ring>(std::move(ring))) {}

  std::optional<secret_string> decrypt(const stored_key& key) const {
    if (const auto* form = key.at_hand.get()) return of_process.open(*form);
    const auto& record = key.record;
    auto plain = open_credential(*key.keys, {record.brand_id, record.id, record.origin}, record.sealed);
    if (plain) key.at_hand.keep(of_process.seal(plain->reveal()));
    return plain;
  }

  /// Opens a key's credentials; marks it when they do not open.
  std::optional<lease> open(const stored_key_ptr& key) const {
    auto plain = decrypt(*key);
    if (plain) return lease_of(key, *std::move(plain));
    mark_unreadable(*key);
    return std::nullopt;
  }

  void mark_unreadable(const stored_key& key) const {
    {
      const std::lock_guard lock(key.live->mutex);
      if (!key.live->health.mark_unreadable()) return;
      key.live->changed = true;
    }
    if (on_unreadable) on_unreadable(key.record);
  }

  /// A row's entry: with the live state of the integration it replaces, if that holds the same credential.
  stored_key_ptr entry_for(store::integration_record record) const {
    const auto before = shelf.find(record.id);
    auto entry = std::make_shared<stored_key>();
    entry->keys = keys;
    if (before == nullptr || !same_credential(before->record, record)) {
      entry->live = std::make_shared<live_key>();
    } else {
      entry->live = before->live;
      // A master key was rotated before we have been given the new one: what we hold still opens, so we keep to it.
      if (!names_known_key(*keys, record.sealed) && names_known_key(*keys, before->record.sealed)) {
        record.sealed = before->record.sealed;
      }
      const std::lock_guard lock(entry->live->mutex);
      if (before->record.sealed != record.sealed || before->keys != keys) entry->live->health.clear_unreadable();
    }
    entry->rank = rank_of(record);
    entry->record = std::move(record);
    return entry;
  }

  /// Puts the entries in place. Rows under a master key that we do not have are told apart without decrypting anything.
  void put(const provider_keys& entries) {
    shelf.replace(entries);
    for (const auto& entry : entries) {
      if (!names_known_key(*keys, entry->record.sealed)) mark_unreadable(*entry);
    }
  }

  /// Whether one of them could be picked now, limits included.
  bool has_usable(const keys_of_provider& of_provider, const key_wish& wish) const {
    const auto now = time.epoch_now();
    const auto lists = keys_for(of_provider, wish);
    return std::any_of(lists.begin(), lists.end(), [&](const auto& list) {
      return std::any_of(list.begin(), list.end(), [&](const stored_key_ptr& key) {
        return may_be_used(*key, wish, now) != key_health::permission::no && !is_exhausted(key->record, counters, now);
      });
    });
  }

  /// What the counters' choice comes to. Nothing: the chosen key did not open and is marked so; another may serve.
  std::optional<picking> conclude(selection& among, const result<kv::picked>& taken, epoch_ms now) const {
    if (!taken) return no_key::store_unavailable;
    if (!taken->found) return no_key::all_exhausted;
    auto opened = open(among.take(taken->index, now));
    if (!opened) return std::nullopt;
    return *std::move(opened);
  }

  kv::counter_store& counters;
  const runtime::clock& time;
  const crypto::kept_key of_process{crypto::system_random()};
  const unreadable_report on_unreadable;
  std::mutex load_mutex;  // one load() or use_keys() at a time; guards `keys`
  std::shared_ptr<const key_ring> keys;
  key_shelf shelf;
};

vault::vault(key_ring keys, kv::counter_store& counters, const runtime::clock& time, unreadable_report on_unreadable)
    : impl_(std::make_unique<impl>(std::move(keys), counters, time, std::move(on_unreadable))) {}
vault::~vault() = default;

void vault::use_keys(key_ring keys) {
  const std::lock_guard lock(impl_->load_mutex);
  impl_->keys = std::make_shared<const key_ring>(std::move(keys));
  provider_keys entries;
  for (const auto& old : impl_->shelf.all()) entries.push_back(impl_->entry_for(old->record));
  impl_->put(entries);
}

void vault::load(std::vector<store::integration_record> records) {
  const std::lock_guard lock(impl_->load_mutex);
  provider_keys entries;
  entries.reserve(records.size());
  for (auto& record : records) entries.push_back(impl_->entry_for(std::move(record)));
  impl_->put(entries);
}

void vault::restore(std::span<const store::integration_state_record> states) {
  const auto now = impl_->time.epoch_now();
  for (const auto& state : states) {
    const auto key = impl_->shelf.find(state.integration_id);
    if (key == nullptr) continue;
    const auto today = state.day == start_of_day(now);
    impl_->counters.restore(state.integration_id, today ? state.daily_count : 0, state.last_used_at, now);
    const std::lock_guard lock(key->live->mutex);
    key->live->health.restore(state, now);
  }
}

std::vector<store::integration_state_record> vault::take_changed_states() {
  const auto now = impl_->time.epoch_now();
  std::vector<store::integration_state_record> changed;
  for (const auto& key : impl_->shelf.all()) {
    key_status said;
    {
      const std::lock_guard lock(key->live->mutex);
      if (!std::exchange(key->live->changed, false)) continue;
      said = key->live->health.status();
    }
    const auto counted = impl_->counters.counts(key->record.id, now);
    changed.push_back({key->record.id, start_of_day(now), counted.daily_count, std::move(said.health),
                       std::move(said.reason), said.consecutive_failures, std::move(said.last_error), said.last_used_at,
                       said.resting_until});
  }
  return changed;
}

std::optional<boost::system::result<lease, no_key>> vault::pick_now(std::string_view provider,
                                                                    std::string_view brand_id, bool pool_access,
                                                                    std::span<const std::string> exclude) {
  const auto keys = impl_->shelf.of_provider(provider);
  const key_wish wish{brand_id, pool_access, exclude};
  for (;;) {
    const auto now = impl_->time.epoch_now();
    selection among(*keys, wish, now);
    if (const auto fault = fault_of(among)) return *fault;
    const auto taken = impl_->counters.pick_now(among.options(), now);
    if (!taken) return std::nullopt;
    if (auto done = impl_->conclude(among, *taken, now)) return done;
  }
}

awaitable<boost::system::result<lease, no_key>> vault::pick(std::string_view provider, std::string_view brand_id,
                                                            bool pool_access, std::span<const std::string> exclude) {
  const auto keys = impl_->shelf.of_provider(provider);
  const key_wish wish{brand_id, pool_access, exclude};
  for (;;) {
    const auto now = impl_->time.epoch_now();
    selection among(*keys, wish, now);
    if (const auto fault = fault_of(among)) co_return *fault;
    const auto taken = co_await impl_->counters.pick(among.options(), now);
    if (auto done = impl_->conclude(among, taken, now)) co_return *std::move(done);
  }
}

void vault::report(std::string_view integration_id, key_outcome what, std::string_view message,
                   std::optional<std::chrono::milliseconds> retry_after) {
  const auto key = impl_->shelf.find(integration_id);
  if (key == nullptr) return;  // removed meanwhile
  std::string safe_message;
  if (!message.empty() && what != key_outcome::success) {
    const auto plain = impl_->decrypt(*key);
    safe_message = plain ? without_secrets(std::string(message), *plain) : std::string(message);
  }
  const auto now = impl_->time.epoch_now();
  const std::lock_guard lock(key->live->mutex);
  key->live->health.apply(what, safe_message, retry_after, now);
  key->live->changed = true;
}

bool vault::has_unused(std::string_view provider, std::string_view brand_id, bool pool_access,
                       std::span<const std::string> exclude) const {
  return impl_->has_usable(*impl_->shelf.of_provider(provider), {brand_id, pool_access, exclude});
}

vault::availability vault::available(std::string_view provider, std::string_view brand_id, bool pool_access) const {
  const auto keys = impl_->shelf.of_provider(provider);
  const key_wish wish{brand_id, pool_access, {}};
  const auto lists = keys_for(*keys, wish);
  const auto any = std::any_of(lists.begin(), lists.end(), [](const auto& list) { return !list.empty(); });
  return {any, any && impl_->has_usable(*keys, wish)};
}

std::optional<key_status> vault::status(std::string_view integration_id) const {
  const auto key = impl_->shelf.find(integration_id);
  if (key == nullptr) return std::nullopt;
  const auto counted = impl_->counters.counts(integration_id, impl_->time.epoch_now());
  const std::lock_guard lock(key->live->mutex);
  auto said = key->live->health.status();
  said.daily_count = counted.daily_count;
  said.minute_count = counted.minute_count;
  return said;
}

std::optional<lease> vault::open_for_test(const store::integration_record& row) const {
  const auto entry = [&] {
    const std::lock_guard lock(impl_->load_mutex);
    return impl_->entry_for(row);
  }();
  return impl_->open(entry);
}

void throw_exception_from_error(no_key reason, const boost::source_location& /*where*/) {
  throw std::logic_error("asked for a lease that was not given, reason " + std::to_string(static_cast<int>(reason)));
}

}  // namespace spidergate::vault
