#pragma once
#include <spidergate/runtime/awaitable.hpp>

namespace spidergate::runtime {

class worker;

/// To be awaited on `home`'s thread: lets everything go first that is ready to run there now, and then the writes of
/// this turn, so that writers that were woken get their bytes to the kernel. Costs a trip through the worker's queue.
class next_turn {
 public:
  explicit next_turn(worker& home) noexcept : home_(home) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) {
    queue(detail::suspended(waiting));
  }
  void await_resume() const noexcept {}

 private:
  void queue(detail::suspended behind_the_others);

  worker& home_;
};

}  // namespace spidergate::runtime
