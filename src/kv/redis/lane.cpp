#include "lane.hpp"

#include <boost/system/errc.hpp>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

namespace spidergate::kv::redis {

namespace {

using namespace std::chrono_literals;

constexpr auto beat_every = 250ms;
constexpr auto retry_every = 10ms;  // while the breaker has not opened yet
constexpr auto shortest_backoff = 100ms;
constexpr auto longest_backoff = 2'000ms;
constexpr auto renew_every = 10s;
/// In redis_options::timeout: how long a call waits for its turn at a server that is busy with others.
constexpr int longest_turn = 3;
constexpr std::size_t holds_at_once = 100;
/// Redis serves nobody else meanwhile.
constexpr std::size_t settlements_at_once = 32;
/// A generation that is younger than that will not be seeded before our holds have been told too.
constexpr std::int64_t young_generation_ms = 300;

/// Between a half and one and a half of it.
std::chrono::milliseconds jittered(std::chrono::milliseconds delay) {
  static thread_local std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<std::int64_t> share(delay.count() / 2, delay.count() * 3 / 2);
  return std::chrono::milliseconds(share(random));
}

}  // namespace

/// Settlements between their first sending and their answer; it cannot go while a connection knows it.
struct lane::delivery final : late_command {
  delivery(lane& of, std::optional<script_call> given, steady_time when)
      : owner(of), call(std::move(given)), since(when) {}

  void append_to(std::string& out) noexcept override {
    close();
    call->append_to(out, true);
  }
  void on_answer(reply&& answer) noexcept override {
    on_the_way = false;
    if (answer.refused_with("NOSCRIPT") && owner.linked() && owner.link_->has_room()) {
      owner.send(*this, false);
    } else if (answer.what != reply::kind::error) {
      end();
    }
  }
  void on_broken(error_code) noexcept override {
    on_the_way = false;
    const bool sent = owner.gathering_ != this;
    close();
    if (sent) call->mark_repeated();
  }
  /// Nothing more is gathered.
  void close() {
    if (owner.gathering_ != this) return;
    owner.gathering_ = nullptr;
    call = owner.gathered_.take(shared_state::new_generation());
  }
  void end() {
    owner.undelivered_ -= settlements;
    owner.deliveries_.erase(self);
  }

