#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/http/exchange.hpp>
#include <spidergate/http/limits.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace spidergate::runtime {
class worker;
}

namespace spidergate::http {

/// Figures of all listeners, for /metrics; relaxed atomics.
struct connection_counters {
  std::atomic<std::int64_t> open{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused_over_limit{0};
  std::atomic<std::uint64_t> refused_heads{0};
  std::atomic<std::uint64_t> accept_failures{0};  ///< mostly: no file descriptors left
  std::atomic<std::uint64_t> handshake_failures{0};
  std::atomic<std::uint64_t> timeouts{0};
};

/// TLS for a listener: certificate chain and key, loaded once. Thread-safe after creation.
class server_tls;
[[nodiscard]] result<std::shared_ptr<server_tls>> load_server_tls(const std::string& cert_file,
                                                                  const std::string& key_file);

/// Whether nobody listens on an address yet. A listener alone cannot tell: SO_REUSEPORT lets a second process of the
/// same user join. Asked once, before the first worker opens its listener.
[[nodiscard]] result<void> check_port_is_free(const std::string& address, std::uint16_t port);

/// One worker's acceptor on an address that the other workers share (SO_REUSEPORT), and its connections.
/// Created, used and destroyed on the worker's thread, except where noted.
class listener {
 public:
  struct options {
    std::string address;  ///< "127.0.0.1", "::1", "0.0.0.0"
    std::uint16_t port = 0;
    bool admin = false;
    http::limits limits;
    std::shared_ptr<server_tls> tls;  ///< null: plain
    /// While it is true connections end with the answer that they are giving; null: never. Outlives the listener.
    const std::atomic<bool>* end_keep_alive = nullptr;
  };

  /// `requests` and `counters` must outlive the listener and its connections.
  listener(runtime::worker& home, options o, handler& requests, connection_counters& counters);
  ~listener();

  /// Binds and starts accepting. The error code says why it cannot (address in use, not permitted).
  [[nodiscard]] result<void> open();
  /// The port that was bound, where 0 was asked for.
  [[nodiscard]] std::uint16_t port() const noexcept;

  /// Stops accepting; connections finish the request they are serving, answer it with "Connection: close", and idle
  /// ones close now.
  void drain();
  /// Closes everything that is still open, now.
  void close_all();
  /// Connections still open on this worker.
  [[nodiscard]] std::size_t open_connections() const noexcept;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace spidergate::http
