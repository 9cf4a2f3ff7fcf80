#include "charge_list.hpp"

#include "calendar.hpp"

#include <algorithm>
#include <cassert>

namespace spidergate::limits {

namespace {

constexpr std::int64_t minute_ms = 60'000;
/// Ends the place of a request whose end was never told; far above any sensible request.
constexpr std::int64_t lease_ms = 15 * minute_ms;

/// Parts of the counters' keys in the store: a change of them starts all counters anew.
constexpr std::array<std::string_view, 7> names{"rpm", "rpd", "tpm", "par", "bday", "bweek", "bmonth"};

void add_windows(charge_list& list, level whose, const std::string& owner, const store::limit_set& own,
                 const request_charge& with) noexcept {
  using kv::window_kind;
  const auto add = [&](counter what, window_kind kind, std::int64_t period, std::int64_t limit, std::int64_t amount) {
    if (limit <= 0) return;
    list.add({what, whose}, owner, {.key = {}, .kind = kind, .period_ms = period, .limit = limit, .amount = amount});
  };
  add(counter::requests_per_minute, window_kind::sliding, minute_ms, own.rpm, with.requests);
  add(counter::requests_per_day, window_kind::fixed, day_ms, own.rpd, with.requests);
  add(counter::tokens_per_minute, window_kind::sliding, minute_ms, own.tpm, with.tokens);
  if (with.requests > 0) add(counter::parallel_requests, window_kind::lease, lease_ms, own.max_parallel, with.requests);
}

void add_budgets(charge_list& list, level whose, const std::string& owner, const store::limit_set& own,
                 const request_charge& with, epoch_ms now) noexcept {
  const auto add = [&](counter what, money limit, calendar_window (*window_of)(epoch_ms) noexcept) {
    if (limit <= money{}) return;
    const auto in = window_of(now);
    list.add({what, whose}, owner,
             {.key = {},
              .kind = kv::window_kind::budget,
              .period_ms = in.length_ms,
              .limit = limit.nano_usd,
              .amount = with.amount.nano_usd,
              .window_start = in.start,
              .least = with.at_least.nano_usd});
  };
  add(counter::daily_budget, own.daily, day_of);
  add(counter::weekly_budget, own.weekly, week_of);
  add(counter::monthly_budget, own.monthly, month_of);
}

}  // namespace

void charge_list::add(label of, std::string_view owner, kv::charge charge) noexcept {
  assert(size_ < capacity && owner.size() <= longest_owner);
  auto& name = names_[size_];
  const auto what = names[static_cast<std::size_t>(of.what)];
  auto end = std::copy(what.begin(), what.end(), name.begin());
  *end++ = ':';
  end = std::copy_n(owner.begin(), std::min(owner.size(), longest_owner), end);
  charge.key = {name.data(), static_cast<std::size_t>(end - name.begin())};
  charges_[size_] = charge;
  labels_[size_] = of;
  ++size_;
}

const std::string& owner_of(const auth::principal& who, level of) noexcept {
  return of == level::token ? who.token_id : of == level::client ? who.client_id : who.brand_id;
}

const store::limit_set& limits_of(const auth::principal& who, level of) noexcept {
  return of == level::token ? who.token_limits : of == level::client ? who.client_limits : who.brand_limits;
}

void fill(charge_list& list, const auth::principal& who, const request_charge& with, epoch_ms now) noexcept {
  list.clear();
  for (const auto whose : all_levels) {
    const auto& owner = owner_of(who, whose);
    const auto& own = limits_of(who, whose);
    add_windows(list, whose, owner, own, with);
    if (with.requests > 0 && with.amount > money{}) add_budgets(list, whose, owner, own, with, now);
  }
}

}  // namespace spidergate::limits
