#pragma once
#include <spidergate/runtime/detail/frame_cache.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>

namespace spidergate::runtime::detail {

/// What all coroutines have in common: where their frame comes from, and who awaits them.
class promise_base {
 public:
  static void* operator new(std::size_t size) { return frame_cache::take(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { frame_cache::give(frame, size); }

  /// Gives the caller back the turn, if it has let go of it meanwhile.
  struct return_to_caller {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      const promise_base& it = ended.promise();
      return it.caller_waits_ ? it.next_ : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  return_to_caller final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

  /// Destroys the whole chain of callers, from the outermost one on, which owns the rest.
  void destroy_chain() noexcept {
    auto* outermost = this;
    while (outermost->caller_ != nullptr) outermost = outermost->caller_;
    outermost->next_.destroy();
  }

 protected:
  void rethrow_failure() {
    if (failure_) std::rethrow_exception(std::move(failure_));
  }
  /// Nobody awaits this one: it ends its own frame.
  void begin_chain(std::coroutine_handle<> own) noexcept { next_ = own; }

 private:
  template <class Promise>
  friend class call;

  promise_base* caller_ = nullptr;
  std::coroutine_handle<> next_;  ///< the caller; the outermost coroutine's own
  std::exception_ptr failure_;
  bool caller_waits_ = false;
};

/// One coroutine awaiting another. The callee runs on the caller's stack until it ends or waits for the first time, so
/// that a chain of calls that need not wait costs no more than calls, and no stack whatever their number.
template <class Promise>
class call {
 public:
  explicit call(std::coroutine_handle<Promise> callee) noexcept : callee_(callee) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Caller>
  bool await_suspend(std::coroutine_handle<Caller> caller) {
    auto& promise = callee_.promise();
    promise.caller_ = &caller.promise();
    promise.next_ = caller;
    callee_.resume();
    if (callee_.done()) return false;
    promise.caller_waits_ = true;
    return true;
  }
  decltype(auto) await_resume() { return callee_.promise().take(); }

 private:
  std::coroutine_handle<Promise> callee_;
};

/// The outermost coroutine of a chain. Begins at once; nobody waits for its end, and no exception may leave it.
struct detached {
  class promise_type final : public promise_base {
   public:
    detached get_return_object() noexcept {
      begin_chain(std::coroutine_handle<promise_type>::from_promise(*this));
      return {};
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

/// A chain of coroutines that waits, owned by whoever will let it go on: dropping it destroys the chain.
class suspended {
 public:
  suspended() noexcept = default;
  template <class Promise>
  explicit suspended(std::coroutine_handle<Promise> innermost) noexcept
      : innermost_(innermost), promise_(&innermost.promise()) {}
  suspended(suspended&& other) noexcept
      : innermost_(other.innermost_), promise_(std::exchange(other.promise_, nullptr)) {}
  suspended& operator=(suspended&& other) noexcept {
    std::swap(innermost_, other.innermost_);
    std::swap(promise_, other.promise_);
    return *this;
  }
  ~suspended() {
    if (promise_ != nullptr) promise_->destroy_chain();
  }

  explicit operator bool() const noexcept { return promise_ != nullptr; }

  /// Runs it until it ends or waits again.
  void resume() {
    promise_ = nullptr;
    innermost_.resume();
  }

 private:
  std::coroutine_handle<> innermost_;
  promise_base* promise_ = nullptr;
};

}  // namespace spidergate::runtime::detail
