#include "event_loop.hpp"

#include <spidergate/core/last_system_error.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace spidergate::runtime {
namespace {

/// After so many jobs of one turn, sockets have their turn.
constexpr std::size_t jobs_per_turn = 256;

thread_local const event_loop* turning_on_this_thread = nullptr;

/// While it lives, this thread is the loop's.
class turning {
 public:
  explicit turning(const event_loop& loop) noexcept : outer_(std::exchange(turning_on_this_thread, &loop)) {}
  ~turning() { turning_on_this_thread = outer_; }
  turning(const turning&) = delete;
  turning& operator=(const turning&) = delete;

 private:
  const event_loop* outer_;
};

int must_open(int fd, const char* by) {
  if (fd < 0) throw boost::system::system_error(last_system_error(), by);
  return fd;
}

}  // namespace

event_loop::doorbell::doorbell(event_loop& of)
    : loop(of), fd(must_open(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {}

event_loop::doorbell::~doorbell() {
  ::close(fd);
}

void event_loop::doorbell::ring() const noexcept {
  // Nobody reads what it counts to: edge-triggered, each ring is an event.
  static_cast<void>(::eventfd_write(fd, 1));
}

void event_loop::doorbell::on_events(std::uint32_t) {
  loop.take_from_others();
}

event_loop::event_loop() : set_(must_open(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")), bell_(*this) {
  if (const auto failure = add(bell_.fd, bell_, EPOLLIN)) throw boost::system::system_error(failure, "epoll_ctl");
}

event_loop::~event_loop() {
  ::close(set_);
}

error_code event_loop::add(int fd, event_sink& sink, std::uint32_t events) noexcept {
  epoll_event interest{};
  interest.events = events | EPOLLET;
  interest.data.ptr = &sink;
  return ::epoll_ctl(set_, EPOLL_CTL_ADD, fd, &interest) == 0 ? error_code() : last_system_error();
}

void event_loop::remove(int fd, const event_sink& sink) noexcept {
  epoll_event ignored{};
  ::epoll_ctl(set_, EPOLL_CTL_DEL, fd, &ignored);
  for (auto at = next_; at < count_; ++at) {
    if (fetched_[at].data.ptr == &sink) fetched_[at].data.ptr = nullptr;
  }
}

void event_loop::post(job what) {
  if (turning_on_this_thread == this) {
    jobs_.push_back(std::move(what));
    return;
  }
  const std::lock_guard lock(others_mutex_);
  const bool first = from_others_.empty();
  from_others_.push_back(std::move(what));
  // Under the lock: once the job can be seen, this loop may end.
  if (first) bell_.ring();
}

void event_loop::at_turn_end(ready_socket_ptr socket) {
  writers_.push_back(std::move(socket));
}

void event_loop::behind_turn_end(detail::suspended waiting) {
  behind_.push_back(std::move(waiting));
}

void event_loop::run() {
  while (!stopped_) turn(std::chrono::milliseconds(-1));
}

std::size_t event_loop::turn(std::chrono::milliseconds patience) {
  const turning here(*this);
  // What an exception has left of the last turn comes first.
  if (next_ == count_) fetch(has_work() ? std::chrono::milliseconds(0) : patience);
  std::size_t done = count_ - next_;
  while (next_ < count_) {
    auto* const sink = static_cast<event_sink*>(fetched_[next_].data.ptr);
    const auto events = fetched_[next_++].events;
    if (sink != nullptr) sink->on_events(events);
  }
  done += run_jobs();
  return done + end_turn();
}

bool event_loop::has_work() const noexcept {
  return !jobs_.empty() || !writers_.empty() || !behind_.empty();
}

void event_loop::fetch(std::chrono::milliseconds patience) noexcept {
  const int found =
      ::epoll_wait(set_, fetched_.data(), static_cast<int>(fetched_.size()), static_cast<int>(patience.count()));
  next_ = 0;
  count_ = static_cast<std::size_t>(std::max(found, 0));
}

std::size_t event_loop::run_jobs() {
  std::size_t done = 0;
  while (done < jobs_per_turn && !jobs_.empty() && !stopped_) {
    auto next = std::move(jobs_.front());
    jobs_.pop_front();
    ++done;
    if (auto* const waiting = std::get_if<detail::suspended>(&next)) {
      waiting->resume();
    } else {
      std::get<std::function<void()>>(next)();
    }
  }
  return done;
}

std::size_t event_loop::end_turn() {
  due_writers_.swap(writers_);
  for (const auto& writer : due_writers_) writer->on_turn_end();
  const auto done = due_writers_.size() + behind_.size();
  due_writers_.clear();
  for (auto& waiting : behind_) jobs_.emplace_back(std::move(waiting));
  behind_.clear();
  return done;
}

void event_loop::take_from_others() {
  const std::lock_guard lock(others_mutex_);
  for (auto& one : from_others_) jobs_.push_back(std::move(one));
  from_others_.clear();
}

void event_loop::drop() noexcept {
  const turning here(*this);  // what is destroyed may post
  take_from_others();
  while (has_work()) {
    if (!jobs_.empty()) {
      const auto dropped = std::move(jobs_.front());
      jobs_.pop_front();
    } else if (!behind_.empty()) {
      const auto dropped = std::move(behind_.back());
      behind_.pop_back();
    } else {
      const auto dropped = std::move(writers_.back());
      writers_.pop_back();
    }
  }
}

}  // namespace spidergate::runtime
