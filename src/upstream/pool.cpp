#include "pool.hpp"

#include <algorithm>
#include <utility>

namespace spidergate::upstream {

lease::~lease() {
  if (!pool_) return;
  connection_.reset();
  pool_->close_slot();
}

void lease::keep() {
  const auto pool = std::exchange(pool_, nullptr);
  pool->take_back(std::move(connection_));
}

awaitable<result<lease>> origin_pool::acquire(attempt& on_behalf, steady_time deadline) {
  while (!idle_.empty()) {
    auto candidate = std::move(idle_.back());
    idle_.pop_back();
    if (candidate->wake()) co_return lease(shared_from_this(), std::move(candidate));
    --open_;
  }
  if (open_ < options_.max_connections_per_origin) {
    ++open_;
    co_return lease(shared_from_this(), nullptr);
  }

  waiter in_line(home_);
  waiters_.push_back(in_line);
  const interruptible while_waiting(on_behalf, in_line.place);
  co_await in_line.place.wait(deadline);
  // A grant may have come in the same moment as the deadline; then it is ours to use or to give back.
  if (in_line.granted) co_return lease(shared_from_this(), std::move(in_line.handed_over));
  co_return on_behalf.blame(errc::too_many_connections);
}

bool origin_pool::grant(std::unique_ptr<connection>& freed) {
  if (waiters_.empty()) return false;
  auto& first = waiters_.front();
  waiters_.pop_front();
  first.granted = true;
  first.handed_over = std::move(freed);
  first.place.release();
  return true;
}

void origin_pool::take_back(std::unique_ptr<connection> used) {
  if (draining_) {
    used.reset();
    close_slot();
    return;
  }
  if (grant(used)) return;
  if (idle_.size() >= options_.max_idle_per_origin) {
    // The one that has rested longest is the likeliest to be stale.
    idle_.erase(idle_.begin());
    --open_;
  }
  if (options_.max_idle_per_origin == 0) {
    --open_;
    return;
  }
  auto* resting = used.get();
  idle_.push_back(std::move(used));
  resting->rest(home_.deadlines(), home_.time().steady_now() + options_.idle_timeout,
                [this, resting] { discard(resting); });
}

void origin_pool::close_slot() {
  std::unique_ptr<connection> none;
  if (!grant(none)) --open_;
}

void origin_pool::discard(const connection* ended) {
  const auto found = std::find_if(idle_.begin(), idle_.end(), [ended](const auto& c) { return c.get() == ended; });
  if (found == idle_.end()) return;
  const auto gone = std::move(*found);
  idle_.erase(found);
  --open_;
}

void origin_pool::drain() {
  draining_ = true;
  open_ -= idle_.size();
  idle_.clear();
}

}  // namespace spidergate::upstream
