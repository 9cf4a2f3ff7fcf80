#pragma once
#include <spidergate/runtime/worker.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <utility>
#include <vector>

namespace spidergate::testing {

/// Running workers, for what must be called on one. Any thread may hand them work and wait for it.
class worker_crew {
 public:
  explicit worker_crew(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      workers_.push_back(std::make_unique<runtime::worker>(i, runtime::system_clock()));
    }
  }
  ~worker_crew() { stop(); }
  worker_crew(const worker_crew&) = delete;
  worker_crew& operator=(const worker_crew&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return workers_.size(); }
  runtime::worker& operator[](std::size_t index) { return *workers_[index]; }
  void start() {
    for (auto& one : workers_) one->start();
  }
  void stop() {
    for (auto& one : workers_) one->stop();
  }

  /// What the coroutine that `make` begins on that worker gives.
  template <class T>
  T await(std::size_t index, const std::function<awaitable<T>()>& make) {
    std::promise<T> given;
    auto later = given.get_future();
    workers_[index]->spawn([&given, &make] { return keep(given, make); });
    return later.get();
  }

  /// Runs `job` on that worker and waits for its end.
  void run(std::size_t index, const std::function<void()>& job) {
    std::promise<void> done;
    workers_[index]->post([&] {
      job();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  template <class T>
  static awaitable<void> keep(std::promise<T>& given, const std::function<awaitable<T>()>& make) {
    try {
      given.set_value(co_await make());
    } catch (...) {
      given.set_exception(std::current_exception());
    }
  }

  std::vector<std::unique_ptr<runtime::worker>> workers_;
};

}  // namespace spidergate::testing
