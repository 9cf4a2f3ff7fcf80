#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/runtime/worker.hpp>

#include <boost/asio/post.hpp>

#include <utility>

namespace spidergate::runtime {

void wait_point::park(parking& by) {
  if (waiting() || home_.stopping_) {
    by.outcome_ = waiting() ? asio::error::already_started : asio::error::operation_aborted;
    asio::post(home_.io(), [refused = std::move(by.waiting_)]() mutable { refused.resume(); });
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
  asio::post(home_.io(), [released = std::move(by.waiting_)]() mutable { released.resume(); });
}

void wait_point::resume_now(error_code outcome) {
  if (!waiting()) return;
  auto& by = take();
  by.outcome_ = outcome;
  auto released = std::move(by.waiting_);
  released.resume();
}

}  // namespace spidergate::runtime
