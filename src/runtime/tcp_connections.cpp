#include "event_loop.hpp"
#include "ready_socket.hpp"

#include <spidergate/core/last_system_error.hpp>
#include <spidergate/runtime/tcp_connections.hpp>
#include <spidergate/runtime/worker.hpp>

#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace spidergate::runtime {
namespace {

using asio::ip::tcp;

tcp_socket open_socket(const tcp::endpoint& for_address) noexcept {
  return tcp_socket(::socket(for_address.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
}

}  // namespace

tcp_acceptor::tcp_acceptor(worker& home) noexcept : home_(home) {}

tcp_acceptor::~tcp_acceptor() {
  close();
}

result<void> tcp_acceptor::listen(const tcp::endpoint& at, int backlog) {
  auto socket = open_socket(at);
  if (!socket.is_open()) return last_system_error();
  const int fd = socket.native_handle();
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
      ::bind(fd, at.data(), static_cast<socklen_t>(at.size())) != 0 || ::listen(fd, backlog) != 0) {
    return last_system_error();
  }
  error_code failure;
  socket_ = new ready_socket(home_, std::move(socket), failure);
  if (failure) return failure;
  return {};
}

bool tcp_acceptor::is_open() const noexcept {
  return socket_ && socket_->is_open();
}

result<tcp::endpoint> tcp_acceptor::local_endpoint() const {
  if (!is_open()) return error_code(asio::error::bad_descriptor);
  tcp::endpoint bound;
  auto size = static_cast<socklen_t>(bound.capacity());
  if (::getsockname(socket_->native_handle(), bound.data(), &size) != 0) return last_system_error();
  bound.resize(size);
  return bound;
}

awaitable<result<tcp_acceptor::arrival>> tcp_acceptor::accept() {
  const auto listening = socket_;  // this object may be gone after a wait
  while (listening && listening->is_open()) {
    arrival client;
    auto size = static_cast<socklen_t>(client.peer.capacity());
    client.socket =
        tcp_socket(::accept4(listening->native_handle(), client.peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client.socket.is_open()) {
      client.peer.resize(size);
      co_return std::move(client);
    }
    if (errno == EINTR) continue;
    if (const auto failure = last_system_error(); failure != asio::error::would_block) co_return failure;
    const auto ready = co_await listening->wait_readable(steady_time::max());
    if (!ready) co_return ready.error();
  }
  co_return error_code(asio::error::operation_aborted);
}

void tcp_acceptor::close() noexcept {
  if (socket_) socket_->close(false);
}

tcp_connecting::tcp_connecting(worker& home, const tcp::endpoint& peer) {
  auto socket = open_socket(peer);
  if (!socket.is_open() || (::connect(socket.native_handle(), peer.data(), static_cast<socklen_t>(peer.size())) != 0 &&
                            errno != EINPROGRESS)) {
    failure_ = last_system_error();
  }
  error_code refused;
  socket_ = new ready_socket(home, failure_ ? tcp_socket() : std::move(socket), refused);
  if (!failure_) failure_ = refused;
}

tcp_connecting::~tcp_connecting() {
  socket_->close(false);
}

wait_point& tcp_connecting::place() noexcept {
  return socket_->writer();
}

awaitable<result<tcp_socket>> tcp_connecting::finish(steady_time deadline) {
  if (failure_) co_return failure_;
  // What was told while nobody waited is not told again.
  pollfd now{socket_->native_handle(), POLLOUT, 0};
  if (::poll(&now, 1, 0) == 0) {
    const auto ready = co_await socket_->wait_writable(deadline);
    if (!ready) co_return ready.error();
  }
  int outcome = 0;
  socklen_t size = sizeof outcome;
  if (::getsockopt(socket_->native_handle(), SOL_SOCKET, SO_ERROR, &outcome, &size) != 0) co_return last_system_error();
  if (outcome != 0) co_return error_code(outcome, boost::system::system_category());
  co_return socket_->release();
}

}  // namespace spidergate::runtime
