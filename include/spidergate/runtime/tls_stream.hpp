#pragma once
#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/tcp_stream.hpp>

#include <memory>

struct ssl_st;

namespace spidergate::runtime {

struct ssl_deleter {
  void operator()(ssl_st* ssl) const noexcept;
};
/// OpenSSL's SSL object.
using ssl_ptr = std::unique_ptr<ssl_st, ssl_deleter>;

enum class tls_side {
  client,  ///< begins the handshake
  server,  ///< answers it
};

/// A byte stream that speaks TLS: OpenSSL works directly on the socket, between readiness waits.
class tls_stream : public byte_stream {
 public:
  /// Must succeed before anything is read or written. Errors of OpenSSL come in asio's ssl category; what the
  /// certificate check said is SSL_get_verify_result(native()). cancel() interrupts it.
  virtual awaitable<result<void>> handshake(steady_time deadline) = 0;

  /// For questions about the session: the protocol, the certificate check, resumption.
  [[nodiscard]] virtual ssl_st* native() noexcept = 0;
};

/// `ssl` comes fresh from SSL_new, with what the side needs already set: SNI, verification, a session to resume.
[[nodiscard]] std::unique_ptr<tls_stream> make_tls_stream(worker& home, tcp_socket socket,
                                                          const asio::ip::tcp::endpoint& peer, ssl_ptr ssl,
                                                          tls_side side);

}  // namespace spidergate::runtime
