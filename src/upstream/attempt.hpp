#pragma once
#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/upstream/client.hpp>

namespace spidergate::upstream {

/// A start() that is under way: what it waits for at the moment, so that its canceller can interrupt that.
struct attempt {
  explicit attempt(client::canceller& by) noexcept : stop(by) { stop.pending_ = this; }
  ~attempt() { stop.pending_ = nullptr; }
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;

  [[nodiscard]] bool cancelled() const noexcept { return stop.cancelled_; }
  void interrupt() noexcept;

  /// The failure of a step, but for a cancellation, which goes first.
  [[nodiscard]] error_code blame(errc otherwise) const noexcept { return cancelled() ? errc::cancelled : otherwise; }
  /// The same, telling a deadline from other failures.
  [[nodiscard]] error_code blame(error_code failure, errc at_deadline, errc otherwise) const noexcept {
    return blame(failure == asio::error::timed_out ? at_deadline : otherwise);
  }

  client::canceller& stop;
  runtime::wait_point* waiting_at = nullptr;
  runtime::byte_stream* stream = nullptr;
};

/// While it lives, a cancellation interrupts the wait at `place`.
class interruptible {
 public:
  interruptible(attempt& a, runtime::wait_point& place) noexcept : attempt_(a) { attempt_.waiting_at = &place; }
  ~interruptible() { attempt_.waiting_at = nullptr; }
  interruptible(const interruptible&) = delete;
  interruptible& operator=(const interruptible&) = delete;

 private:
  attempt& attempt_;
};

}  // namespace spidergate::upstream
