#pragma once
#include <spidergate/core/secret_string.hpp>
#include <spidergate/kv/counter_store.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/clock.hpp>
#include <spidergate/store/records.hpp>
#include <spidergate/vault/envelope.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::vault {

/// A provider key picked and opened for one attempt. Destroying it wipes the secret: plain secrets live only for the
/// call (product spec, vault), so nothing keeps an opened credential for the next one.
struct lease {
  std::string_view integration_id;  ///< empty where the provider needs no key
  std::string_view key_label;
  bool pool = false;  ///< a pool key, not the brand's own
  secret_string
      credentials;  ///< JSON object as the integration was created with: {"api_key":"…"} and/or account settings
  std::string_view base_url;           ///< of the integration, or empty: the catalogue's
  std::string_view origin;             ///< the only origin that these credentials may be sent to
  std::shared_ptr<const void> source;  ///< what the views show; copies of the lease share it
};

/// What became of an attempt with a key, as far as the key is concerned.
enum class key_outcome : std::uint8_t {
  success,              ///< restores healthy
  failure,              ///< counts: degraded after 1-2 in a row, unhealthy after 3
  rate_limited,         ///< rests for retry_after (60 s where absent)
  invalid_credentials,  ///< unhealthy at once
  neutral,              ///< says nothing of the key: 5xx, timeouts, the request's own fault
};

/// Why no key could be had.
enum class no_key : std::uint8_t {
  none_configured,           ///< no active integration of that provider for the brand
  all_exhausted,             ///< all that could be used are at a daily or minute limit
  all_resting_or_unhealthy,  ///< or expired, or excluded
  store_unavailable,         ///< the counters cannot be asked, and limits are not to be enforced without them
};

/// A key's live state, for the API and the CLI.
struct key_status {
  std::int64_t daily_count = 0, minute_count = 0;
  std::string health;  ///< "healthy", "degraded", "unhealthy"
  std::string reason;
  std::int64_t consecutive_failures = 0;
  std::string last_error;
  epoch_ms last_used_at = 0, resting_until = 0;
};

/// The provider credentials of all brands, in memory as sealed bytes, with their health. What was picked once is also
/// kept sealed under a random key of this process, which is quicker to open. Thread-safe: any worker picks and reports.
class vault {
 public:
  /// Told of an integration whose sealed credentials do not open (wrong master key, tampered with, copied from
  /// elsewhere), once until they change. Such a key is unhealthy with reason "cannot_decrypt" and is never picked.
  /// Called without a lock held, on the thread that found it.
  using unreadable_report = std::function<void(const store::integration_record& which)>;

  vault(key_ring keys, kv::counter_store& counters, const runtime::clock& time, unreadable_report on_unreadable = {});
  ~vault();

  /// Replaces the master keys, after a rotation; sealed rows that could not be opened get another chance.
  void use_keys(key_ring keys);

  /// Replaces the integrations by what the store holds now; live health of those that stay is kept (a changed
  /// credential starts healthy). Called by the change watch.
  void load(std::vector<store::integration_record> records);
  /// Live state saved by an earlier process, once at start.
  void restore(std::span<const store::integration_state_record> states);
  /// States that have changed since the last call, for the write-behind.
  [[nodiscard]] std::vector<store::integration_state_record> take_changed_states();

  /// Picks by spec 11: the brand's own keys before the pool's (pool only with `pool_access`); active, not expired,
  /// healthy or degraded (an unhealthy one is tried by one live request after 30 s, doubling to 10 min), not resting,
  /// under its limits; primary, priority, least used today, longest unused. Picking and counting are one step.
  /// `exclude` names integrations already tried by this request. What is passed outlives the call.
  awaitable<boost::system::result<lease, no_key>> pick(std::string_view provider, std::string_view brand_id,
                                                       bool pool_access, std::span<const std::string> exclude);
  /// The same at once, where the counters are in memory. Nothing was picked when there is no answer: await pick().
  [[nodiscard]] std::optional<boost::system::result<lease, no_key>> pick_now(std::string_view provider,
                                                                             std::string_view brand_id,
                                                                             bool pool_access,
                                                                             std::span<const std::string> exclude);

  /// Tells what became of it. `message` is the provider's, kept as last_error (512 bytes).
  void report(std::string_view integration_id, key_outcome what, std::string_view message,
              std::optional<std::chrono::milliseconds> retry_after);

  /// Whether pick() could find one now; for ranking. An unhealthy key whose retry is due counts as usable: how else
  /// would it be retried.
  struct availability {
    bool any = false;     ///< at least one active integration exists for the brand
    bool usable = false;  ///< one of them is not expired, exhausted, resting or unhealthy
  };
  /// True when pick() with that `exclude` could find one now, judged without taking it.
  [[nodiscard]] bool has_unused(std::string_view provider, std::string_view brand_id, bool pool_access,
                                std::span<const std::string> exclude) const;
  [[nodiscard]] availability available(std::string_view provider, std::string_view brand_id, bool pool_access) const;

  [[nodiscard]] std::optional<key_status> status(std::string_view integration_id) const;
  /// Opens a row's credentials without counting, for the test endpoint: the row itself, which may have been stored a
  /// moment ago, here or by another replica, and not be loaded yet.
  [[nodiscard]] std::optional<lease> open_for_test(const store::integration_record& row) const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

[[noreturn]] void throw_exception_from_error(no_key reason, const boost::source_location& where);

}  // namespace spidergate::vault
