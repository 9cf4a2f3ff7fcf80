#pragma once
#include "connection.hpp"
#include "endpoint.hpp"

#include <spidergate/runtime/tcp_stream.hpp>

#include <memory>
#include <string>

namespace spidergate::runtime {
class blocking_pool;
}

namespace spidergate::kv::redis {

/// Makes connections: looks the name up, connects, shakes hands, tells who we are and which database. Immutable and
/// shared; open() is for a worker's thread.
class connector {
 public:
  /// Throws std::runtime_error on a malformed URL or CA file.
  connector(const secret_string& url, const std::string& extra_ca_file, runtime::blocking_pool& resolver);

  struct opened {
    std::shared_ptr<connection> link;
    std::string failure;  ///< in words, without a link
  };
  static awaitable<opened> open(std::shared_ptr<const connector> self, runtime::worker& home, steady_time deadline);

 private:
  awaitable<result<std::vector<asio::ip::address>>> resolve(runtime::worker& home, steady_time deadline) const;
  awaitable<result<std::unique_ptr<runtime::byte_stream>>> dial(runtime::worker& home, steady_time deadline) const;
  awaitable<std::string> greet(runtime::worker& home, std::shared_ptr<connection> link, steady_time deadline) const;

  endpoint where_;
  std::unique_ptr<client_context> tls_;
  runtime::blocking_pool& resolver_;
};

}  // namespace spidergate::kv::redis
