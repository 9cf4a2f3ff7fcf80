#pragma once
#include <spidergate/store/database.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

namespace spidergate::store {

/// A bounded queue of database jobs, between any thread and the database's own.
class job_queue {
 public:
  explicit job_queue(std::size_t max) : max_(max) {}

  /// False when it is full or closed.
  [[nodiscard]] bool push(database::job work);
  /// Waits; nothing once it is closed and empty.
  [[nodiscard]] std::optional<database::job> pop();
  /// Ends pushing. `drop` throws away what waits, outside of the lock.
  void close(bool drop);

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<database::job> waiting_;
  const std::size_t max_;
  bool closed_ = false;
};

}  // namespace spidergate::store
