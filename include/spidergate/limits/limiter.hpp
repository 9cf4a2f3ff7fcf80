#pragma once
#include <spidergate/auth/authenticator.hpp>
#include <spidergate/kv/counter_store.hpp>
#include <spidergate/model/api_error.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/clock.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace spidergate::limits {

/// What the rate-limit headers say. A limit of 0 means there is none: its headers are left out.
struct rate_state {
  std::int64_t limit_requests = 0, remaining_requests = 0;
  epoch_ms requests_reset_at = 0;
  std::int64_t limit_tokens = 0, remaining_tokens = 0;
  epoch_ms tokens_reset_at = 0;
};

/// A request that was let in. settle() corrects the token estimate and ends the concurrency lease; a reservation that
/// is destroyed unsettled gives everything back but the request count (the request was made). Move-only.
class reservation {
 public:
  reservation() noexcept;
  reservation(reservation&& other) noexcept;
  reservation& operator=(reservation&& other) noexcept;
  ~reservation();
  [[nodiscard]] const rate_state& state() const noexcept;
  /// The tokens that were really used. Idempotent.
  void settle(std::int64_t tokens) noexcept;

 private:
  friend class limiter;
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Requests and tokens per minute, requests per day, parallel requests, of the token (clients and brands follow with
/// budgets). Thread-safe.
class limiter {
 public:
  limiter(kv::counter_store& counters, const runtime::clock& time);

  struct admission {
    model::outcome<reservation> verdict;
    rate_state state;  ///< also when refused
  };
  /// Errors: rate_limit_exceeded, concurrency_limit_exceeded, each naming its limit, with retry_after;
  /// store_unavailable. A refusal moves no counter. `holder` is unique per request (the request id).
  awaitable<admission> reserve(std::shared_ptr<const auth::principal> who, std::string holder,
                               std::int64_t estimated_tokens);

  /// Where the limits stand, for the headers of answers that charge nothing.
  awaitable<rate_state> look(std::shared_ptr<const auth::principal> who);

 private:
  kv::counter_store& counters_;
  const runtime::clock& time_;
};

}  // namespace spidergate::limits
