#pragma once
#include <spidergate/runtime/worker.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

namespace spidergate::testing {

/// Drives a worker that was not started, on the test's own thread, until `done` holds. Throws after ten seconds: stuck.
inline void run_until(runtime::worker& worker, const std::function<bool()>& done) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!done()) {
    worker.turn(std::chrono::seconds(10));
    if (std::chrono::steady_clock::now() >= give_up) throw std::runtime_error("the coroutine is stuck");
  }
}

/// Lets such a worker do whatever can go on without anything new from outside.
inline void settle(runtime::worker& worker) {
  while (worker.turn(std::chrono::milliseconds(0)) > 0) {
  }
}

/// Runs one coroutine to its end on a worker that was not started.
inline void run_coroutine(runtime::worker& worker, awaitable<void> coroutine) {
  bool finished = false;
  std::exception_ptr failure;
  runtime::run_detached(std::move(coroutine), [&](std::exception_ptr thrown) {
    failure = std::move(thrown);
    finished = true;
  });
  run_until(worker, [&] { return finished; });
  if (failure) std::rethrow_exception(failure);
}

/// The same, and gives its value.
template <class T>
T run_coroutine(runtime::worker& worker, awaitable<T> coroutine) {
  std::optional<T> value;
  const auto keep = [](awaitable<T> produced, std::optional<T>& kept) -> awaitable<void> {
    kept.emplace(co_await std::move(produced));
  };
  run_coroutine(worker, keep(std::move(coroutine), value));
  return std::move(*value);
}

/// A deadline this far from now.
inline steady_time in(std::chrono::milliseconds delay) {
  return std::chrono::steady_clock::now() + delay;
}

}  // namespace spidergate::testing
