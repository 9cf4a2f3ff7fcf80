#include "event_loop.hpp"

#include <spidergate/runtime/worker.hpp>

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
    : index_(index), time_(time), loop_(std::make_unique<event_loop>()), deadlines_(*loop_) {}

worker::~worker() {
  stop();
  // What is dropped may own or end other waits: one at a time.
  while (!parked_.empty()) {
    const auto dropped = parked_.front().give_up();
  }
  loop_->drop();
}

void worker::start() {
  const std::lock_guard lock(thread_mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void worker::run() {
  pthread_setname_np(pthread_self(), ("worker-" + std::to_string(index_)).c_str());
  worker_of_this_thread = this;
  const detail::frame_cache::scope frames;
  while (!loop_->stopped()) {
    try {
      loop_->run();
    } catch (...) {
      bug_reporter()(std::current_exception());
    }
  }
}

void worker::post(std::function<void()> job) {
  loop_->post(std::move(job));
}

void worker::spawn(std::function<awaitable<void>()> coroutine) {
  post([begin = std::move(coroutine)]() mutable {
    run_detached(run_keeping(std::move(begin)), [](std::exception_ptr bug) {
      if (bug) bug_reporter()(std::move(bug));
    });
  });
}

std::size_t worker::turn(std::chrono::milliseconds patience) {
  return loop_->turn(patience);
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
    post([this] { loop_->stop(); });
  });
  thread_.join();
}

void worker::release_parked() noexcept {
  while (!parked_.empty()) parked_.front().release(asio::error::operation_aborted);
}

}  // namespace spidergate::runtime
