#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <sys/epoll.h>
#include <vector>

namespace spidergate::bench {

/// Nanoseconds of CLOCK_MONOTONIC: the same in every process of the machine.
[[nodiscard]] std::int64_t now_ns() noexcept;

/// A non-blocking TCP connection to 127.0.0.1, established when this returns; TCP_NODELAY is set.
[[nodiscard]] int connect_to(std::uint16_t port);

/// A non-blocking listener on 127.0.0.1. Port 0 takes a free one: ask port_of.
[[nodiscard]] int listen_on(std::uint16_t port);
[[nodiscard]] std::uint16_t port_of(int socket);

/// Accepts one connection, non-blocking with TCP_NODELAY; -1 when none waits.
[[nodiscard]] int accept_from(int listener) noexcept;

/// Bytes moved, 0 when the socket would block, -1 when the connection is over.
[[nodiscard]] std::int64_t send_some(int socket, std::string_view bytes) noexcept;
[[nodiscard]] std::int64_t receive_some(int socket, std::span<char> into) noexcept;

/// epoll and one timer. Each file carries a number of the caller's choosing.
class poller {
 public:
  static constexpr std::uint64_t timer = ~std::uint64_t{0};

  poller();
  void add(int file, std::uint64_t number, std::uint32_t events = EPOLLIN);
  void change(int file, std::uint64_t number, std::uint32_t events);
  void wake_at(std::int64_t when_ns);
  /// The files that are ready; the timer shows up as number `timer`, already read.
  [[nodiscard]] std::span<const epoll_event> wait();

 private:
  int epoll_;
  int timer_;
  std::vector<epoll_event> ready_;
};

}  // namespace spidergate::bench
