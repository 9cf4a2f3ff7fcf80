#include <spidergate/runtime/stop_signal.hpp>

namespace spidergate::runtime {

void stop_signal::stop(reason why) noexcept {
  if (stopped() || why == reason::none) return;
  reason_ = why;
  // An interrupt may end waits, and so destroy guards further out: ~on_stop moves this cursor past itself.
  next_to_interrupt_ = innermost_;
  while (next_to_interrupt_ != nullptr) {
    auto* guard = std::exchange(next_to_interrupt_, next_to_interrupt_->outer_);
    const auto interrupt = std::exchange(guard->interrupt_, nullptr);
    if (interrupt) interrupt();
  }
}

stop_signal::on_stop::on_stop(stop_signal& signal, std::function<void()> interrupt)
    : signal_(signal), interrupt_(std::move(interrupt)), outer_(signal.innermost_) {
  signal_.innermost_ = this;
  if (signal_.stopped()) std::exchange(interrupt_, nullptr)();
}

stop_signal::on_stop::~on_stop() {
  if (signal_.next_to_interrupt_ == this) signal_.next_to_interrupt_ = outer_;
  // Usually the first: guards nest. A guard that outlives an inner one is found further out.
  for (auto** link = &signal_.innermost_; *link != nullptr; link = &(*link)->outer_) {
    if (*link != this) continue;
    *link = outer_;
    return;
  }
}

}  // namespace spidergate::runtime
