#pragma once
#include <spidergate/kv/counter_store.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace spidergate::kv {

/// Counters in this process. Thread-safe; owned by the composition root, used by every worker.
///
/// There is no lock that all threads share: cells lie in 64 stripes by their owner, and a call locks the stripes that
/// its keys need, in one order, so its charges are one atomic step. Memory is bounded: every call also sweeps a few
/// cells whose windows are over, and at most `max_cells` counters of admit() live at once. At that bound a new counter
/// is refused (errc::no_buffer_space, counted in stats()) rather than an old one forgotten: a forgotten counter would
/// be a limit that does not hold. A budget reservation lasts until it is settled. Of the holders that settled with a
/// budget the last 1024 are remembered; a later second settlement would count again. Counters of pick() are bounded by
/// the keys that an operator configured and never refused.
class memory_counters final : public counter_store {
 public:
  static constexpr std::size_t default_max_cells = 1'000'000;

  explicit memory_counters(std::size_t max_cells = default_max_cells);
  ~memory_counters() override;

  awaitable<result<verdict>> admit(std::string_view holder, std::span<const charge> charges, epoch_ms now) override;
  void settle(std::string_view holder, std::span<const settlement> of, epoch_ms charged_at,
              epoch_ms now) noexcept override;
  awaitable<result<void>> seed(const charge& budget, std::int64_t spent, epoch_ms now) override;
  awaitable<result<picked>> pick(std::span<const pick_option> options, epoch_ms now) override;
  [[nodiscard]] bool admits_at_once() const noexcept override { return true; }
  std::optional<result<verdict>> admit_now(std::string_view holder, std::span<const charge> charges,
                                           epoch_ms now) override;
  std::optional<result<picked>> pick_now(std::span<const pick_option> options, epoch_ms now) override;
  pick_counts counts(std::string_view key, epoch_ms now) const override;
  void restore(std::string_view key, std::int64_t daily_count, epoch_ms last_picked_at, epoch_ms now) override;

  /// Counts what a running request holds of a lease or budget (charge::amount), admitted elsewhere; settle() ends it.
  /// Without room for a new counter nothing happens.
  void hold(std::string_view holder, const charge& of, epoch_ms now);
  /// Every budget is unseeded from now on: money was spent that these counters have not seen. What is held stays.
  void unseed_budgets() noexcept;

  /// Raises the counters of a picked key to what another store says of it.
  void follow(std::string_view key, const pick_counts& seen, epoch_ms now);
  struct counted_key {
    std::string key;
    pick_counts counted;
  };
  /// All keys that pick() and restore() know of.
  [[nodiscard]] std::vector<counted_key> counted_keys(epoch_ms now) const;

  struct statistics {
    std::size_t cells = 0;           ///< counters in memory now
    std::uint64_t swept = 0;         ///< cells dropped because their window was over
    std::uint64_t refused_full = 0;  ///< admissions that failed at the bound
  };
  /// Takes each stripe's lock for a moment; for metrics.
  [[nodiscard]] statistics stats() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace spidergate::kv
