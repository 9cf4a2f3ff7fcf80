#pragma once
#include <chrono>
#include <cstddef>

namespace spidergate::http {

/// What one connection may cost; the values are config's `server` section.
struct limits {
  std::size_t max_body_bytes = 33'554'432;
  std::size_t max_header_bytes = 16'384;
  std::size_t max_connections = 20'000;  ///< over all workers; beyond it a connection is answered 503 and closed
  std::chrono::milliseconds header_timeout{10'000};  ///< the whole request head, from its first byte
  std::chrono::milliseconds body_timeout{60'000};    ///< the whole body
  std::chrono::milliseconds idle_timeout{75'000};    ///< between requests
  std::chrono::milliseconds write_timeout{60'000};   ///< one write without completion: the reader is too slow
};

}  // namespace spidergate::http
