#include "ready_socket.hpp"

#include "event_loop.hpp"

#include <spidergate/core/last_system_error.hpp>
#include <spidergate/runtime/worker.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace spidergate::runtime {
namespace {

std::string address_text(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace

ready_socket::ready_socket(worker& home, tcp_socket socket, const asio::ip::tcp::endpoint& peer)
    : home_(home), reader_(home), writer_(home), peer_address_(address_text(peer.address())) {
  fd_ = socket.release();
  if (!is_open()) return;
  // A socket that has broken already says so at the first read.
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (home_.loop().add(fd_, *this)) close(true);
}

ready_socket::ready_socket(worker& home, tcp_socket socket, error_code& refused)
    : home_(home), fd_(socket.release()), reader_(home), writer_(home) {
  if (!is_open()) return;
  refused = home_.loop().add(fd_, *this);
  if (refused) close(false);
}

result<std::size_t> ready_socket::receive(std::span<char> buffer) noexcept {
  const auto received = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (received > 0) {
    // Less than asked for: the kernel has no more, unless it has told of the end before these bytes were taken.
    drained_ = static_cast<std::size_t>(received) < buffer.size() && !ended_;
    return static_cast<std::size_t>(received);
  }
  if (received == 0) return error_code(asio::error::eof);
  const auto failure = last_system_error();
  if (failure == asio::error::would_block) drained_ = true;
  return failure;
}

result<std::size_t> ready_socket::send(std::span<const std::string_view> pieces, std::size_t offset) noexcept {
  std::array<iovec, 256> parts;  // NOLINT: filled below as far as it is used
  const auto count = std::min(pieces.size(), parts.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto piece = i == 0 ? pieces[i].substr(offset) : pieces[i];
    parts[i] = {const_cast<char*>(piece.data()), piece.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  const auto sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  if (sent < 0) return last_system_error();
  return static_cast<std::size_t>(sent);
}

peer_state ready_socket::peek() noexcept {
  if (!is_open()) return peer_state::gone;
  char byte = 0;
  const auto seen = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (seen > 0) return peer_state::bytes;
  return seen < 0 && errno == EAGAIN ? peer_state::quiet : peer_state::gone;
}

wait_point::parking ready_socket::wait_readable(steady_time deadline) {
  return reader_.wait(deadline);
}

wait_point::parking ready_socket::wait_writable(steady_time deadline) {
  return writer_.wait(deadline);
}

wait_point::parking ready_socket::wait_turn_end() {
  home_.loop().at_turn_end(this);
  return writer_.wait(steady_time::max());
}

void ready_socket::on_events(std::uint32_t events) {
  const ready_socket_ptr until_done(this);
  constexpr std::uint32_t end = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & end) != 0) ended_ = true;
  if ((events & (EPOLLIN | end)) != 0) {
    drained_ = false;
    if (reader_.waiting()) {
      reader_.resume_now();
    } else {
      look_at_peer();
    }
  }
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writer_.resume_now();
}

void ready_socket::watch(std::function<void()> on_gone) {
  on_gone_ = std::move(on_gone);
  if (!on_gone_ || !is_open() || drained_) return;
  // What is there already is not told again.
  home_.post([socket = ready_socket_ptr(this)] {
    if (!socket->drained_ && !socket->reader_.waiting()) socket->look_at_peer();
  });
}

void ready_socket::look_at_peer() {
  if (!on_gone_) return;
  switch (look_ ? look_() : peek()) {
    case peer_state::quiet:
      drained_ = true;
      return;
    case peer_state::bytes:
      return;
    case peer_state::gone:
      std::exchange(on_gone_, nullptr)();
      return;
  }
}

void ready_socket::cancel() noexcept {
  reader_.release(asio::error::operation_aborted);
  writer_.release(asio::error::operation_aborted);
}

void ready_socket::close(bool reset) noexcept {
  const auto closed_at_end = release();
  if (!reset || !closed_at_end.is_open()) return;
  const linger drop{1, 0};
  ::setsockopt(closed_at_end.native_handle(), SOL_SOCKET, SO_LINGER, &drop, sizeof drop);
}

tcp_socket ready_socket::release() noexcept {
  on_gone_ = nullptr;
  look_ = nullptr;
  cancel();
  if (is_open()) home_.loop().remove(fd_, *this);
  return tcp_socket(std::exchange(fd_, -1));
}

}  // namespace spidergate::runtime
