#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/runtime/worker.hpp>

#include <boost/asio/post.hpp>

#include <utility>

namespace spidergate::runtime {

awaitable<result<void>> wait_point::wait(steady_time deadline) {
  token resume_here;
  return asio::async_initiate<token, void(result<void>)>(
      [this, deadline](handler resume) { park(std::move(resume), deadline); }, resume_here);
}

void wait_point::park(handler resume, steady_time deadline) {
  if (waiting() || home_.stopping_) {
    const error_code refusal = waiting() ? asio::error::already_started : asio::error::operation_aborted;
    asio::post(home_.io(),
               [resume = std::move(resume), refusal]() mutable { std::move(resume)(result<void>(refusal)); });
    return;
  }
  resume_.emplace(std::move(resume));
  home_.parked_.push_back(*this);
  home_.deadlines().arm(*this, deadline);
}

wait_point::handler wait_point::take() noexcept {
  disarm();
  if (detail::parked_hook::is_linked()) detail::parked_hook::unlink();
  handler resume = std::move(*resume_);
  resume_.reset();
  return resume;
}

void wait_point::release(error_code outcome) noexcept {
  if (!waiting()) return;
  asio::post(home_.io(), [resume = take(), outcome]() mutable {
    std::move(resume)(outcome ? result<void>(outcome) : result<void>());
  });
}

void wait_point::resume_now(error_code outcome) {
  if (waiting()) take()(outcome ? result<void>(outcome) : result<void>());
}

}  // namespace spidergate::runtime
