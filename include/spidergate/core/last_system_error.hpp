#pragma once
#include <spidergate/core/result.hpp>

#include <cerrno>

namespace spidergate {

/// What this thread's last system call that failed said. EAGAIN compares equal to asio::error::would_block.
[[nodiscard]] inline error_code last_system_error() noexcept {
  return {errno, boost::system::system_category()};
}

}  // namespace spidergate
