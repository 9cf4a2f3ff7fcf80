#pragma once
#include "attempt.hpp"
#include "client_tls.hpp"
#include "resolver.hpp"

#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/tcp_stream.hpp>

#include <memory>

namespace spidergate::upstream {

/// Makes connections: name, address policy, TCP, TLS. One per worker.
class dialer {
 public:
  dialer(runtime::worker& home, runtime::blocking_pool& pool, std::shared_ptr<client_tls> tls,
         std::chrono::milliseconds dns_ttl);

  /// A stream to `where`, ready for a request. Fails with the errc values of connecting.
  awaitable<result<std::unique_ptr<runtime::byte_stream>>> dial(origin where, clocks limits, attempt& on_behalf);

 private:
  struct connected {
    runtime::tcp_socket socket;
    asio::ip::tcp::endpoint peer;
  };

  awaitable<result<connected>> connect(const origin& where, steady_time deadline, attempt& on_behalf);
  awaitable<result<connected>> connect_to(asio::ip::tcp::endpoint peer, steady_time deadline, attempt& on_behalf);
  awaitable<result<std::unique_ptr<runtime::byte_stream>>> secure(connected plain, const origin& where,
                                                                  steady_time deadline, attempt& on_behalf);

  runtime::worker& home_;
  resolver resolver_;
  std::shared_ptr<client_tls> tls_;
};

}  // namespace spidergate::upstream
