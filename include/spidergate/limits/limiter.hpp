#pragma once
#include <spidergate/auth/authenticator.hpp>
#include <spidergate/core/money.hpp>
#include <spidergate/kv/counter_store.hpp>
#include <spidergate/model/api_error.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/worker.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::limits {

/// What the rate-limit headers say: the tightest of token, client and brand. A limit of 0 means there is none: its
/// headers are left out.
struct rate_state {
  std::int64_t limit_requests = 0, remaining_requests = 0;
  epoch_ms requests_reset_at = 0;
  std::int64_t limit_tokens = 0, remaining_tokens = 0;
  epoch_ms tokens_reset_at = 0;
};

/// Who owns a limit or a budget, in the order in which they are checked.
enum class level : std::uint8_t { token, client, brand };

/// What a request may use, told before it is let in.
struct demand {
  std::int64_t tokens = 0;  ///< estimated from above
  money worst;              ///< the most that it can cost; with 0 no budget is looked at
  /// The smallest amount that is of use, where less than `worst` may be reserved because the answer can be kept short
  /// (the client set no max_tokens); else the same as `worst`.
  money least;
};

/// A request that was let in. settle() corrects the estimates and ends the concurrency leases and budget reservations;
/// a reservation that is destroyed unsettled gives everything back but the request count (the request was made).
/// Move-only.
class reservation {
 public:
  reservation() noexcept;
  reservation(reservation&& other) noexcept;
  reservation& operator=(reservation&& other) noexcept;
  ~reservation();
  [[nodiscard]] const rate_state& state() const noexcept;
  /// What may be spent: demand::worst, or less when budgets are short. Meaningless without budgets.
  [[nodiscard]] money granted() const noexcept;
  /// True when `granted` is less than `worst`: the answer must be kept short enough for it.
  [[nodiscard]] bool clamped() const noexcept;
  /// True when budgets are charged, also after settle().
  [[nodiscard]] bool draws_on_budgets() const noexcept;
  /// What was really used and spent. Idempotent.
  void settle(std::int64_t tokens, money cost) noexcept;

 private:
  friend class limiter;
  struct impl;
  /// Keeps a few for the next requests of the thread.
  struct recycling {
    void operator()(impl* used) const noexcept;
  };
  std::unique_ptr<impl, recycling> impl_;
};

/// What the ledger says was spent: budgets are rebuilt from it.
class spending_record {
 public:
  virtual ~spending_record() = default;
  /// The sum of all receipts of that owner from `since` on, those included that this process has filed before the call.
  /// Resumes on `home`. Fails at the deadline or when the database cannot be asked.
  virtual awaitable<result<money>> spent(runtime::worker& home, level of, std::string owner_id, epoch_ms since,
                                         steady_time deadline) = 0;
};

/// Requests and tokens per minute, requests per day, parallel requests and budgets (per request, day, week, month) of
/// token, client and brand. Thread-safe.
class limiter {
 public:
  /// All outlive the limiter and its reservations.
  limiter(kv::counter_store& counters, spending_record& ledger, const runtime::clock& time);
  ~limiter();

  struct admission {
    model::outcome<reservation> verdict;
    rate_state state;  ///< also when refused
  };
  /// One step over all limits of all levels. Errors: rate_limit_exceeded, concurrency_limit_exceeded, budget_exceeded,
  /// each naming its level and limit (a budget also its reset), with retry_after; store_unavailable, also when a budget
  /// cannot be rebuilt from the ledger within 3 s. A refusal moves no counter. `holder` is unique per request (the
  /// request id). Called on `home`'s thread.
  awaitable<admission> reserve(runtime::worker& home, std::shared_ptr<const auth::principal> who, std::string holder,
                               demand what);

  /// The same at once, where the counters are in memory and the budgets known to them: what nearly every request needs.
  /// Nothing has been charged when there is no answer: await reserve() then.
  [[nodiscard]] std::optional<admission> reserve_now(const auth::principal& who, std::string_view holder,
                                                     const demand& what);

  /// Where the limits stand, for the headers of answers that charge nothing.
  awaitable<rate_state> look(std::shared_ptr<const auth::principal> who);

 private:
  [[nodiscard]] reservation begin(std::string_view holder, const struct bounds& may_cost);

  kv::counter_store& counters_;
  const runtime::clock& time_;
  std::unique_ptr<class seeding> seeding_;
};

}  // namespace spidergate::limits
