#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/awaitable.hpp>

#include <boost/asio/async_result.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

namespace spidergate::runtime {

class worker;

/// A fixed number of threads for calls that block: SQL, getaddrinfo. The queue is bounded; when it is full a job is
/// refused at once. The awaiting side may give up at its deadline; the job then finishes alone and its result is
/// dropped.
class blocking_pool {
 public:
  blocking_pool(std::size_t threads, std::size_t max_queued);
  /// Waits for the running jobs; queued ones are dropped, and whoever awaits one gets operation_aborted. So the pool
  /// goes after the workers have stopped and before they are destroyed.
  ~blocking_pool();

  /// False when the queue is full or the pool is stopping. Thread-safe.
  [[nodiscard]] bool try_post(std::function<void()> job);

  [[nodiscard]] std::size_t queued() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Runs `job` on `pool` and resumes on `home`'s thread with its value. `asio::error::timed_out` at the deadline,
/// `asio::error::no_buffer_space` when the queue is full, `asio::error::operation_aborted` when the pool or the worker
/// stops. `Job` returns result<R>; an exception that leaves it is rethrown to the awaiting coroutine.
template <class Job>
awaitable<std::invoke_result_t<Job>> run_blocking(worker& home, blocking_pool& pool, Job job, steady_time deadline);

}  // namespace spidergate::runtime

#include <spidergate/runtime/detail/run_blocking.hpp>
