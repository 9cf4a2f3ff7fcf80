#pragma once
#include "attempt.hpp"
#include "connection.hpp"

#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/runtime/worker.hpp>

#include <boost/intrusive/list.hpp>

#include <memory>
#include <string>
#include <vector>

namespace spidergate::upstream {

class origin_pool;

/// The right to one of an origin's connections, and the connection once there is one. Given back on destruction: the
/// connection is closed then, unless keep() has put it to rest.
class lease {
 public:
  lease(std::shared_ptr<origin_pool> from, std::unique_ptr<connection> held)
      : pool_(std::move(from)), connection_(std::move(held)) {}
  lease(lease&&) noexcept = default;
  lease& operator=(lease&&) = delete;
  ~lease();

  [[nodiscard]] connection* held() noexcept { return connection_.get(); }
  void replace(std::unique_ptr<connection> fresh) { connection_ = std::move(fresh); }
  /// The connection goes back to the pool, for the next call.
  void keep();

 private:
  std::shared_ptr<origin_pool> pool_;
  std::unique_ptr<connection> connection_;
};

/// The connections of one worker to one origin: idle ones, the freshest on top, and who waits for one.
class origin_pool : public std::enable_shared_from_this<origin_pool> {
 public:
  origin_pool(runtime::worker& home, const client_options& options) : home_(home), options_(options) {}

  /// An idle connection, or the right to open one; waits in line where there are too many. Fails with
  /// errc::too_many_connections or cancelled.
  awaitable<result<lease>> acquire(attempt& on_behalf, steady_time deadline);

  [[nodiscard]] std::size_t idle() const noexcept { return idle_.size(); }
  [[nodiscard]] std::size_t open() const noexcept { return open_; }
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  [[nodiscard]] bool unused() const noexcept { return open_ == 0 && waiters_.empty(); }

  /// Closes what is idle, and from now on everything that comes back.
  void drain();

 private:
  friend class lease;

  struct waiter : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    explicit waiter(runtime::worker& home) : place(home) {}
    runtime::wait_point place;
    bool granted = false;
    std::unique_ptr<connection> handed_over;
  };

  /// Gives what has become free to the first in line; false when nobody waits.
  bool grant(std::unique_ptr<connection>& freed);
  void take_back(std::unique_ptr<connection> used);
  void close_slot();
  void discard(const connection* ended);

  runtime::worker& home_;
  const client_options& options_;
  std::vector<std::unique_ptr<connection>> idle_;
  std::size_t open_ = 0;  ///< busy, idle and being made
  bool draining_ = false;
  boost::intrusive::list<waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

}  // namespace spidergate::upstream
