#include "connection.hpp"
#include "server_tls.hpp"

#include <spidergate/http/listener.hpp>
#include <spidergate/runtime/tcp_connections.hpp>
#include <spidergate/runtime/tcp_stream.hpp>
#include <spidergate/runtime/turn.hpp>
#include <spidergate/runtime/worker.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <utility>

namespace spidergate::http {

namespace {

using asio::ip::tcp;

constexpr int backlog = 4096;
constexpr std::size_t accepts_in_a_row = 16;
constexpr std::chrono::milliseconds accept_pause{100};  // when the system has nothing left to accept with
constexpr std::int64_t admin_reserve = 64;   // so that a flood of the public listener does not lock the operator out
constexpr std::size_t max_turned_away = 64;  // at a time and worker; whoever comes beyond is closed without a word

result<tcp::endpoint> parse_endpoint(const std::string& address, std::uint16_t port) {
  error_code ec;
  const auto ip = asio::ip::make_address(address, ec);
  if (ec) return ec;
  return tcp::endpoint(ip, port);
}

/// One of the connections that all listeners together may hold.
class open_slot {
 public:
  explicit open_slot(connection_counters& counters) noexcept : counters_(counters) {}
  ~open_slot() { release(); }
  open_slot(const open_slot&) = delete;
  open_slot& operator=(const open_slot&) = delete;

  [[nodiscard]] bool take(std::int64_t limit) noexcept {
    taken_ = true;
    if (counters_.open.fetch_add(1, std::memory_order_relaxed) < limit) return true;
    release();
    return false;
  }

 private:
  void release() noexcept {
    if (std::exchange(taken_, false)) counters_.open.fetch_sub(1, std::memory_order_relaxed);
  }

  connection_counters& counters_;
  bool taken_ = false;
};

/// An accepted client before it becomes a connection.
struct arrival {
  arrival(runtime::tcp_acceptor::arrival from, connection_counters& counters)
      : socket(std::move(from.socket)), peer(from.peer), slot(counters) {}
  runtime::tcp_socket socket;
  tcp::endpoint peer;
  open_slot slot;
};

}  // namespace

struct listener::impl : std::enable_shared_from_this<listener::impl> {
  impl(runtime::worker& worker, options o, handler& requests, connection_counters& counters)
      : home(worker),
        tls(std::move(o.tls)),
        address(std::move(o.address)),
        port(o.port),
        acceptor(worker),
        site(worker.time(), requests, counters, o.limits, o.admin) {
    site.end_keep_alive = o.end_keep_alive;
  }

  result<void> open();
  void drain();
  void close_all();
  [[nodiscard]] std::int64_t limit() const noexcept;

  static awaitable<void> accept_all(std::shared_ptr<impl> self);
  static awaitable<void> serve(std::shared_ptr<impl> self, std::shared_ptr<arrival> client);
  static awaitable<void> serve_tls(std::shared_ptr<impl> self, std::shared_ptr<arrival> client);
  static awaitable<void> turn_away(std::shared_ptr<impl> self, std::shared_ptr<arrival> client);
  void admit(const std::shared_ptr<arrival>& client);

