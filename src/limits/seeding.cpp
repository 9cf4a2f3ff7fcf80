#include "seeding.hpp"

#include <spidergate/runtime/wait_point.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace spidergate::limits {

/// One question to the ledger, and those who wait for its answer, on whatever worker.
class seeding::flight : public std::enable_shared_from_this<flight> {
 public:
  /// False when the answer is there already.
  [[nodiscard]] bool enter(follower& who) {
    const std::lock_guard lock(mutex_);
    if (!ended_) waiting_.push_back(&who);
    return !ended_;
  }

  void leave(follower& who) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(waiting_, &who);
  }

  void end(bool known);

  [[nodiscard]] bool known() const {
    const std::lock_guard lock(mutex_);
    return known_;
  }

  [[nodiscard]] bool holds(const follower* who) const {
    const std::lock_guard lock(mutex_);
    return std::find(waiting_.begin(), waiting_.end(), who) != waiting_.end();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<follower*> waiting_;
  bool ended_ = false;
  bool known_ = true;
};

/// One who waits. Lives on its worker's thread; the flight may name it only while it is entered.
class seeding::follower {
 public:
  follower(runtime::worker& home, std::shared_ptr<flight> of) : point(home), home_(home), flight_(std::move(of)) {
    entered = flight_->enter(*this);
  }
  ~follower() { flight_->leave(*this); }
  follower(const follower&) = delete;
  follower& operator=(const follower&) = delete;

  /// REQUIRES: entered; the flight's lock is held, which keeps this and its worker alive.
  void wake_later() {
    home_.post([of = flight_, who = this] {
      if (of->holds(who)) who->point.release();
    });
  }

  runtime::wait_point point;
  bool entered = false;

 private:
  runtime::worker& home_;
  std::shared_ptr<flight> flight_;
};

void seeding::flight::end(bool known) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return;
  known_ = known;
  for (auto* one : waiting_) one->wake_later();
}

/// The one who asks. When it goes without an answer (its worker stops) the others ask for themselves.
class seeding::leader {
 public:
  leader(seeding& owner, const std::string& name, std::shared_ptr<flight> of)
      : owner_(owner), name_(name), flight_(std::move(of)) {}
  ~leader() { finish(true); }
  leader(const leader&) = delete;
  leader& operator=(const leader&) = delete;

  void finish(bool known) {
    if (std::exchange(finished_, true)) return;
    owner_.leave(name_);
    flight_->end(known);
  }

 private:
  seeding& owner_;
  const std::string& name_;
  std::shared_ptr<flight> flight_;
  bool finished_ = false;
};

std::pair<std::shared_ptr<seeding::flight>, bool> seeding::join(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& known = flights_[name];
  const bool first = known == nullptr;
  if (first) known = std::make_shared<flight>();
  return {known, first};
}

void seeding::leave(const std::string& name) {
  const std::lock_guard lock(mutex_);
  flights_.erase(name);
}

awaitable<bool> seeding::make_known(runtime::worker& home, wanted what) {
  const auto name = std::string(what.budget.key) + '@' + std::to_string(what.budget.window_start);
  auto [joined, leads] = join(name);
  if (!leads) {
    follower waiting(home, joined);
    if (waiting.entered && !co_await waiting.point.wait(what.deadline)) co_return false;
    co_return joined->known();
  }
  leader asking(*this, name, std::move(joined));
  if (what.not_before > time_.steady_now()) {
    (void)co_await home.sleep_until(std::min(what.not_before, what.deadline));
  }
  const auto spent = co_await ledger_.spent(home, what.whose, what.owner, what.budget.window_start, what.deadline);
  bool known = spent.has_value();
  if (known) {
    const auto told = co_await counters_.seed(what.budget, spent->nano_usd, time_.epoch_now());
    known = told.has_value();
  }
  asking.finish(known);
  co_return known;
}

}  // namespace spidergate::limits
