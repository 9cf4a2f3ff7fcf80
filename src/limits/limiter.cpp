#include "charge_list.hpp"
#include "refusal.hpp"

#include <spidergate/limits/limiter.hpp>

#include <algorithm>
#include <utility>

namespace spidergate::limits {

namespace {

constexpr std::int64_t minute_ms = 60'000;
/// Ends the place of a request whose end was never told; far above any sensible request.
constexpr std::int64_t lease_ms = 15 * minute_ms;

}  // namespace

/// The charges of one request, kept until it is settled.
struct reservation::impl {
  impl(kv::counter_store& store, const runtime::clock& clock, std::string id)
      : counters(store), time(clock), holder(std::move(id)), charged_at(clock.epoch_now()) {}

  /// With `requests` 0 nothing is charged: the windows are only looked at.
  void plan(const auth::principal& principal, std::int64_t requests, std::int64_t estimated_tokens) {
    using kv::window_kind;
    const auto& who = principal.token_limits;
    const auto& owner = principal.token_id;
    const auto tokens = std::max<std::int64_t>(0, estimated_tokens);
    if (who.rpm > 0) charges.add(requests_per_minute, owner, {{}, window_kind::sliding, minute_ms, who.rpm, requests});
    if (who.rpd > 0) charges.add(requests_per_day, owner, {{}, window_kind::fixed, day_ms, who.rpd, requests});
    if (who.tpm > 0) charges.add(tokens_per_minute, owner, {{}, window_kind::sliding, minute_ms, who.tpm, tokens});
    if (who.max_parallel > 0 && requests > 0) {
      charges.add(parallel_requests, owner, {{}, window_kind::lease, lease_ms, who.max_parallel, 1});
    }
  }

  /// Ends what the reservation holds, with `tokens` as what was used.
  void finish(std::int64_t tokens) noexcept {
    if (std::exchange(open, false) == false) return;
    const auto now = time.epoch_now();
    if (const auto* charged = charges.find(tokens_per_minute); charged != nullptr && charged->amount != tokens) {
      const kv::settlement used{*charged, tokens};
      counters.settle(holder, {&used, 1}, charged_at, now);
    }
    if (const auto* place = charges.find(parallel_requests)) {
      const kv::settlement ended{*place, 0};
      counters.settle(holder, {&ended, 1}, charged_at, now);
    }
  }

  kv::counter_store& counters;
  const runtime::clock& time;
  std::string holder;
  epoch_ms charged_at;
  charge_list charges;
  rate_state state;
  bool open = false;  // something is charged that settle() or the destructor must correct
};

reservation::reservation() noexcept = default;
reservation::reservation(reservation&& other) noexcept = default;

reservation& reservation::operator=(reservation&& other) noexcept {
  if (this != &other) {
    if (impl_) impl_->finish(0);
    impl_ = std::move(other.impl_);
  }
  return *this;
}

reservation::~reservation() {
  if (impl_) impl_->finish(0);
}

const rate_state& reservation::state() const noexcept {
  static constexpr rate_state unlimited;
  return impl_ ? impl_->state : unlimited;
}

money reservation::granted() const noexcept {
  return {};
}
bool reservation::clamped() const noexcept {
  return false;
}

void reservation::settle(std::int64_t tokens, money /*cost*/) noexcept {
  if (impl_) impl_->finish(std::max<std::int64_t>(0, tokens));
}

limiter::limiter(kv::counter_store& counters, spending_record& ledger, const runtime::clock& time)
    : counters_(counters), ledger_(ledger), time_(time) {}

awaitable<limiter::admission> limiter::reserve(runtime::worker& /*home*/, std::shared_ptr<const auth::principal> who,
                                               std::string holder, demand what) {
  auto charged = std::make_unique<reservation::impl>(counters_, time_, std::move(holder));
  charged->plan(*who, 1, what.tokens);
  (void)ledger_;
  reservation held;
  held.impl_ = std::move(charged);
  auto& made = *held.impl_;
  if (made.charges.all().empty()) co_return admission{std::move(held), {}};

  const auto said = co_await counters_.admit(made.holder, made.charges.all(), made.charged_at);
  if (!said) {
    co_return admission{model::make_error(model::api_errc::store_unavailable,
                                          "The limits of this API key cannot be checked right now. Try again shortly."),
                        {}};
  }
  const auto state = state_after(made.charges, *said);
  if (!said->admitted) co_return admission{explain(made.charges, *said, made.charged_at), state};
  made.open = true;
  made.state = state;
  co_return admission{std::move(held), state};
}

awaitable<rate_state> limiter::look(std::shared_ptr<const auth::principal> who) {
  reservation::impl seen(counters_, time_, {});
  seen.plan(*who, 0, 0);
  if (seen.charges.all().empty()) co_return rate_state{};
  const auto said = co_await counters_.admit(seen.holder, seen.charges.all(), seen.charged_at);
  co_return said ? state_after(seen.charges, *said) : rate_state{};
}

}  // namespace spidergate::limits
