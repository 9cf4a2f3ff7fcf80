#pragma once
#include "event_sink.hpp"

#include <spidergate/core/time.hpp>

#include <functional>

namespace spidergate::runtime {

class event_loop;

/// A timer in an event loop: `on_due` is called on its thread once for each set(), not before that time. A descriptor
/// and no timeout of the loop's wait, which would have the kernel program its clock for every wait. Loop's thread only.
class loop_timer final : public event_sink {
 public:
  /// Throws boost::system::system_error when the system gives no timer.
  loop_timer(event_loop& loop, std::function<void()> on_due);
  ~loop_timer();

  void set(steady_time due) noexcept;

 private:
  void on_events(std::uint32_t events) override;

  event_loop& loop_;
  std::function<void()> on_due_;
  int fd_;
};

}  // namespace spidergate::runtime
