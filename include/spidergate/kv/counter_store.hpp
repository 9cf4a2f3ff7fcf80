#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/awaitable.hpp>

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// Counters that several threads (and, with Redis, several replicas) share. It knows windows and numbers, not what they
/// mean. Each verb is one atomic step and, on Redis, one round trip. Implementations are thread-safe. A clock that
/// differs a little between threads is tolerated; one that was set back by more than a period starts its windows anew.
namespace spidergate::kv {

enum class window_kind : std::uint8_t {
  sliding,  ///< the last `period` before now. Never over the limit in any such window; a charge may count for up to a
            ///< 60th longer
  fixed,    ///< resets at multiples of `period` since the epoch (a UTC day)
  lease,    ///< counts holders; each hold ends by release, or by itself after `period`
};

/// One limit to check and charge.
struct charge {
  /// Unique name of the counter, "what:owner". Counters of one owner (the text after the first ':') are kept together,
  /// so a call that charges one owner is cheapest. A key stays with one window kind and period, and appears once in a
  /// call.
  std::string_view key;
  window_kind kind = window_kind::sliding;
  std::int64_t period_ms = 60'000;
  std::int64_t limit = 0;  ///< the most that the window may hold; must be > 0
  std::int64_t amount = 1;
};

/// Where one charge stands after the step.
struct level {
  std::int64_t used = 0;  ///< including this charge when admitted
  /// fixed: end of the window. sliding: when the same charge fits again, where it would not fit right now; else when
  /// all will have slid out. lease: when the oldest hold ends by itself.
  epoch_ms resets_at = 0;
};

struct verdict {
  bool admitted = true;
  std::size_t refused_by = 0;  ///< index of the first charge that does not fit
  /// When refused: after which all charges can fit, if nobody else charges; `never` when an amount is larger than its
  /// limit.
  std::int64_t retry_after_ms = 0;
  boost::container::small_vector<level, 8> levels;  ///< one per charge, also when refused

  static constexpr std::int64_t never = -1;
};

/// A key of a provider among those that may be picked: static order first, counters second.
struct pick_option {
  std::string_view key;           ///< counter name, the integration id
  std::int64_t rank = 0;          ///< higher first (brand before pool, primary, priority: composed by the caller)
  std::int64_t daily_limit = 0;   ///< 0: none
  std::int64_t minute_limit = 0;  ///< 0: none
};

struct picked {
  bool found = false;
  std::size_t index = 0;
  std::int64_t daily_count = 0, minute_count = 0;  ///< including this pick
};

class counter_store {
 public:
  virtual ~counter_store() = default;

  /// Charges all or nothing: a refused call moves no counter. Leases are held under `holder`. Fails with
  /// errc::no_buffer_space when the store is full, which moves no counter either.
  virtual awaitable<result<verdict>> admit(std::string_view holder, std::span<const charge> charges, epoch_ms now) = 0;

  /// Corrects a charge made at `charged_at` by `difference` (may be negative; never below zero), in the window that it
  /// was made in.
  virtual void adjust(const charge& of, std::int64_t difference, epoch_ms charged_at, epoch_ms now) noexcept = 0;

  /// Ends the leases of `holder`.
  virtual void release(std::string_view holder, std::span<const charge> leases, epoch_ms now) noexcept = 0;

  /// Takes the first option by rank (high first), daily count (low first), last pick (old first) that is under both its
  /// limits, and counts it: one atomic step, so a limit of 1000 is never 1001. Days are UTC; minutes slide. Keys of
  /// picks and keys of charges are names of their own, but must differ.
  virtual awaitable<result<picked>> pick(std::span<const pick_option> options, epoch_ms now) = 0;

  /// Reads the counters of picks without counting.
  struct pick_counts {
    std::int64_t daily_count = 0, minute_count = 0;
    epoch_ms last_picked_at = 0;
  };
  virtual pick_counts counts(std::string_view key, epoch_ms now) const = 0;
  /// Sets a day's count, at start, from what was stored; never lowers one.
  virtual void restore(std::string_view key, std::int64_t daily_count, epoch_ms last_picked_at, epoch_ms now) = 0;
};

}  // namespace spidergate::kv
