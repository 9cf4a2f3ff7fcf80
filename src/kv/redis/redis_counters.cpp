#include "lane.hpp"
#include "shared_state.hpp"

#include <spidergate/kv/redis_counters.hpp>
#include <spidergate/runtime/blocking_pool.hpp>

#include <boost/system/errc.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace spidergate::kv {

namespace {

using redis::lane;
using redis::shared_state;

/// One late answer does not mean that Redis is lost: a request that left for the local counters would be counted apart
/// from all others, and budgets would be seeded anew for it. So it is asked again until the breaker has opened. What
/// the first try may have charged to windows stays charged.
constexpr int most_tries = 3;

bool is_held(const charge& c) noexcept {
  return c.kind == window_kind::lease || c.kind == window_kind::budget;
}

bool is_budget(const charge& c) noexcept {
  return c.kind == window_kind::budget;
}

std::vector<redis::running_hold> holds_of(std::span<const charge> charges, const verdict& said) {
  std::vector<redis::running_hold> holds;
  for (const auto& c : charges) {
    if (!is_held(c)) continue;
    holds.push_back({std::string(c.key), c.kind, c.period_ms, c.window_start, is_budget(c) ? said.granted : c.amount});
  }
  return holds;
}

/// What a settlement must still tell Redis.
std::vector<settlement> news_of(std::span<const settlement> of, std::uint64_t settled_before) {
  std::vector<settlement> news;
  for (std::size_t i = 0; i < of.size(); ++i) {
    const auto& one = of[i];
    const bool repeated = is_budget(one.of) && (settled_before >> (i % 64) & 1U) != 0;
    if (!repeated && (is_held(one.of) || one.used != one.of.amount)) news.push_back(one);
  }
  return news;
}

/// The option that is taken whatever the counters say: alone at the highest rank and without limits.
const pick_option* certain_of(std::span<const pick_option> options) noexcept {
  const pick_option* best = nullptr;
  bool alone = false;
  for (const auto& one : options) {
    alone = best == nullptr || one.rank > best->rank || (alone && one.rank < best->rank);
    if (best == nullptr || one.rank > best->rank) best = &one;
  }
  return alone && best->daily_limit <= 0 && best->minute_limit <= 0 ? best : nullptr;
}

error_code unattached() {
  return boost::system::errc::make_error_code(boost::system::errc::operation_not_permitted);
}

error_code lost() {
  return asio::error::not_connected;
}

using lane_ptr = std::shared_ptr<lane>;
using state_ptr = std::shared_ptr<shared_state>;

/// Takes back what a call may have reserved whose answer has not come. Windows keep what it may have charged: taking
/// that from them, when it was not charged, would let others over the limit.
void cancel(lane& by, shared_state& all, std::string_view holder, std::span<const charge> charges, epoch_ms now) {
  std::vector<settlement> nothing_used;
  for (const auto& c : charges) {
    if (is_held(c)) nothing_used.push_back({c, 0});
  }
  if (nothing_used.empty()) return;
  by.settle({holder, nothing_used, now, now, all.generation.load(std::memory_order_acquire)});
}

/// Keeps what Redis has said of an admission in `generation`.
void note(shared_state& all, std::string_view holder, std::span<const charge> charges, const verdict& said,
          std::int64_t generation, epoch_ms now) {
  for (const auto index : said.unseeded) all.note_unseeded(charges[index], generation);
  if (!said.admitted) return;
  auto holds = holds_of(charges, said);
  if (!holds.empty()) all.running.add(holder, {std::move(holds), now, generation, true, false});
}

awaitable<result<verdict>> admit_locally(state_ptr all, std::string_view holder, std::span<const charge> charges,
                                         epoch_ms now) {
  all->counted.answered_locally.fetch_add(1, std::memory_order_relaxed);
  all->prepare_local(now);
  auto said = co_await all->local.admit(holder, charges, now);
  if (!said || !said->admitted) co_return said;
  if (std::any_of(charges.begin(), charges.end(), is_budget)) all->budgets_stale.store(true, std::memory_order_release);
  // Also without holds: its settlement belongs to the local counters.
  all->running.add(holder, {holds_of(charges, *said), now, 0, false, true});
  co_return said;
}

awaitable<result<verdict>> admit_somewhere(lane_ptr by, state_ptr all, std::string_view holder,
                                           std::span<const charge> charges, epoch_ms now) {
  if (by == nullptr) co_return unattached();
  all->counted.calls.fetch_add(1, std::memory_order_relaxed);
  error_code why = lost();
  for (int tries = 0; tries < most_tries && all->gate.closed(); ++tries) {
    const auto answer = co_await lane::ask(by, all->calls.admit(holder, charges, now, shared_state::new_generation()));
    auto said = answer ? redis::verdict_in(*answer, charges.size()) : result<verdict>(answer.error());
    if (said) {
      note(*all, holder, charges, *said, *redis::generation_in(*answer), now);
      co_return said;
    }
    cancel(*by, *all, holder, charges, now);
    why = said.error();
  }
  if (all->options.deny_when_lost) co_return why;
  co_return co_await admit_locally(all, holder, charges, now);
}

awaitable<result<void>> seed_somewhere(lane_ptr by, state_ptr all, const charge& budget, std::int64_t spent,
                                       epoch_ms now) {
  if (by == nullptr) co_return unattached();
  all->counted.calls.fetch_add(1, std::memory_order_relaxed);
  error_code why = lost();
  if (all->gate.closed()) {
    const auto answer = co_await lane::ask(
        by, all->calls.seed(budget, spent, now, shared_state::new_generation(), all->unseeded_in(budget)));
    if (answer) co_return result<void>();
    why = answer.error();
  }
  if (all->options.deny_when_lost) co_return why;
  all->prepare_local(now);
  co_return co_await all->local.seed(budget, spent, now);
}

awaitable<result<picked>> pick_in_redis(lane_ptr by, state_ptr all, std::span<const pick_option> options,
                                        epoch_ms now) {
  const auto answer = co_await lane::ask(by, all->calls.pick(options, now, shared_state::new_generation()));
  if (!answer) co_return answer.error();
  std::vector<redis::pick_mirror> mirrors(options.size());
  const auto said = redis::pick_in(*answer, options.size(), mirrors);
  if (!said) co_return said.error();
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto minute_count = said->found && said->index == i ? said->minute_count : 0;
    all->local.follow(options[i].key, {mirrors[i].daily_count, minute_count, mirrors[i].last_picked_at}, now);
  }
  co_return said;
}

