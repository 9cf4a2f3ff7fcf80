#pragma once
#include <spidergate/runtime/awaitable.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace spidergate::testing {

/// Runs one coroutine that waits for nothing, on the calling thread, and gives its value.
template <class T>
T await_now(awaitable<T> work) {
  std::optional<T> value;
  std::exception_ptr failure;
  const auto keep = [](awaitable<T> produced, std::optional<T>& kept) -> awaitable<void> {
    kept.emplace(co_await std::move(produced));
  };
  runtime::run_detached(keep(std::move(work), value), [&](std::exception_ptr thrown) { failure = std::move(thrown); });
  if (failure) std::rethrow_exception(failure);
  if (!value) throw std::logic_error("the coroutine did not finish");
  return *std::move(value);
}

}  // namespace spidergate::testing
