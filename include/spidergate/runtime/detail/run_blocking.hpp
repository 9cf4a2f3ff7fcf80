#pragma once
#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/runtime/worker.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace spidergate::runtime::detail {

/// One job on its way to the pool and back. Shared by the awaiting coroutine and the job, for either may be gone first.
template <class Job>
class blocking_call : public std::enable_shared_from_this<blocking_call<Job>> {
 public:
  using answer = std::invoke_result_t<Job>;

  blocking_call(worker& home, Job job) : home_(home), job_(std::move(job)), finished_(home) {}

  /// Pool thread.
  void run() noexcept {
    try {
      answer_.emplace((*job_)());
    } catch (...) {
      failure_ = std::current_exception();
    }
    job_.reset();
  }

  /// Pool thread, after run() or instead of it.
  void announce() {
    home_.post([self = this->shared_from_this()] { self->finished_.release(); });
  }

  /// Where the home thread waits for the announcement, and where somebody may interrupt it.
  [[nodiscard]] wait_point& finished() noexcept { return finished_; }

  /// Home thread, after the announcement.
  answer take() {
    if (failure_) std::rethrow_exception(failure_);
    if (!answer_) return error_code(asio::error::operation_aborted);
    return std::move(*answer_);
  }

 private:
  worker& home_;
  std::optional<Job> job_;
  std::optional<answer> answer_;
  std::exception_ptr failure_;
  wait_point finished_;
};

/// Announces the end of a call when the pool lets go of its job, whether it ran or was dropped.
template <class Job>
class blocking_ticket {
 public:
  explicit blocking_ticket(std::shared_ptr<blocking_call<Job>> call) : call_(std::move(call)) {}
  ~blocking_ticket() { call_->announce(); }
  blocking_ticket(const blocking_ticket&) = delete;
  blocking_ticket& operator=(const blocking_ticket&) = delete;
  void run() noexcept { call_->run(); }

 private:
  std::shared_ptr<blocking_call<Job>> call_;
};

}  // namespace spidergate::runtime::detail

namespace spidergate::runtime {

/// Hands `job` to the pool; null when the queue is full.
template <class Job>
std::shared_ptr<detail::blocking_call<Job>> start_blocking(worker& home, blocking_pool& pool, Job job) {
  auto call = std::make_shared<detail::blocking_call<Job>>(home, std::move(job));
  // std::function wants a copyable job, hence the shared ticket.
  const auto ticket = std::make_shared<detail::blocking_ticket<Job>>(call);
  if (!pool.try_post([ticket] { ticket->run(); })) return nullptr;
  return call;
}

template <class Job>
awaitable<std::invoke_result_t<Job>> run_blocking(worker& home, blocking_pool& pool, Job job, steady_time deadline) {
  const auto call = start_blocking(home, pool, std::move(job));
  if (!call) co_return error_code(asio::error::no_buffer_space);
  const auto finished = co_await call->finished().wait(deadline);
  if (!finished) co_return finished.error();
  co_return call->take();
}

}  // namespace spidergate::runtime