awaitable<result<picked>> pick_somewhere(lane_ptr by, state_ptr all, std::span<const pick_option> options,
                                         epoch_ms now) {
  if (by == nullptr) co_return unattached();
  all->counted.calls.fetch_add(1, std::memory_order_relaxed);
  error_code why = lost();
  for (int tries = 0; tries < most_tries && all->gate.closed(); ++tries) {
    auto said = co_await pick_in_redis(by, all, options, now);
    if (said) co_return said;
    why = said.error();
  }
  if (all->options.deny_when_lost) co_return why;
  all->counted.answered_locally.fetch_add(1, std::memory_order_relaxed);
  co_return co_await all->local.pick(options, now);
}

}  // namespace

struct redis_counters::impl {
  impl(redis_options options, memory_counters& local, runtime::blocking_pool& resolver, const runtime::clock& time)
      : all(std::make_shared<shared_state>(std::move(options), local, resolver, time)) {}

  /// The lane of the worker whose thread this is, or null.
  [[nodiscard]] lane_ptr here() const {
    const auto* worker = runtime::worker::current();
    const auto found = std::find_if(lanes.begin(), lanes.end(), [&](const auto& one) { return one->is_of(worker); });
    return found != lanes.end() ? *found : nullptr;
  }

  void settle(const redis::ended_request& one) const {
    if (const auto by = here()) {
      by->settle(one);
    } else {
      all->leave_parcel({all->calls.settle(one, shared_state::new_generation()), all->time.steady_now()});
    }
  }

