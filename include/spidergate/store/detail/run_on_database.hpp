#pragma once
#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/runtime/worker.hpp>
#include <spidergate/store/errc.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace spidergate::store::detail {

/// A database job on its way to a database thread and back to the awaiting coroutine. Shared by both, for either may be
/// gone first: a result that comes after the coroutine has left is dropped with the last share, on the home thread.
template <class Job>
class database_call : public std::enable_shared_from_this<database_call<Job>> {
 public:
  using answer = std::invoke_result_t<Job, sql::connection&>;

  database_call(runtime::worker& home, Job job) : home_(home), job_(std::move(job)), finished_(home) {}

  /// What the database thread runs. Dropping it unrun ends the call too.
  [[nodiscard]] database::job to_post() {
    return [once = std::make_shared<ticket>(this->shared_from_this())](sql::connection& on) { once->call->run(on); };
  }

  /// Home thread.
  awaitable<answer> finish(steady_time deadline) {
    const auto self = this->shared_from_this();
    const auto waited = co_await finished_.wait(deadline);
    // Named, because an error_code converts to the bool of a result<bool>.
    if (!waited) co_return answer(boost::system::in_place_error, waited.error());
    if (failure_) std::rethrow_exception(failure_);
    if (!answer_) co_return answer(boost::system::in_place_error, asio::error::operation_aborted);
    co_return std::move(*answer_);
  }

 private:
  /// Tells the home thread when the database thread lets go of the job.
  struct ticket {
    explicit ticket(std::shared_ptr<database_call> of) : call(std::move(of)) {}
    ticket(const ticket&) = delete;
    ticket& operator=(const ticket&) = delete;
    ~ticket() {
      auto& home = call->home_;
      home.post([call = std::move(call)] { call->finished_.release(); });
    }
    std::shared_ptr<database_call> call;
  };

  void run(sql::connection& on) noexcept {
    try {
      answer_.emplace((*job_)(on));
    } catch (...) {
      failure_ = std::current_exception();
    }
    job_.reset();
  }

  runtime::worker& home_;
  std::optional<Job> job_;
  std::optional<answer> answer_;
  std::exception_ptr failure_;
  runtime::wait_point finished_;
};

}  // namespace spidergate::store::detail

namespace spidergate::store {

template <class Job>
awaitable<std::invoke_result_t<Job, sql::connection&>> database::read(runtime::worker& home, Job job,
                                                                      steady_time deadline) {
  const auto call = std::make_shared<detail::database_call<Job>>(home, std::move(job));
  if (!post_read(call->to_post()))
    co_return std::invoke_result_t<Job, sql::connection&>(boost::system::in_place_error,
                                                          make_error_code(errc::queue_full));
  co_return co_await call->finish(deadline);
}

template <class Job>
awaitable<std::invoke_result_t<Job, sql::connection&>> database::write(runtime::worker& home, Job job,
                                                                       steady_time deadline) {
  const auto call = std::make_shared<detail::database_call<Job>>(home, std::move(job));
  if (!post_write(call->to_post()))
    co_return std::invoke_result_t<Job, sql::connection&>(boost::system::in_place_error,
                                                          make_error_code(errc::queue_full));
  co_return co_await call->finish(deadline);
}

}  // namespace spidergate::store
