#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/awaitable.hpp>

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Counters that several threads (and, with Redis, several replicas) share. It knows windows and numbers, not what they
/// mean. Each verb is one atomic step and, on Redis, one round trip. Implementations are thread-safe; the awaiting
/// verbs are called on a runtime::worker's thread and resume there. A clock that differs a little between threads and
/// replicas is tolerated; one that was set back by more than a period starts its windows anew.
namespace spidergate::kv {

enum class window_kind : std::uint8_t {
  sliding,  ///< the last `period` before now. Never over the limit in any such window; a charge may count for up to a
            ///< 60th longer
  fixed,    ///< resets at multiples of `period` since the epoch (a UTC day)
  lease,    ///< counts holders; each hold ends by settle(), by itself after `period`, or soon after its process died
  budget,   ///< money of one calendar window: what was spent in it, and what running requests hold back
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
  /// Of a budget: the start of its window; windows of one key are counters of their own. `period_ms` is its length.
  epoch_ms window_start = 0;
  /// Of a budget: the smallest amount that is of use; 0 means that only the whole amount is.
  std::int64_t least = 0;
};

/// How one charge of a finished request is put right.
struct settlement {
  charge of;  ///< as it was admitted
  /// sliding, fixed: what was really used, instead of charge::amount, in the window that it was made in. budget: what
  /// was really spent. lease: has no meaning.
  std::int64_t used = 0;
};

/// Where one charge stands after the step.
struct level {
  std::int64_t used = 0;  ///< including this charge when admitted
  /// fixed: end of the window. sliding: when the same charge fits again, where it would not fit right now; else when
  /// all will have slid out. lease: when the oldest hold ends by itself. budget: the end of its window.
  epoch_ms resets_at = 0;
};

struct verdict {
  bool admitted = true;
  std::size_t refused_by = 0;  ///< index of the first charge that does not fit
  /// When refused: after which all charges can fit, if nobody else charges; `never` when an amount is larger than its
  /// limit.
  std::int64_t retry_after_ms = 0;
  boost::container::small_vector<level, 8> levels;  ///< one per charge, also when refused
  /// What every budget holds back for this request: its amount, or less where charge::least allows it.
  std::int64_t granted = 0;
  /// Indices of budgets whose spending this store does not know (a new window, a flushed Redis). When there are any,
  /// nothing was charged and `admitted` is false: seed() each after `seed_after_ms`, then ask again.
  boost::container::small_vector<std::size_t, 8> unseeded;
  std::int64_t seed_after_ms = 0;  ///< time for others to tell what they hold; 0 in the common case

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

  /// Charges all or nothing: a refused call moves no counter. Leases and budget reservations are held under `holder`.
  ///
  /// Budgets of one call are charged the same amount and have the same `least`. The amount is granted whole when it is
  /// no more than an eighth of what is left of the tightest budget, or when charge::least is 0 or the amount; else the
  /// grant is that eighth, at least `least`, at most the amount. A grant that does not fit into what is left of a
  /// budget refuses the call.
  ///
  /// Fails with errc::no_buffer_space when the store is full and with asio::error::timed_out or the connection's error
  /// when it cannot be asked, which moves no counter either.
  virtual awaitable<result<verdict>> admit(std::string_view holder, std::span<const charge> charges, epoch_ms now) = 0;

  /// Puts the charges of an admitted call right: windows by what was used, leases and budget reservations end, what was
  /// spent is added to its budget even when the reservation has run out meanwhile. A second call for the same holder
  /// and budget changes nothing. What is settled while a budget is unseeded is added when that is seeded within a
  /// minute; later the ledger knows it. Never waits; what cannot be delivered is tried again, and counted when given
  /// up.
  virtual void settle(std::string_view holder, std::span<const settlement> of, epoch_ms charged_at,
                      epoch_ms now) noexcept = 0;

  /// Tells what had been spent in a budget's window. No effect when that is known by now.
  virtual awaitable<result<void>> seed(const charge& budget, std::int64_t spent, epoch_ms now) = 0;

  /// Takes the first option by rank (high first), daily count (low first), last pick (old first) that is under both its
  /// limits, and counts it: one atomic step, so a limit of 1000 is never 1001. Days are UTC; minutes slide. Keys of
  /// picks and keys of charges are names of their own, but must differ.
  virtual awaitable<result<picked>> pick(std::span<const pick_option> options, epoch_ms now) = 0;

  /// What admit() and pick() would answer, by a store that can say so without waiting: a coroutine less for each
  /// request. Nothing has been charged or counted when there is no answer: await the other then.
  virtual std::optional<result<verdict>> admit_now(std::string_view /*holder*/, std::span<const charge> /*charges*/,
                                                   epoch_ms /*now*/) {
    return std::nullopt;
  }
  /// False when admit_now() never answers, so that nobody has to make up charges for it.
  [[nodiscard]] virtual bool admits_at_once() const noexcept { return false; }
  virtual std::optional<result<picked>> pick_now(std::span<const pick_option> /*options*/, epoch_ms /*now*/) {
    return std::nullopt;
  }

  struct pick_counts {
    std::int64_t daily_count = 0, minute_count = 0;
    epoch_ms last_picked_at = 0;
  };
  /// Reads the counters of picks without counting: what this process saw last. With several replicas others may have
  /// picked since, by a second or so; pick() is exact all the same.
  virtual pick_counts counts(std::string_view key, epoch_ms now) const = 0;
  /// Sets a day's count, at start, from what was stored; never lowers one.
  virtual void restore(std::string_view key, std::int64_t daily_count, epoch_ms last_picked_at, epoch_ms now) = 0;
};

}  // namespace spidergate::kv
