#pragma once
#include <spidergate/runtime/awaitable.hpp>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace spidergate::testing {

/// Runs one coroutine on an io_context of its own, on the calling thread, and gives its value.
template <class T>
T await_now(awaitable<T> work) {
  asio::io_context io;
  std::optional<T> value;
  std::exception_ptr failure;
  asio::co_spawn(io.get_executor(), std::move(work), [&](std::exception_ptr thrown, T produced) {
    failure = thrown;
    if (!thrown) value.emplace(std::move(produced));
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
  if (!value) throw std::logic_error("the coroutine did not finish");
  return *std::move(value);
}

}  // namespace spidergate::testing
