#pragma once
#include <spidergate/core/time.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

/// The ways of counting, as plain values without locks. Amounts are never negative.
namespace spidergate::kv {

/// Charges of the last `period`. Charges close together (within a 60th of the period) share an entry that counts until
/// the newest of them is a whole period old: so a window is never over its limit, whatever the bursts, with at most
/// about 62 entries. The common approximation by two buckets of a whole period each would be half over its limit after
/// a burst at a bucket's end.
class sliding_window {
 public:
  explicit sliding_window(std::int64_t period_ms) : period_ms_(period_ms) {}

  /// Forgets what has slid out; to be called before the questions below.
  void advance(epoch_ms now);
  [[nodiscard]] std::int64_t used() const noexcept { return used_; }
  void add(std::int64_t amount, epoch_ms now);
  /// Changes the charge made at `charged_at` if it still counts.
  void adjust(std::int64_t difference, epoch_ms charged_at, epoch_ms now) noexcept;
  /// The time from which `amount` more fits under `limit`.
  [[nodiscard]] epoch_ms fits_at(std::int64_t amount, std::int64_t limit, epoch_ms now) const noexcept;
  /// When nothing will be left.
  [[nodiscard]] epoch_ms ends_at(epoch_ms now) const noexcept;
  [[nodiscard]] std::int64_t period_ms() const noexcept { return period_ms_; }

 private:
  struct entry {
    epoch_ms last = 0;  ///< of the newest charge in it
    std::int64_t amount = 0;
  };

  std::int64_t period_ms_;
  std::int64_t used_ = 0;
  epoch_ms newest_first_ = 0;   ///< of the oldest charge in the newest entry
  std::size_t head_ = 0;        ///< entries before it are forgotten
  std::vector<entry> entries_;  ///< oldest first
};

/// A count that starts anew at multiples of `period` since the epoch.
class fixed_window {
 public:
  explicit fixed_window(std::int64_t period_ms) : period_ms_(period_ms) {}

  void advance(epoch_ms now) noexcept;
  [[nodiscard]] std::int64_t used() const noexcept { return used_; }
  void add(std::int64_t amount) noexcept { used_ += amount; }
  /// Changes the count if `charged_at` lies in the current window.
  void adjust(std::int64_t difference, epoch_ms charged_at) noexcept;
  void raise_to(std::int64_t count) noexcept { used_ = count > used_ ? count : used_; }
  [[nodiscard]] epoch_ms ends_at() const noexcept { return start_ + period_ms_; }

 private:
  std::int64_t period_ms_;
  std::int64_t used_ = 0;
  epoch_ms start_ = 0;
};

/// What running requests hold, by a hash of the holder: holders are unique random ids.
struct hold {
  std::size_t holder = 0;
  std::int64_t amount = 0;
  epoch_ms expires_at = 0;
};

/// Places held until they are released, or until they expire on their own.
class lease_set {
 public:
  void advance(epoch_ms now);
  [[nodiscard]] std::int64_t used() const noexcept { return used_; }
  void add(std::string_view holder, std::int64_t amount, epoch_ms expires_at);
  void release(std::string_view holder) noexcept;
  /// When the first hold expires; `now` when there is none.
  [[nodiscard]] epoch_ms first_expiry(epoch_ms now) const noexcept;

 private:
  void drop(std::size_t index) noexcept;

  std::int64_t used_ = 0;
  std::vector<hold> holds_;
};

/// The money of one calendar window: what was spent, as far as that is known, and what running requests hold back.
/// Reservations do not expire here: who holds one lives in this process and settles, or died with the counters.
class budget_window {
 public:
  /// Settled holders that are remembered, so that settling twice adds once.
  static constexpr std::size_t most_remembered = 1024;
  /// After that long the ledger knows what was settled, so it need not be added to what the ledger says.
  static constexpr std::int64_t pending_ms = 60'000;

  explicit budget_window(epoch_ms ends_at) : ends_at_(ends_at) {}

  [[nodiscard]] bool seeded() const noexcept { return seeded_; }
  [[nodiscard]] std::int64_t used() const noexcept { return spent_ + reserved_; }
  /// Holding again for the same holder sets the amount anew.
  void reserve(std::string_view holder, std::int64_t amount);
  /// Ends the hold and adds what was spent: now, or when seeded. Nothing when the holder was settled before.
  void settle(std::string_view holder, std::int64_t spent, epoch_ms now);
  /// Nothing when seeded already.
  void seed(std::int64_t spent, epoch_ms now) noexcept;
  /// Unseeded by coming into another epoch.
  void enter(std::uint64_t epoch) noexcept;
  [[nodiscard]] epoch_ms ends_at() const noexcept { return ends_at_; }

 private:
  [[nodiscard]] bool drop_hold(std::size_t holder) noexcept;
  void remember(std::size_t holder);

  epoch_ms ends_at_;
  std::uint64_t epoch_ = 0;
  bool seeded_ = false;
  std::int64_t spent_ = 0;  ///< while unseeded: what was settled since
  std::int64_t reserved_ = 0;
  epoch_ms settled_unseeded_at_ = 0;
  std::vector<hold> holds_;
  std::vector<std::size_t> settled_;  ///< a ring once it is full
  std::size_t next_settled_ = 0;
};

/// What a budget with `left` left holds back for a request that costs at most `amount`: see counter_store::admit().
[[nodiscard]] std::int64_t grant_of(std::int64_t amount, std::int64_t least, std::int64_t left) noexcept;

}  // namespace spidergate::kv
