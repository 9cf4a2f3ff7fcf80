#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/tcp_socket.hpp>
#include <spidergate/runtime/wait_point.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace spidergate::runtime {

class ready_socket;
class worker;

/// A listening socket of one worker, one of several on its port (SO_REUSEPORT). Worker thread only, but for listen(),
/// which may also be called before that thread begins.
class tcp_acceptor {
 public:
  struct arrival {
    tcp_socket socket;
    asio::ip::tcp::endpoint peer;
  };

  explicit tcp_acceptor(worker& home) noexcept;
  ~tcp_acceptor();
  tcp_acceptor(const tcp_acceptor&) = delete;
  tcp_acceptor& operator=(const tcp_acceptor&) = delete;

  [[nodiscard]] result<void> listen(const asio::ip::tcp::endpoint& at, int backlog);
  [[nodiscard]] bool is_open() const noexcept;
  [[nodiscard]] result<asio::ip::tcp::endpoint> local_endpoint() const;

  /// Fails as accept(2) does, and with operation_aborted once it has been closed or the worker stops.
  /// One caller at a time.
  awaitable<result<arrival>> accept();
  void close() noexcept;

 private:
  worker& home_;
  boost::intrusive_ptr<ready_socket> socket_;
};

/// A TCP connection being made. Worker thread only.
class tcp_connecting {
 public:
  /// Begins at once.
  tcp_connecting(worker& home, const asio::ip::tcp::endpoint& peer);
  ~tcp_connecting();
  tcp_connecting(const tcp_connecting&) = delete;
  tcp_connecting& operator=(const tcp_connecting&) = delete;

  /// The connection; fails as connect(2) does, with `timed_out` at the deadline, and with what `place()` is released
  /// with. Must not outlive this object.
  awaitable<result<tcp_socket>> finish(steady_time deadline);
  /// Where finish() waits.
  [[nodiscard]] wait_point& place() noexcept;

 private:
  boost::intrusive_ptr<ready_socket> socket_;
  error_code failure_;
};

}  // namespace spidergate::runtime
