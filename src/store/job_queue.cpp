#include "job_queue.hpp"

#include <utility>

namespace spidergate::store {

bool job_queue::push(database::job work) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || waiting_.size() >= max_) return false;
    waiting_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

std::optional<database::job> job_queue::pop() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
  if (waiting_.empty()) return std::nullopt;
  std::optional<database::job> next(std::move(waiting_.front()));
  waiting_.pop_front();
  return next;
}

void job_queue::close(bool drop) {
  std::deque<database::job> dropped;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    if (drop) dropped.swap(waiting_);
  }
  wake_.notify_all();
}

}  // namespace spidergate::store
