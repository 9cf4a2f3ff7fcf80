#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/runtime/detail/coroutine.hpp>

#include <boost/asio/error.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace spidergate {

namespace asio = boost::asio;

/// A coroutine of a worker's thread: begins when it is awaited, may wait (see runtime::wait_point), and gives its
/// caller a T or an exception. Awaiting is a call, and returning from it a jump: neither goes through the event loop.
/// To be awaited once; destroying it before that destroys what it was given.
template <class T = void>
class [[nodiscard]] awaitable {
 public:
  class promise_type;

  awaitable(awaitable&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  awaitable& operator=(awaitable&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~awaitable() {
    if (frame_) frame_.destroy();
  }

  auto operator co_await() && noexcept { return runtime::detail::call<promise_type>(frame_); }

 private:
  using handle = std::coroutine_handle<promise_type>;
  explicit awaitable(handle frame) noexcept : frame_(frame) {}

  handle frame_;
};

template <class T>
class awaitable<T>::promise_type final : public runtime::detail::promise_base {
 public:
  awaitable get_return_object() noexcept { return awaitable(handle::from_promise(*this)); }
  template <class U = T>
    requires std::constructible_from<T, U&&>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() {
    rethrow_failure();
    return *std::move(value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class awaitable<void>::promise_type final : public runtime::detail::promise_base {
 public:
  awaitable get_return_object() noexcept { return awaitable(handle::from_promise(*this)); }
  void return_void() const noexcept {}
  void take() { rethrow_failure(); }
};

namespace runtime {

/// Runs `work` without anybody awaiting it, and begins at once, on the calling thread, which must be its worker's.
/// `done` is called with the exception that left it, or null.
template <std::invocable<std::exception_ptr> Done>
void run_detached(awaitable<void> work, Done done) {
  [](awaitable<void> all, Done then) -> detail::detached {
    std::exception_ptr failure;
    try {
      co_await std::move(all);
    } catch (...) {
      failure = std::current_exception();
    }
    then(std::move(failure));
  }(std::move(work), std::move(done));
}

}  // namespace runtime

}  // namespace spidergate
