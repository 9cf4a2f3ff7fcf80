#pragma once
#include "ready_socket.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <array>
#include <cstddef>
#include <sys/epoll.h>
#include <vector>

namespace spidergate::runtime {

/// The sockets of one worker: an epoll set of their own inside the event loop's, in which each stands once, for both
/// directions and edge-triggered, from its making to its end. So no wait costs a system call, and one look serves all
/// sockets that have become ready meanwhile. Worker thread only.
///
/// A turn is such a look with all that follows from it. Writes wait for the end of the turn: what has arrived is
/// worked through first, and then everything goes out together, as one burst to peers that are awake for all of it
/// instead of being woken for each.
class poller {
 public:
  /// Throws boost::system::system_error when the system gives no epoll set.
  explicit poller(asio::io_context& io);
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// From now on `socket` hears of its events, until remove(). Fails as epoll_ctl(2) does.
  [[nodiscard]] error_code add(ready_socket& socket);
  /// To be called while its descriptor is still open. It hears no more, not even of what has been fetched already.
  void remove(const ready_socket& socket) noexcept;

  /// Calls `socket`'s on_turn_end() when all that is ready now has been worked through.
  void at_turn_end(ready_socket_ptr socket);

 private:
  void await_turn();
  void turn();
  void end_turn();

  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> set_;
  std::array<epoll_event, 256> fetched_{};
  std::size_t next_ = 0;   ///< of `fetched_`
  std::size_t count_ = 0;  ///< in `fetched_`
  bool awaiting_ = false;  ///< begins with the first socket: before that there is nothing to wait for
  bool turning_ = false;   ///< the end of a turn is sure to come
  std::vector<ready_socket_ptr> writers_;
  std::vector<ready_socket_ptr> due_writers_;  ///< kept for its memory
};

}  // namespace spidergate::runtime
