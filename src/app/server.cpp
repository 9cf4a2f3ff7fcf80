#include "server.hpp"

#include "ledger_spending.hpp"
#include "request_metrics.hpp"
#include "upkeep.hpp"
#include "worker_house.hpp"

#include <spidergate/kv/memory_counters.hpp>
#include <spidergate/store/repositories.hpp>
#include <spidergate/telemetry/log.hpp>

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace spidergate::app {

namespace {

constexpr std::size_t database_readers = 2;
constexpr std::size_t resolver_threads = 2;
constexpr std::size_t resolver_queue = 1024;
constexpr std::chrono::milliseconds change_period{250};

/// The value of a result, or the reason why the server cannot start.
template <class T>
T need(boost::system::result<T, std::string>&& got) {
  if (!got) throw std::runtime_error(got.error());
  if constexpr (!std::is_void_v<T>) return std::move(*got);
}

std::shared_ptr<upstream::client_tls> provider_tls(const server_plan& plan) {
  auto loaded = upstream::load_client_tls(plan.extra_ca_file);
  if (!loaded)
    throw std::runtime_error("The certificates in '" + plan.extra_ca_file +
                             "' cannot be used: " + loaded.error().message());
  return std::move(*loaded);
}

std::shared_ptr<http::server_tls> listener_tls(const server_plan& plan) {
  if (plan.tls_cert_file.empty()) return nullptr;
  auto loaded = http::load_server_tls(plan.tls_cert_file, plan.tls_key_file);
  if (!loaded)
    throw std::runtime_error("The TLS certificate '" + plan.tls_cert_file + "' or its key '" + plan.tls_key_file +
                             "' cannot be used: " + loaded.error().message());
  return std::move(*loaded);
}

bool is_loopback(std::string_view host) {
  return host == "::1" || host.starts_with("127.");
}

/// SO_REUSEPORT would let a second gateway share the port silently, so it is asked for once without.
void need_free(const listen_address& where) {
  if (where.port == 0) return;
  if (const auto free = http::check_port_is_free(where.host, where.port); !free) {
    throw std::runtime_error(
        "Cannot listen on " + where.host + ":" + std::to_string(where.port) + ": " + free.error().message() +
        ". Stop what listens there or choose another address (server.listen, server.admin_listen).");
  }
}

std::string spool_folder(const server_plan& plan) {
  auto folder = plan.data_dir + "/spool";
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace

/// Members stand in the order in which they are built; they go in the opposite one.
struct server::impl {
  server_plan plan;
  store::database::opener open_store;
  telemetry::registry metrics;
  kv::memory_counters counters;
  const runtime::clock& time = runtime::system_clock();
  vault::vault keys;
  store_state state;
  engine::health_board health;
  request_metrics callbacks;
  runtime::published<auth::trusted_proxies> proxies;
  runtime::published<engine::options> engine_settings;
  runtime::published<std::vector<std::string>> forwarded_headers;
  http::connection_counters connections;
  runtime::blocking_pool resolver;
  ledger::loader ledger;
  api::shared_state api;
  std::unique_ptr<shared_rooms> shared;
  std::vector<std::unique_ptr<worker_house>> workers;
  // After the workers, so that what still waits for it is answered before they go.
  store::database database;
  ledger_spending spending;
  limits::limiter limiter;
  std::unique_ptr<store::change_watch> watch;
  std::unique_ptr<upkeep> chores;

  explicit impl(server_plan p)
      : plan(std::move(p)),
        open_store([path = plan.database_path] { return store::open_sqlite(path); }),
        metrics(plan.threads),
        keys(plan.keys, counters, time),
        state(plan.live.catalogue, plan.live.default_rpm, keys),
        health(plan.breaker, time),
        callbacks(metrics),
        proxies(std::make_shared<auth::trusted_proxies>(plan.live.trusted_proxies)),
        engine_settings(std::make_shared<engine::options>(plan.live.engine)),
        forwarded_headers(std::make_shared<std::vector<std::string>>(plan.live.forwarded_headers)),
        resolver(resolver_threads, resolver_queue),
        ledger(spool_folder(plan), open_store, plan.retention),
        api{.unready_reasons = [this] { return unready(); },
            .metrics_text = [this] { return expose(); },
            .reload_config = [this] { return reload(); },
            .store_changed = [this] { watch->poke(); },
            .open_access = open_access(),
            .random = crypto::system_random(),
            .keys = plan.keys},
        database(open_store, database_readers),
        spending(ledger, database),
        limiter(counters, spending, time) {
    watch = std::make_unique<store::change_watch>(open_store, change_period,
                                                  [this](sql::connection& on, std::int64_t) { return refresh(on); });
    load_store();
    build_workers();
    chores = std::make_unique<upkeep>(database, keys, [this] { return take_last_used(); });
    describe_metrics();
  }

  ~impl() { stop(); }

  std::function<std::shared_ptr<const auth::principal>()> open_access() {
    if (!plan.open_access) return {};
    if (!is_loopback(plan.listen.host) || !is_loopback(plan.admin_listen.host)) {
      throw std::runtime_error(
          "GATEWAY_DEV lets everybody in, so it is only allowed while both listeners are on loopback addresses.");
    }
    telemetry::log::warning("GATEWAY_DEV is set: requests without a token are let in");
    return [this] { return state.anybody(); };
  }

  void load_store() {
    const auto on = need(open_store());
    if (const auto loaded = state.reload(*on); !loaded)
      throw std::runtime_error("The store cannot be read: " + loaded.error().message() + ". " +
                               std::string(on->last_message()));
    const auto states = store::integrations::list_states(*on);
    if (states) keys.restore(*states);
  }

  void build_workers() {
    need_free(plan.listen);
    need_free(plan.admin_listen);
    shared = std::make_unique<shared_rooms>(
        shared_rooms{.plan = plan,
                     .time = time,
                     .limits = limiter,
                     .health = health,
                     .keys = keys,
                     .ledger = ledger,
                     .database = database,
                     .callbacks = callbacks,
                     .state = state,
                     .proxies = proxies,
                     .engine_settings = engine_settings,
                     .forwarded_headers = forwarded_headers,
                     .lockout = auth::make_lockout(plan.auth_failures_per_minute, plan.auth_lockout),
                     .client_tls = provider_tls(plan),
                     .server_tls = listener_tls(plan),
                     .resolver = resolver,
                     .connections = connections,
                     .api = api});
    for (std::size_t i = 0; i < plan.threads; ++i) {
      workers.push_back(std::make_unique<worker_house>(i, *shared));
      need(workers.back()->open());
    }
  }

  bool refresh(sql::connection& on) {
    const auto done = state.reload(on);
    if (!done) telemetry::log::error("a change in the store could not be read", {{"error", done.error().message()}});
    return !done.has_error();
  }

  std::vector<std::pair<std::string, epoch_ms>> take_last_used() {
    std::vector<std::pair<std::string, epoch_ms>> all;
    for (auto& w : workers) {
      auto some = w->tokens().take_last_used();
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }

  std::vector<std::string> reload() {
    auto next = plan.read_again();
    if (!next) {
      for (const auto& fault : next.error())
        telemetry::log::error("the configuration was not reloaded", {{"fault", fault}});
      return next.error();
    }
    state.reconfigure(next->catalogue, next->default_rpm);
    engine_settings.publish(std::make_shared<engine::options>(next->engine));
    proxies.publish(std::make_shared<auth::trusted_proxies>(next->trusted_proxies));
    forwarded_headers.publish(std::make_shared<std::vector<std::string>>(next->forwarded_headers));
    telemetry::log::info("configuration reloaded");
    return {};
  }

  std::vector<std::string> unready() {
    std::vector<std::string> reasons;
    for (const auto& w : workers) {
      if (!w->spool().has_room()) {
        reasons.emplace_back("the receipt spool is full");
        break;
      }
    }
    return reasons;
  }

  std::string expose() {
    std::string text;
    metrics.expose(text);
    return text;
  }

  void describe_metrics() {
    const auto observe = [this](const char* name, const char* help, std::function<std::int64_t()> ask) {
      metrics.add_observed_gauge(name, help, {}, std::move(ask));
    };
    const auto count = [this](const char* name, const char* help, std::function<std::int64_t()> ask) {
      metrics.add_observed_counter(name, help, {}, std::move(ask));
    };
    observe("spidergate_connections_open", "Client connections open now.", [this] { return connections.open.load(); });
    count("spidergate_connections_total", "Client connections accepted.",
          [this] { return static_cast<std::int64_t>(connections.accepted.load()); });
    count("spidergate_connections_refused_total", "Client connections refused over the limit.",
          [this] { return static_cast<std::int64_t>(connections.refused_over_limit.load()); });
    count("spidergate_refused_heads_total", "Requests refused for a malformed head or framing.",
          [this] { return static_cast<std::int64_t>(connections.refused_heads.load()); });
    count("spidergate_client_timeouts_total", "Client connections closed because they were too slow.",
          [this] { return static_cast<std::int64_t>(connections.timeouts.load()); });
    count("spidergate_accept_failures_total", "Connections that could not be accepted.",
          [this] { return static_cast<std::int64_t>(connections.accept_failures.load()); });
    count("spidergate_handshake_failures_total", "TLS handshakes with clients that failed.",
          [this] { return static_cast<std::int64_t>(connections.handshake_failures.load()); });
    count("spidergate_receipts_loaded_total", "Receipts moved from the spool into the database.",
          [this] { return static_cast<std::int64_t>(ledger.figures().loaded.load()); });
    count("spidergate_receipts_failed_batches_total",
          "Batches of receipts that the database refused; they are tried again.",
          [this] { return static_cast<std::int64_t>(ledger.figures().failed_batches.load()); });
    count("spidergate_receipts_corrupt_total", "Spool records that could not be read.",
          [this] { return static_cast<std::int64_t>(ledger.figures().corrupt_records.load()); });
    observe("spidergate_spool_pending_bytes", "Bytes of receipts that are not in the database yet.", [this] {
      std::size_t pending = 0;
      for (const auto& w : workers) pending += w->spool().pending_bytes();
      return static_cast<std::int64_t>(pending);
    });
    observe("spidergate_ledger_healthy", "1 while receipts reach the database.",
            [this] { return ledger.healthy() ? 1 : 0; });
    observe("spidergate_breakers_open", "Candidates whose circuit breaker is not closed.", [this] {
      std::int64_t open = 0;
      for (const auto& c : health.all()) open += c.seen.state == router::candidate_health::breaker::closed ? 0 : 1;
      return open;
    });
    observe("spidergate_limit_counters", "Counters of limits in memory.",
            [this] { return static_cast<std::int64_t>(counters.stats().cells); });
  }

  /// Stops accepting, lets what runs finish within the drain time, closes the rest.
  void drain() {
    telemetry::log::info("draining", {{"timeout", to_duration_text(plan.drain_timeout)}});
    api.draining.store(true);
    for (auto& w : workers) w->drain();
    const auto until = time.steady_now() + plan.drain_timeout;
    while (open_connections() > 0 && time.steady_now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (const auto left = open_connections(); left > 0) {
      telemetry::log::warning("closing connections that did not finish in time",
                              {{"connections", static_cast<std::int64_t>(left)}});
      for (auto& w : workers) w->close_all();
      const auto grace = time.steady_now() + std::chrono::seconds(1);
      while (open_connections() > 0 && time.steady_now() < grace)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  std::size_t open_connections() {
    std::size_t open = 0;
    for (auto& w : workers) open += w->open_connections();
    return open;
  }

  void stop() {
    watch.reset();
    chores.reset();
    for (auto& w : workers) w->stop();
  }

  int run() {
    asio::io_context io(1);
    asio::signal_set signals(io, SIGTERM, SIGINT, SIGHUP);
    std::function<void()> wait = [&] {
      signals.async_wait([&](const error_code& failed, int number) {
        if (failed) return;
        if (number != SIGHUP) return;  // run() returns: nothing more is waited for
        (void)reload();
        wait();
      });
    };
    wait();
    for (auto& w : workers) w->start();
    telemetry::log::info("serving",
                         {{"public", plan.listen.host + ":" + std::to_string(workers.front()->public_port())},
                          {"admin", plan.admin_listen.host + ":" + std::to_string(workers.front()->admin_port())},
                          {"threads", static_cast<std::int64_t>(plan.threads)}});
    io.run();
    drain();
    stop();
    if (!ledger.flush(std::chrono::seconds(5)))
      telemetry::log::warning("receipts are left in the spool; the next start loads them");
    return 0;
  }
};

server::server(server_plan plan) : impl_(std::make_unique<impl>(std::move(plan))) {}
server::~server() = default;
int server::run() {
  return impl_->run();
}

}  // namespace spidergate::app