  runtime::worker& home;
  std::shared_ptr<server_tls> tls;
  std::string address;
  std::uint16_t port;
  runtime::tcp_acceptor acceptor;
  connection_site site;
  boost::intrusive::list<connection, boost::intrusive::constant_time_size<false>> connections;
  std::size_t turning_away = 0;
};

result<void> listener::impl::open() {
  const auto endpoint = parse_endpoint(address, port);
  if (!endpoint) return endpoint.error();
  if (const auto listening = acceptor.listen(*endpoint, backlog); !listening) return listening.error();
  const auto bound = acceptor.local_endpoint();
  if (!bound) return bound.error();
  port = bound->port();
  home.spawn([self = shared_from_this()] { return accept_all(self); });
  return {};
}

awaitable<void> listener::impl::accept_all(std::shared_ptr<impl> self) {
  auto& counters = self->site.counters;
  std::size_t in_a_row = 0;
  while (self->acceptor.is_open()) {
    auto client = co_await self->acceptor.accept();
    if (client) {
      self->admit(std::make_shared<arrival>(std::move(*client), counters));
      // A crowd at the door must not keep those waiting who are in.
      if (++in_a_row % accepts_in_a_row == 0) co_await runtime::next_turn(self->home);
      continue;
    }
    const auto ec = client.error();
    if (ec == asio::error::operation_aborted) co_return;
    counters.accept_failures.fetch_add(1, std::memory_order_relaxed);
    // A client that went away while it was queued costs nothing; everything else is a lack of something and will last a
    // while.
    if (ec == asio::error::connection_aborted) continue;
    const bool on_time = co_await self->home.sleep_until(self->home.time().steady_now() + accept_pause);
    if (!on_time) co_return;
  }
}

std::int64_t listener::impl::limit() const noexcept {
  return static_cast<std::int64_t>(site.limits.max_connections) + (site.admin ? admin_reserve : 0);
}

void listener::impl::admit(const std::shared_ptr<arrival>& client) {
  auto& counters = site.counters;
  counters.accepted.fetch_add(1, std::memory_order_relaxed);
  const auto self = shared_from_this();
  if (client->slot.take(limit())) {
    home.spawn([self, client] { return self->tls ? serve_tls(self, client) : serve(self, client); });
    return;
  }
  counters.refused_over_limit.fetch_add(1, std::memory_order_relaxed);
  if (tls || turning_away == max_turned_away) return;
  ++turning_away;
  home.spawn([self, client] { return turn_away(self, client); });
}

awaitable<void> listener::impl::serve(std::shared_ptr<impl> self, std::shared_ptr<arrival> client) {
  const int socket = client->socket.native_handle();
  connection c(self->site, runtime::make_tcp_stream(self->home, std::move(client->socket), client->peer), socket);
  self->connections.push_back(c);
  co_await c.serve();
}

awaitable<void> listener::impl::serve_tls(std::shared_ptr<impl> self, std::shared_ptr<arrival> client) {
  auto session = self->tls->new_session();
  if (!session) co_return;
  const int socket = client->socket.native_handle();
  auto stream = runtime::make_tls_stream(self->home, std::move(client->socket), client->peer, std::move(session),
                                         runtime::tls_side::server);
  auto& tls_layer = *stream;
  connection c(self->site, std::move(stream), socket);
  self->connections.push_back(c);
  const auto shaken = co_await tls_layer.handshake(self->home.time().steady_now() + self->site.limits.header_timeout);
  if (!shaken) {
    self->site.counters.handshake_failures.fetch_add(1, std::memory_order_relaxed);
    c.close();
    co_return;
  }
  co_await c.serve();
}

awaitable<void> listener::impl::turn_away(std::shared_ptr<impl> self, std::shared_ptr<arrival> client) {
  const int socket = client->socket.native_handle();
  connection c(self->site, runtime::make_tcp_stream(self->home, std::move(client->socket), client->peer), socket);
  co_await c.turn_away();
  --self->turning_away;
}

void listener::impl::drain() {
  site.draining = true;
  acceptor.close();
  for (auto& c : connections) c.drain();
}

void listener::impl::close_all() {
  drain();
  for (auto at = connections.begin(); at != connections.end();) (at++)->close();
}

listener::listener(runtime::worker& home, options o, handler& requests, connection_counters& counters)
    : impl_(std::make_shared<impl>(home, std::move(o), requests, counters)) {}

listener::~listener() {
  impl_->close_all();
}

result<void> listener::open() {
  return impl_->open();
}
std::uint16_t listener::port() const noexcept {
  return impl_->port;
}
void listener::drain() {
  impl_->drain();
}
void listener::close_all() {
  impl_->close_all();
}
std::size_t listener::open_connections() const noexcept {
  return impl_->connections.size();
}

result<void> check_port_is_free(const std::string& address, std::uint16_t port) {
  const auto endpoint = parse_endpoint(address, port);
  if (!endpoint) return endpoint.error();
  asio::io_context io(1);
  tcp::acceptor probe(io);
  error_code ec;
  probe.open(endpoint->protocol(), ec);
  if (!ec) probe.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) probe.bind(*endpoint, ec);
  if (ec) return ec;
  return {};
}

}  // namespace spidergate::http
