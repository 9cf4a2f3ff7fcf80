#include "event_loop.hpp"

#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/runtime/worker.hpp>

#include <utility>

namespace spidergate::runtime {

void wait_point::park(parking& by) {
  if (waiting() || home_.stopping_) {
    by.outcome_ = waiting() ? asio::error::already_started : asio::error::operation_aborted;
    home_.loop().post(std::move(by.waiting_));
    return;
  }
  parked_ = &by;
  home_.parked_.push_back(*this);
  home_.deadlines().arm(*this, by.deadline_);
}

wait_point::parking& wait_point::take() noexcept {
  disarm();
  if (detail::parked_hook::is_linked()) detail::parked_hook::unlink();
  return *std::exchange(parked_, nullptr);
}

detail::suspended wait_point::give_up() noexcept {
  return std::move(take().waiting_);
}

void wait_point::release(error_code outcome) noexcept {
  if (!waiting()) return;
  auto& by = take();
  by.outcome_ = outcome;
  home_.loop().post(std::move(by.waiting_));
}

void wait_point::resume_now(error_code outcome) {
  if (!waiting()) return;
  auto& by = take();
  by.outcome_ = outcome;
  auto released = std::move(by.waiting_);
  released.resume();
}

}  // namespace spidergate::runtime
