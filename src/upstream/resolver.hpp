#pragma once
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/upstream/client.hpp>

#include <boost/asio/ip/address.hpp>

#include <string>
#include <unordered_map>
#include <vector>

namespace spidergate::upstream {

/// Names to addresses, on the blocking pool, remembered for a while. Literal addresses need neither. One per worker.
class resolver {
 public:
  resolver(runtime::worker& home, runtime::blocking_pool& pool, std::chrono::milliseconds ttl);

  /// At least one address. Fails with errc::resolve_failed, connect_timeout, cancelled.
  awaitable<result<std::vector<asio::ip::address>>> resolve(std::string host, attempt& on_behalf, steady_time deadline);

  /// The addresses did not work: the next call asks again.
  void forget(const std::string& host);

 private:
  struct known {
    std::vector<asio::ip::address> addresses;
    steady_time expires;
  };

  void remember(const std::string& host, const std::vector<asio::ip::address>& addresses);

  runtime::worker& home_;
  runtime::blocking_pool& pool_;
  std::chrono::milliseconds ttl_;
  std::unordered_map<std::string, known> cache_;
};

}  // namespace spidergate::upstream
