#include "poller.hpp"

#include <spidergate/runtime/worker.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <cstdio>
#include <pthread.h>
#include <string>
#include <utility>
#include <vector>

namespace spidergate::runtime {
namespace {

void print_bug(std::exception_ptr bug) {
  try {
    std::rethrow_exception(std::move(bug));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bug: an exception left a coroutine: %s\n", e.what());
  } catch (...) {
    std::fprintf(stderr, "bug: an unknown exception left a coroutine\n");
  }
}

std::function<void(std::exception_ptr)>& bug_reporter() {
  static std::function<void(std::exception_ptr)> report = print_bug;
  return report;
}

/// A lambda's captures are not in its coroutine's frame: they must live as long.
awaitable<void> run_keeping(std::function<awaitable<void>()> coroutine) {
  co_await coroutine();
}

}  // namespace

void worker::set_bug_reporter(std::function<void(std::exception_ptr)> report) {
  bug_reporter() = std::move(report);
}

namespace {
thread_local worker* worker_of_this_thread = nullptr;
}  // namespace

worker* worker::current() noexcept {
  return worker_of_this_thread;
}

worker::worker(std::size_t index, const clock& time)
    : index_(index), time_(time), io_(1), deadlines_(io_), sockets_(std::make_unique<poller>(io_)) {}

worker::~worker() {
  stop();
  // Destroying a handler destroys the coroutine behind it, which may own or end other waits: one at a time.
  while (!parked_.empty()) {
    const auto dropped = parked_.front().give_up();
  }
  io_.destroy_handlers();
}

void worker::start() {
  const std::lock_guard lock(thread_mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void worker::run() {
  pthread_setname_np(pthread_self(), ("worker-" + std::to_string(index_)).c_str());
  worker_of_this_thread = this;
  const detail::frame_cache::scope frames;
  const auto work = asio::make_work_guard(io_);
  while (!io_.stopped()) {
    try {
      io_.run();
    } catch (...) {
      bug_reporter()(std::current_exception());
    }
  }
}

void worker::post(std::function<void()> job) {
  asio::post(io_, std::move(job));
}

void worker::spawn(std::function<awaitable<void>()> coroutine) {
  post([begin = std::move(coroutine)]() mutable {
    run_detached(run_keeping(std::move(begin)), [](std::exception_ptr bug) {
      if (bug) bug_reporter()(std::move(bug));
    });
  });
}

awaitable<bool> worker::sleep_until(steady_time due) {
  wait_point alarm(*this);
  const auto woken = co_await alarm.wait(due);
  co_return woken.error() == asio::error::timed_out;
}

void worker::stop() {
  const std::lock_guard lock(thread_mutex_);
  if (!thread_.joinable()) return;
  post([this] {
    stopping_ = true;
    release_parked();
    // Behind what has just been released, so that it still sees the end.
    post([this] { io_.stop(); });
  });
  thread_.join();
}

void worker::release_parked() noexcept {
  while (!parked_.empty()) parked_.front().release(asio::error::operation_aborted);
}

}  // namespace spidergate::runtime
