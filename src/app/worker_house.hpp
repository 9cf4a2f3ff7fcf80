#pragma once
#include "server_plan.hpp"
#include "store_state.hpp"

#include <spidergate/api/gateway.hpp>
#include <spidergate/http/listener.hpp>
#include <spidergate/runtime/blocking_pool.hpp>
#include <spidergate/runtime/worker.hpp>

#include <atomic>
#include <memory>

namespace spidergate::app {

/// What all workers share. References outlive the workers.
struct shared_rooms {
  const server_plan& plan;
  const runtime::clock& time;
  limits::limiter& limits;
  engine::health_board& health;
  vault::vault& keys;
  ledger::loader& ledger;
  store::database& database;
  flow::observer& callbacks;
  store_state& state;
  const runtime::published<auth::trusted_proxies>& proxies;
  const runtime::published<engine::options>& engine_settings;
  const runtime::published<std::vector<std::string>>& forwarded_headers;
  std::shared_ptr<auth::lockout> lockout;
  const std::atomic<bool>& tokens_too_old;
  const std::atomic<bool>& end_keep_alive;
  std::shared_ptr<upstream::client_tls> client_tls;
  std::shared_ptr<http::server_tls> server_tls;
  runtime::blocking_pool& resolver;
  http::connection_counters& connections;
  api::shared_state& api;
};

/// One worker with its own rooms: listeners, upstream connections, spool, engine, handlers. Everything in it belongs to
/// the worker's thread.
class worker_house {
 public:
  static constexpr std::size_t spool_max_bytes = 512U << 20U;

  worker_house(std::size_t index, shared_rooms& shared);
  ~worker_house();

  /// Binds both listeners (on the calling thread, before the worker runs). The message says which address cannot be
  /// had.
  [[nodiscard]] boost::system::result<void, std::string> open();
  void start();

  /// The ports that were bound, known after open().
  [[nodiscard]] std::uint16_t public_port() const;
  [[nodiscard]] std::uint16_t admin_port() const;

  // Any thread; carried out on the worker's.
  void drain();
  void close_all();
  [[nodiscard]] std::size_t open_connections();

  [[nodiscard]] runtime::worker& home() noexcept { return worker_; }
  [[nodiscard]] auth::authenticator& tokens() noexcept { return tokens_; }
  [[nodiscard]] const ledger::spool_writer& spool() const noexcept { return spool_; }
  /// Stops the worker and gives up what belongs to its thread.
  void stop();

 private:
  shared_rooms& shared_;
  runtime::worker worker_;
  ledger::spool_writer spool_;
  auth::authenticator tokens_;
  std::unique_ptr<upstream::client> providers_;
  std::unique_ptr<engine::engine> engine_;
  flow::meanings known_names_;
  std::unique_ptr<api::gateway> gateway_;
  std::unique_ptr<http::listener> public_;
  std::unique_ptr<http::listener> admin_;
};

}  // namespace spidergate::app
