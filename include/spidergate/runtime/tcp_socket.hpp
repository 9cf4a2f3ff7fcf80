#pragma once
#include <unistd.h>
#include <utility>

namespace spidergate::runtime {

/// The descriptor of a TCP socket in non-blocking mode, owned.
class tcp_socket {
 public:
  tcp_socket() noexcept = default;
  explicit tcp_socket(int fd) noexcept : fd_(fd) {}
  tcp_socket(tcp_socket&& other) noexcept : fd_(other.release()) {}
  tcp_socket& operator=(tcp_socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~tcp_socket() {
    if (is_open()) ::close(fd_);
  }

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int native_handle() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace spidergate::runtime
