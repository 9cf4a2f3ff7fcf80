#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/deadline_wheel.hpp>

#include <boost/intrusive/list.hpp>

#include <coroutine>

namespace spidergate::runtime {

class worker;

namespace detail {
struct parked_tag;
using parked_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<parked_tag>,
                                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
}  // namespace detail

/// Where one coroutine waits until somebody on the same worker lets it go on: for a readiness, a free connection, the
/// answer of another thread. Owned by whoever is waited for, or by the waiting coroutine itself. Worker thread only.
class wait_point final : private deadline_wheel::entry, public detail::parked_hook {
 public:
  explicit wait_point(worker& home) noexcept : home_(home) {}
  /// A coroutine that still waits here goes on with operation_aborted.
  ~wait_point() override { release(asio::error::operation_aborted); }
  wait_point(const wait_point&) = delete;
  wait_point& operator=(const wait_point&) = delete;

  /// Awaiting it parks the coroutine here.
  class parking;

  /// To be awaited at once; gives a result<void> at the next release(). `timed_out` at the deadline,
  /// `operation_aborted` when the worker stops. One coroutine at a time: a second one gets `already_started`.
  [[nodiscard]] parking wait(steady_time deadline) noexcept;

  [[nodiscard]] bool waiting() const noexcept { return parked_ != nullptr; }

  /// Lets the waiting coroutine go on, in a later turn of the loop; nothing happens when nobody waits.
  void release(error_code outcome = {}) noexcept;
  /// The same, but the coroutine runs before this returns: for the top of an event handler, where nothing is on the
  /// stack that it could destroy.
  void resume_now(error_code outcome = {});

 private:
  friend class worker;

  void on_deadline() noexcept override { release(asio::error::timed_out); }
  void park(parking& by);
  [[nodiscard]] parking& take() noexcept;              ///< only while somebody waits
  [[nodiscard]] detail::suspended give_up() noexcept;  ///< the same; what is waiting shall not go on

  worker& home_;
  parking* parked_ = nullptr;
};

/// One wait, part of the frame of the coroutine that waits.
class wait_point::parking {
 public:
  parking(wait_point& at, steady_time deadline) noexcept : at_(at), deadline_(deadline) {}
  parking(const parking&) = delete;
  parking& operator=(const parking&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) {
    waiting_ = detail::suspended(waiting);
    at_.park(*this);
  }
  result<void> await_resume() const noexcept { return outcome_ ? result<void>(outcome_) : result<void>(); }

 private:
  friend class wait_point;

  wait_point& at_;
  steady_time deadline_;
  error_code outcome_;
  detail::suspended waiting_;
};

inline wait_point::parking wait_point::wait(steady_time deadline) noexcept {
  return {*this, deadline};
}

}  // namespace spidergate::runtime