  state_ptr all;
  std::vector<lane_ptr> lanes;
};

redis_counters::redis_counters(redis_options options, memory_counters& local, runtime::blocking_pool& resolver,
                               const runtime::clock& time)
    : impl_(std::make_unique<impl>(std::move(options), local, resolver, time)) {}

redis_counters::~redis_counters() = default;

void redis_counters::attach(runtime::worker& w) {
  impl_->lanes.push_back(std::make_shared<lane>(impl_->all, w, impl_->lanes.empty()));
  impl_->lanes.back()->start();
}

awaitable<result<verdict>> redis_counters::admit(std::string_view holder, std::span<const charge> charges,
                                                 epoch_ms now) {
  return admit_somewhere(impl_->here(), impl_->all, holder, charges, now);
}

void redis_counters::settle(std::string_view holder, std::span<const settlement> of, epoch_ms charged_at,
                            epoch_ms now) noexcept {
  auto& all = *impl_->all;
  const auto known = all.running.finish(holder, of);
  if (known.in_local) all.local.settle(holder, of, charged_at, now);
  if (known.known && !known.in_redis) return;
  const auto news = news_of(of, known.settled_before);
  if (news.empty()) return;
  impl_->settle({holder, news, charged_at, now, known.generation});
}

awaitable<result<void>> redis_counters::seed(const charge& budget, std::int64_t spent, epoch_ms now) {
  return seed_somewhere(impl_->here(), impl_->all, budget, spent, now);
}

awaitable<result<picked>> redis_counters::pick(std::span<const pick_option> options, epoch_ms now) {
  return pick_somewhere(impl_->here(), impl_->all, options, now);
}

std::optional<result<picked>> redis_counters::pick_now(std::span<const pick_option> options, epoch_ms now) {
  const auto* certain = certain_of(options);
  if (certain == nullptr || !impl_->all->gate.closed() || impl_->here() == nullptr) return std::nullopt;
  impl_->all->count_later(certain->key, now);
  auto said = impl_->all->local.pick_now({certain, 1}, now);
  if (said && *said) (*said)->index = static_cast<std::size_t>(certain - options.data());
  return said;
}

counter_store::pick_counts redis_counters::counts(std::string_view key, epoch_ms now) const {
  return impl_->all->local.counts(key, now);
}

void redis_counters::restore(std::string_view key, std::int64_t daily_count, epoch_ms last_picked_at, epoch_ms now) {
  auto& all = *impl_->all;
  all.local.restore(key, daily_count, last_picked_at, now);
  const auto by = impl_->here();
  if (by == nullptr) {
    all.leave_restored(key);
    return;
  }
  const std::string name(key);
  const redis::pick_mirror counted{daily_count, last_picked_at};
  by->deliver(
      {all.calls.restore({&name, 1}, {&counted, 1}, now, shared_state::new_generation()), all.time.steady_now()});
}

bool redis_counters::reachable() const noexcept {
  return impl_->all->gate.closed();
}

redis_counters::statistics redis_counters::stats() const noexcept {
  const auto& counted = impl_->all->counted;
  const auto connects = counted.connects.load(std::memory_order_relaxed);
  const auto first = std::min<std::uint64_t>(connects, impl_->lanes.size());
  return {counted.calls.load(std::memory_order_relaxed),
          counted.failures.load(std::memory_order_relaxed),
          counted.timeouts.load(std::memory_order_relaxed),
          connects - first,
          counted.answered_locally.load(std::memory_order_relaxed),
          counted.settlements_lost.load(std::memory_order_relaxed),
          impl_->all->gate.times_opened()};
}

}  // namespace spidergate::kv
