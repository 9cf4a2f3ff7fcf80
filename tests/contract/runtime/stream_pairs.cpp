#include "stream_pairs.hpp"

#include <spidergate/runtime/memory_stream.hpp>
#include <spidergate/runtime/tcp_connections.hpp>
#include <spidergate/runtime/tls_stream.hpp>

#include <optional>
#include <run_coroutine.hpp>
#include <stdexcept>
#include <tls_certificate.hpp>

namespace spidergate::runtime {
namespace {

using namespace std::chrono_literals;

using asio::ip::tcp;

struct connected {
  tcp_socket here;
  tcp_socket there;
  tcp::endpoint here_peer;
  tcp::endpoint there_peer;
};

connected connect(worker& home) {
  tcp_acceptor acceptor(home);
  acceptor.listen({asio::ip::address_v4::loopback(), 0}, 1).value();
  const auto there = acceptor.local_endpoint().value();
  tcp_connecting connecting(home, there);
  auto here = testing::run_coroutine(home, connecting.finish(testing::in(5s))).value();
  auto arrival = testing::run_coroutine(home, acceptor.accept()).value();
  return {std::move(here), std::move(arrival.socket), there, arrival.peer};
}

stream_pair tcp_pair(worker& home) {
  auto sockets = connect(home);
  return {make_tcp_stream(home, std::move(sockets.here), sockets.here_peer),
          make_tcp_stream(home, std::move(sockets.there), sockets.there_peer)};
}

stream_pair tls_pair(worker& home, int version) {
  static const testing::tls_certificate identity("IP:127.0.0.1");
  const auto server_context = identity.server_context();
  const testing::openssl_ptr<SSL_CTX> client_context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_max_proto_version(client_context.get(), version);

  auto sockets = connect(home);
  auto here = make_tls_stream(home, std::move(sockets.here), sockets.here_peer, ssl_ptr(SSL_new(client_context.get())),
                              tls_side::client);
  auto there = make_tls_stream(home, std::move(sockets.there), sockets.there_peer,
                               ssl_ptr(SSL_new(server_context.get())), tls_side::server);
  std::optional<error_code> served;
  const auto serve = [](tls_stream& stream, std::optional<error_code>& outcome) -> awaitable<void> {
    outcome = (co_await stream.handshake(steady_time::max())).error();
  };
  home.spawn([&] { return serve(*there, served); });
  const auto shaken = testing::run_coroutine(home, here->handshake(steady_time::max()));
  testing::run_until(home, [&] { return served.has_value(); });
  if (!shaken || *served) throw std::runtime_error("the handshake failed");
  return {std::move(here), std::move(there)};
}

}  // namespace

std::vector<stream_pair_maker> stream_pair_makers() {
  return {{"tcp", tcp_pair},
          {"tls12", [](worker& home) { return tls_pair(home, TLS1_2_VERSION); }},
          {"tls13", [](worker& home) { return tls_pair(home, TLS1_3_VERSION); }},
          {"memory", [](worker& home) { return stream_pair(make_memory_stream_pair(home)); }}};
}

}  // namespace spidergate::runtime
