#include "loop_timer.hpp"

#include "event_loop.hpp"

#include <spidergate/core/last_system_error.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

namespace spidergate::runtime {

loop_timer::loop_timer(event_loop& loop, std::function<void()> on_due)
    : loop_(loop), on_due_(std::move(on_due)), fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  auto failure = fd_ < 0 ? last_system_error() : loop_.add(fd_, *this, EPOLLIN);
  if (!failure) return;
  if (fd_ >= 0) ::close(fd_);
  throw boost::system::system_error(failure, "timerfd");
}

loop_timer::~loop_timer() {
  loop_.remove(fd_, *this);
  ::close(fd_);
}

void loop_timer::set(steady_time due) noexcept {
  // All zero would disarm it.
  const auto at = std::max(due.time_since_epoch(), steady_time::duration(std::chrono::nanoseconds(1)));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  itimerspec setting{};
  setting.it_value.tv_sec = seconds.count();
  setting.it_value.tv_nsec = std::chrono::nanoseconds(at - seconds).count();
  ::timerfd_settime(fd_, TFD_TIMER_ABSTIME, &setting, nullptr);
}

void loop_timer::on_events(std::uint32_t) {
  // It need not be read: edge-triggered, and to set it again takes what it has counted back.
  on_due_();
}

}  // namespace spidergate::runtime
