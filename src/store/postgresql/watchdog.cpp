#include "watchdog.hpp"

#include <pthread.h>
#include <sys/socket.h>

namespace spidergate::store::postgresql {

std::shared_ptr<watchdog> watchdog::shared() {
  static std::mutex mutex;
  static std::weak_ptr<watchdog> known;
  const std::lock_guard lock(mutex);
  auto one = known.lock();
  if (!one) known = one = std::make_shared<watchdog>();
  return one;
}

watchdog::watchdog() : thread_([this] { run(); }) {}

watchdog::~watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

// Statements mostly have the same patience, so a new deadline is rarely the earliest: the thread sleeps on, past
// statements that have ended, and is woken about once in that time instead of once a statement.
watchdog::ticket watchdog::watch(int socket, steady_time deadline) {
  ticket made;
  bool earlier = false;
  {
    const std::lock_guard lock(mutex_);
    made = {deadline, ++last_};
    sockets_.emplace(made, socket);
    earlier = deadline < next_look_;
    if (earlier) next_look_ = deadline;
  }
  if (earlier) wake_.notify_all();
  return made;
}

bool watchdog::release(const ticket& of) {
  const std::lock_guard lock(mutex_);
  return sockets_.erase(of) == 0;
}

void watchdog::run() {
  pthread_setname_np(pthread_self(), "db-deadlines");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = std::chrono::steady_clock::now();
    while (!sockets_.empty() && sockets_.begin()->first.first <= now) {
      // Under the lock, so that the descriptor cannot have become another one's.
      ::shutdown(sockets_.begin()->second, SHUT_RDWR);
      sockets_.erase(sockets_.begin());
    }
    next_look_ = sockets_.empty() ? steady_time::max() : sockets_.begin()->first.first;
    if (next_look_ == steady_time::max()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, next_look_);
    }
  }
}

}  // namespace spidergate::store::postgresql
