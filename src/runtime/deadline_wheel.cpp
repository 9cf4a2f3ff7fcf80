#include "loop_timer.hpp"

#include <spidergate/runtime/deadline_wheel.hpp>

#include <algorithm>

namespace spidergate::runtime {
namespace {

using ticks = std::chrono::duration<std::int64_t, std::ratio<1, 100>>;
static_assert(ticks{1} == deadline_wheel::tick);

/// The first tick at which `due` has passed.
std::int64_t tick_after(steady_time due) noexcept {
  return std::chrono::ceil<ticks>(due.time_since_epoch()).count();
}

/// The last tick that has passed at `now`.
std::int64_t tick_before(steady_time now) noexcept {
  return std::chrono::floor<ticks>(now.time_since_epoch()).count();
}

}  // namespace

deadline_wheel::deadline_wheel(event_loop& loop) : timer_(std::make_unique<loop_timer>(loop, [this] { advance(); })) {}

deadline_wheel::~deadline_wheel() = default;

void deadline_wheel::arm(entry& e, steady_time due) noexcept {
  e.disarm();
  if (due == steady_time::max()) return;
  if (!ticking_) start_ticking();
  e.due_ = due;
  const auto at = std::max(tick_after(due), position_ + 1);
  slots_[static_cast<std::size_t>(at) % slot_count].push_back(e);
}

void deadline_wheel::start_ticking() noexcept {
  position_ = tick_before(std::chrono::steady_clock::now());
  ticking_ = true;
  schedule();
}

void deadline_wheel::schedule() {
  timer_->set(steady_time{tick * (position_ + 1)});
}

void deadline_wheel::advance() {
  const auto now = std::chrono::steady_clock::now();
  const auto target = tick_before(now);
  const auto before = position_;
  // After a long pause of the loop one round sees every slot.
  position_ = std::max(position_, target - static_cast<std::int64_t>(slot_count));
  while (position_ < target) {
    ++position_;
    fire_due(slots_[static_cast<std::size_t>(position_) % slot_count], now);
  }
  // To look at every slot costs more than all else in a tick: once in 64 of them is soon enough to stop.
  ticking_ = before / 64 == position_ / 64 || !idle();
  if (ticking_) schedule();
}

void deadline_wheel::fire_due(slot& entries, steady_time now) noexcept {
  // What fires may arm, disarm and destroy any entry, those of this slot included; so they are taken one by one from a
  // list of their own, where auto-unlinking still reaches them.
  slot candidates;
  candidates.swap(entries);
  while (!candidates.empty()) {
    auto& e = candidates.front();
    candidates.pop_front();
    if (e.due_ > now) {
      entries.push_back(e);
    } else {
      e.on_deadline();
    }
  }
}

bool deadline_wheel::idle() const noexcept {
  return std::all_of(slots_.begin(), slots_.end(), [](const slot& entries) { return entries.empty(); });
}

}  // namespace spidergate::runtime
