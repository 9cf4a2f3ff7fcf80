#include "sockets.hpp"

#include "options.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace spidergate::bench {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// No waiting for more to send, and the plainest congestion control: on a loopback there is none, and the load's core
/// has better things to do than to model one.
void send_at_once(int socket) {
  const int on = 1;
  constexpr std::string_view plainest = "reno";
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, plainest.data(), plainest.size());
}

}  // namespace

std::int64_t now_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * second_ns + now.tv_nsec;
}

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    give_up("cannot connect to port " + std::to_string(port));
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  send_at_once(socket);
  return socket;
}

int listen_on(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in address = loopback(port);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 || ::listen(socket, 4096) != 0)
    give_up("cannot listen on port " + std::to_string(port));
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

int accept_from(int listener) noexcept {
  const int socket = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket >= 0) send_at_once(socket);
  return socket;
}

std::int64_t send_some(int socket, std::string_view bytes) noexcept {
  const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return sent;
  return errno == EAGAIN ? 0 : -1;
}

std::int64_t receive_some(int socket, std::span<char> into) noexcept {
  const auto received = ::recv(socket, into.data(), into.size(), 0);
  if (received > 0) return received;
  return received < 0 && errno == EAGAIN ? 0 : -1;
}

poller::poller()
    : epoll_{::epoll_create1(EPOLL_CLOEXEC)},
      timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)},
      ready_(256) {
  if (epoll_ < 0 || timer_ < 0) give_up("cannot create an epoll instance");
  add(timer_, timer);
}

void poller::add(int file, std::uint64_t number, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.u64 = number}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, file, &event) != 0) give_up("cannot watch a file");
}

void poller::change(int file, std::uint64_t number, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.u64 = number}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, file, &event);
}

void poller::wake_at(std::int64_t when_ns) {
  const itimerspec when{.it_interval = {}, .it_value = {.tv_sec = when_ns / second_ns, .tv_nsec = when_ns % second_ns}};
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

std::span<const epoll_event> poller::wait() {
  const int count = ::epoll_wait(epoll_, ready_.data(), static_cast<int>(ready_.size()), -1);
  const std::span<const epoll_event> ready{ready_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  for (const auto& event : ready) {
    std::uint64_t expirations = 0;
    if (event.data.u64 == timer && ::read(timer_, &expirations, sizeof(expirations)) < 0) continue;
  }
  return ready;
}

}  // namespace spidergate::bench
