#include "dialer.hpp"

#include <spidergate/runtime/tcp_connections.hpp>
#include <spidergate/runtime/worker.hpp>

#include <algorithm>
#include <utility>

namespace spidergate::upstream {
namespace {

using asio::ip::tcp;

bool all_public(const std::vector<asio::ip::address>& addresses) {
  return std::none_of(addresses.begin(), addresses.end(),
                      [](const asio::ip::address& a) { return is_private_address(a.to_string()); });
}

}  // namespace

dialer::dialer(runtime::worker& home, runtime::blocking_pool& pool, std::shared_ptr<client_tls> tls,
               std::chrono::milliseconds dns_ttl)
    : home_(home), resolver_(home, pool, dns_ttl), tls_(std::move(tls)) {}

awaitable<result<std::unique_ptr<runtime::byte_stream>>> dialer::dial(origin where, clocks limits, attempt& on_behalf) {
  const auto connect_by = std::min(home_.time().steady_now() + limits.connect, limits.total);
  auto plain = co_await connect(where, connect_by, on_behalf);
  if (!plain) co_return plain.error();
  if (!where.tls) co_return runtime::make_tcp_stream(home_, std::move(plain->socket), plain->peer);
  const auto secure_by = std::min(home_.time().steady_now() + limits.tls, limits.total);
  co_return co_await secure(std::move(*plain), where, secure_by, on_behalf);
}

awaitable<result<dialer::connected>> dialer::connect(const origin& where, steady_time deadline, attempt& on_behalf) {
  const auto addresses = co_await resolver_.resolve(where.host, on_behalf, deadline);
  if (!addresses) co_return addresses.error();
  // One private address among public ones is reason enough: it is how names are rebound.
  if (!where.allow_private && !all_public(*addresses)) co_return error_code(errc::address_refused);

  error_code failure = errc::connect_failed;
  auto left = addresses->size();
  for (const auto& address : *addresses) {
    if (on_behalf.cancelled()) co_return error_code(errc::cancelled);
    // An address that swallows packets must leave the others their share of the clock.
    const auto now = home_.time().steady_now();
    const auto share = (deadline - now) / static_cast<steady_time::rep>(left--);
    auto plain = co_await connect_to({address, where.port}, now + share, on_behalf);
    if (plain) co_return std::move(*plain);
    failure = plain.error();
  }
  resolver_.forget(where.host);
  co_return failure;
}

awaitable<result<dialer::connected>> dialer::connect_to(tcp::endpoint peer, steady_time deadline, attempt& on_behalf) {
  runtime::tcp_connecting pending(home_, peer);
  const interruptible while_waiting(on_behalf, pending.place());
  auto socket = co_await pending.finish(deadline);
  if (socket) co_return connected{std::move(*socket), peer};
  co_return on_behalf.blame(socket.error(), errc::connect_timeout, errc::connect_failed);
}

awaitable<result<std::unique_ptr<runtime::byte_stream>>> dialer::secure(connected plain, const origin& where,
                                                                        steady_time deadline, attempt& on_behalf) {
  auto ssl = tls_->prepare(where);
  if (!ssl) co_return error_code(errc::tls_failed);
  auto stream =
      runtime::make_tls_stream(home_, std::move(plain.socket), plain.peer, std::move(ssl), runtime::tls_side::client);
  on_behalf.stream = stream.get();
  const auto shaken = co_await stream->handshake(deadline);
  on_behalf.stream = nullptr;
  if (!shaken) co_return on_behalf.blame(shaken.error(), errc::tls_timeout, errc::tls_failed);
  co_return std::unique_ptr<runtime::byte_stream>(std::move(stream));
}

}  // namespace spidergate::upstream
