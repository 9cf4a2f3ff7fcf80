#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/deadline_wheel.hpp>

#include <boost/asio/use_awaitable.hpp>
#include <boost/intrusive/list.hpp>

#include <optional>

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

  /// Completes at the next release(). `timed_out` at the deadline, `operation_aborted` when the worker stops.
  /// One coroutine at a time: a second one gets `already_started`.
  awaitable<result<void>> wait(steady_time deadline);

  [[nodiscard]] bool waiting() const noexcept { return resume_.has_value(); }

  /// Lets the waiting coroutine go on, in a later turn of the loop; nothing happens when nobody waits.
  void release(error_code outcome = {}) noexcept;
  /// The same, but the coroutine runs before this returns: for the top of an event handler, where nothing is on the
  /// stack that it could destroy.
  void resume_now(error_code outcome = {});

 private:
  friend class worker;
  using token = asio::use_awaitable_t<asio::io_context::executor_type>;
  // The concrete type, without erasure: a wait allocates nothing but its coroutine frame.
  using handler = asio::async_result<token, void(result<void>)>::handler_type;

  void on_deadline() noexcept override { release(asio::error::timed_out); }
  void park(handler resume, steady_time deadline);
  [[nodiscard]] handler take() noexcept;  ///< only while somebody waits

  worker& home_;
  std::optional<handler> resume_;
};

}  // namespace spidergate::runtime
