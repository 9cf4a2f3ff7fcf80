#include "poller.hpp"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

namespace spidergate::runtime {
namespace {

error_code last_error() noexcept {
  return {errno, boost::system::system_category()};
}

int make_epoll_set() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) throw boost::system::system_error(last_error(), "epoll_create1");
  return set;
}

}  // namespace

poller::poller(asio::io_context& io) : set_(io.get_executor(), make_epoll_set()) {}

error_code poller::add(ready_socket& socket) {
  if (!std::exchange(awaiting_, true)) await_turn();
  epoll_event interest{};
  interest.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  interest.data.ptr = &socket;
  return ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, socket.native_handle(), &interest) == 0 ? error_code()
                                                                                                  : last_error();
}

void poller::remove(const ready_socket& socket) noexcept {
  epoll_event ignored{};
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, socket.native_handle(), &ignored);
  for (auto& event : std::span(fetched_).subspan(next_, count_ - next_)) {
    if (event.data.ptr == &socket) event.data.ptr = nullptr;
  }
}

void poller::at_turn_end(ready_socket_ptr socket) {
  writers_.push_back(std::move(socket));
  if (std::exchange(turning_, true)) return;
  asio::post(set_.get_executor(), [this] { end_turn(); });
}

void poller::await_turn() {
  set_.async_wait(asio::posix::descriptor_base::wait_read, [this](error_code failure) {
    if (failure) return;
    turn();
    await_turn();
  });
}

void poller::turn() {
  const int found = ::epoll_wait(set_.native_handle(), fetched_.data(), static_cast<int>(fetched_.size()), 0);
  count_ = static_cast<std::size_t>(std::max(found, 0));
  // Its end has been posted already when something wrote outside of a turn; then that end serves this one too.
  const bool ends_here = !std::exchange(turning_, true);
  for (next_ = 0; next_ < count_;) {
    const auto& event = fetched_[next_++];
    const ready_socket_ptr socket(static_cast<ready_socket*>(event.data.ptr));
    if (socket) socket->on_events(event.events);
  }
  count_ = next_ = 0;
  if (ends_here) end_turn();
}

void poller::end_turn() {
  due_writers_.swap(writers_);
  turning_ = false;
  for (const auto& writer : due_writers_) writer->on_turn_end();
  due_writers_.clear();
}

}  // namespace spidergate::runtime