  lane& owner;
  std::optional<script_call> call;  ///< empty while it is gathered
  steady_time since;
  std::size_t settlements = 0;
  std::list<delivery>::iterator self;
  bool on_the_way = false;
};

/// The connection must go before its worker does: with the coroutine that keeps it.
struct lane::link_keeper {
  explicit link_keeper(lane& one) : of(one) {}
  ~link_keeper() { of.link_.reset(); }
  link_keeper(const link_keeper&) = delete;
  link_keeper& operator=(const link_keeper&) = delete;
  lane& of;
};

lane::lane(std::shared_ptr<shared_state> all, runtime::worker& home, bool leads)
    : all_(std::move(all)),
      home_(home),
      leads_(leads),
      wake_(home),
      gathered_(all_->calls),
      backoff_(shortest_backoff) {}

lane::~lane() = default;

void lane::start() {
  home_.spawn([self = shared_from_this()] { return run(self); });
}

awaitable<result<reply>> lane::ask(std::shared_ptr<lane> self, script_call call) {
  if (!self->linked() && !co_await self->wait_for_link()) co_return error_code(asio::error::not_connected);
  const auto silence = self->all_->options.timeout;
  const auto deadline = self->home_.time().steady_now() + longest_turn * silence;
  const auto link = self->link_;
  auto answer = co_await link->ask([&call](std::string& out) { call.append_to(out, true); }, silence, deadline);
  if (answer && answer->refused_with("NOSCRIPT")) {
    answer = co_await link->ask([&call](std::string& out) { call.append_to(out, false); }, silence, deadline);
  }
  if (answer && answer->what == reply::kind::error) {
    answer = boost::system::errc::make_error_code(boost::system::errc::io_error);
  }
  if (answer) {
    self->all_->gate.succeeded();
  } else {
    self->failed(link, answer.error());
  }
  co_return answer;
}

void lane::failed(const std::shared_ptr<connection>& link, error_code why) noexcept {
  all_->counted.failures.fetch_add(1, std::memory_order_relaxed);
  if (why == asio::error::timed_out) all_->counted.timeouts.fetch_add(1, std::memory_order_relaxed);
  if (link->open()) {
    if (why != asio::error::no_buffer_space) all_->gate.failed();
  } else if (link == link_) {  // many calls fail with one connection: that is one failure
    link_.reset();
    all_->gate.failed();
    wake_.release();
  }
}

/// The first connection may take its time: a replica that has just started would else enforce limits by itself, and
/// have the budgets of all replicas seeded anew for it.
awaitable<bool> lane::wait_for_link() {
  const auto patience = tried_ ? all_->options.timeout : all_->options.connect_timeout;
  const auto deadline = home_.time().steady_now() + patience;
  runtime::wait_point opened(home_);
  waiters_.push_back(&opened);
  wake_.release();
  const auto released = co_await opened.wait(deadline);
  std::erase(waiters_, &opened);
  if (!released && released.error() == asio::error::timed_out) all_->gate.failed();
  if (!linked()) all_->counted.failures.fetch_add(1, std::memory_order_relaxed);
  co_return linked();
}

void lane::release_waiters() noexcept {
  for (auto* one : std::exchange(waiters_, {})) one->release();
}

awaitable<void> lane::run(std::shared_ptr<lane> self) {
  const link_keeper keeper(*self);
  do {
    if (!self->linked() && (self->all_->gate.closed() || self->leads_)) co_await self->open_link();
    if (self->linked() && self->leads_) co_await self->lead();
    if (self->linked()) self->link_->check(self->all_->options.timeout);
    self->tend_deliveries();
  } while (co_await self->pause());
}

awaitable<bool> lane::pause() {
  auto delay = std::chrono::milliseconds(beat_every);
  if (!linked() && all_->gate.closed()) {
    delay = retry_every;
  } else if (leads_ && !all_->gate.closed()) {
    delay = jittered(std::exchange(backoff_, std::min<std::chrono::milliseconds>(backoff_ * 2, longest_backoff)));
  } else {
    backoff_ = shortest_backoff;
  }
  const auto woken = co_await wake_.wait(home_.time().steady_now() + delay);
  co_return woken || woken.error() == asio::error::timed_out;
}

awaitable<void> lane::open_link() {
  auto made = co_await connector::open(all_->dialer, home_, home_.time().steady_now() + all_->options.connect_timeout);
  if (made.link != nullptr) {
    link_ = std::move(made.link);
    all_->counted.connects.fetch_add(1, std::memory_order_relaxed);
    tend_deliveries();  // what was told before comes before what is asked now
  } else {
    all_->gate.failed();
  }
  tried_ = true;
  release_waiters();
}

awaitable<bool> lane::tell(script_call call, std::int64_t& generation) {
  const auto answer = co_await ask(shared_from_this(), std::move(call));
  const auto said = answer ? generation_in(*answer) : result<std::int64_t>(answer.error());
  if (said) generation = *said;
  co_return said.has_value();
}

awaitable<void> lane::lead() {
  std::int64_t generation = 0;
  if (!co_await tell(all_->calls.beat(shared_state::new_generation()), generation)) co_return;
  // Taken before the new generation is made: what becomes stale meanwhile is for the next beat.
  if (all_->budgets_stale.exchange(false, std::memory_order_acq_rel)) {
    const auto known = all_->generation.load(std::memory_order_acquire);
    if (!co_await tell(all_->calls.renew(shared_state::new_generation(), known, young_generation_ms), generation)) {
      all_->budgets_stale.store(true, std::memory_order_release);
      co_return;
    }
  }
  if (!co_await synchronise(generation)) co_return;
  if (!all_->gate.closed()) all_->gate.close();
  all_->end_local();
  for (auto& one : all_->take_parcels()) deliver(std::move(one));
  co_await tell_picks();
}

/// Tells Redis what this process knows and Redis may not.
awaitable<bool> lane::synchronise(std::int64_t& generation) {
  const auto now = all_->time.steady_now();
  if (generation != all_->generation.load(std::memory_order_acquire)) {
    std::vector<std::string> keys;
    for (auto& one : all_->local.counted_keys(all_->time.epoch_now())) keys.push_back(std::move(one.key));
    if (!co_await tell_holds(generation) || !co_await restore(std::move(keys), generation)) co_return false;
    all_->generation.store(generation, std::memory_order_release);
    renewal_due_ = now + renew_every;
  } else if (now >= renewal_due_ || !all_->gate.closed()) {
    if (!co_await tell_holds(generation)) co_return false;
    renewal_due_ = now + renew_every;
  }
  co_return co_await restore(all_->take_restored(), generation);
}

awaitable<bool> lane::tell_holds(std::int64_t& generation) {
  const auto now = all_->time.epoch_now();
  std::vector<held_by> holds;
  all_->running.for_each([&](std::string_view holder, const running_requests::request& what) {
    const auto known_in = what.in_redis ? what.generation : 0;
    for (const auto& one : what.holds) {
      const auto ends = one.kind == window_kind::lease ? what.charged_at + one.period_ms : now + longest_hold_ms;
      if (ends > now) holds.push_back({std::string(holder), one, std::min(ends, now + longest_hold_ms), known_in});
    }
  });
  for (std::size_t i = 0; i < holds.size(); i += holds_at_once) {
    const std::span part(holds.data() + i, std::min(holds_at_once, holds.size() - i));
    if (!co_await tell(all_->calls.hold(part, now, shared_state::new_generation()), generation)) co_return false;
    for (const auto& one : part) {
      if (!all_->running.registered(one.holder, generation)) drop_again(one, generation);
    }
  }
  co_return true;
}

/// What ended while it was being told may have come back to life: its settlement may have arrived before.
void lane::drop_again(const held_by& told, std::int64_t generation) {
  const auto of = told.what.as_charge();
  // Not of a budget that knew the hold: the script brings none back, and the settlement may still be on its way.
  if (of.kind == window_kind::budget && told.generation == generation) return;
  const settlement nothing_used{of, 0};
  const auto now = all_->time.epoch_now();
  settle({told.holder, {&nothing_used, 1}, now, now, generation});
}

awaitable<bool> lane::restore(std::vector<std::string> keys, std::int64_t& generation) {
  const auto now = all_->time.epoch_now();
  for (std::size_t i = 0; i < keys.size(); i += holds_at_once) {
    const std::span part(keys.data() + i, std::min(holds_at_once, keys.size() - i));
    std::vector<pick_mirror> counts;
    for (const auto& key : part) {
      const auto counted = all_->local.counts(key, now);
      counts.push_back({counted.daily_count - all_->untold_of(key), counted.last_picked_at});
    }
    if (co_await tell(all_->calls.restore(part, counts, now, shared_state::new_generation()), generation)) continue;
    for (; i < keys.size(); ++i) all_->leave_restored(keys[i]);
    co_return false;
  }
  co_return true;
}

/// What may not have arrived is told again: a key that has no limit is better counted twice than not at all.
awaitable<void> lane::tell_picks() {
  const auto picks = all_->untold();
  for (std::size_t i = 0; i < picks.size(); i += holds_at_once) {
    const std::span part(picks.data() + i, std::min(holds_at_once, picks.size() - i));
    const auto answer = co_await ask(shared_from_this(), all_->calls.count(part, shared_state::new_generation()));
    const auto said = answer ? counts_in(*answer, part.size()) : answer.error();
    if (!said) co_return;
    for (std::size_t n = 0; n < part.size(); ++n) {
      all_->told(part[n]);
      all_->local.follow(part[n].key, (*said)[n], part[n].last_at);
    }
  }
}

lane::delivery& lane::begin_delivery(std::optional<script_call> call, steady_time since) {
  auto& one = deliveries_.emplace_back(*this, std::move(call), since);
  one.self = std::prev(deliveries_.end());
  return one;
}

bool lane::takes_another() {
  if (undelivered_ < shared_state::most_waiting) {
    ++undelivered_;
    return true;
  }
  all_->lose_settlements();
  return false;
}

void lane::deliver(parcel what) {
  if (!takes_another()) return;
  auto& one = begin_delivery(std::move(what.call), what.since);
  one.settlements = 1;
  if (linked() && link_->has_room()) send(one, true);
}

void lane::settle(const ended_request& one) {
  if (gathering_ == nullptr && (!linked() || !link_->has_room())) {
    deliver({all_->calls.settle(one, shared_state::new_generation()), all_->time.steady_now()});
    return;
  }
  if (!takes_another()) return;
  if (gathering_ == nullptr) {
    gathering_ = &begin_delivery(std::nullopt, all_->time.steady_now());
    gathering_->on_the_way = true;
    link_->send_late(*gathering_);
  }
  ++gathering_->settlements;
  gathered_.add(one);
  if (gathered_.size() >= settlements_at_once) link_->put_late();
}

void lane::send(delivery& one, bool by_name) {
  one.on_the_way = true;
  link_->send(one, [&](std::string& out) { one.call->append_to(out, by_name); });
}

void lane::tend_deliveries() {
  const auto now = all_->time.steady_now();
  for (auto it = deliveries_.begin(); it != deliveries_.end();) {
    auto& one = *it++;
    if (one.on_the_way) continue;
    if (one.since + shared_state::longest_wait < now) {
      all_->lose_settlements(one.settlements);
      one.end();
    } else if (linked() && link_->has_room()) {
      send(one, true);
    }
  }
}

}  // namespace spidergate::kv::redis
