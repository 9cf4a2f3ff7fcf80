#include "server.hpp"

#include "ledger_spending.hpp"
#include "memory_watch.hpp"
#include "model_discovery.hpp"
#include "readiness.hpp"
#include "request_metrics.hpp"
#include "server_metrics.hpp"
#include "snapshot_keeper.hpp"
#include "store_contact.hpp"
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

/// Counters that all replicas share, around those of this process; null without Redis.
std::unique_ptr<kv::redis_counters> shared_counters(const server_plan& plan, kv::memory_counters& local,
                                                    runtime::blocking_pool& resolver, const runtime::clock& time) {
  if (!plan.redis) return nullptr;
  return std::make_unique<kv::redis_counters>(*plan.redis, local, resolver, time);
}

}  // namespace

/// Members stand in the order in which they are built; they go in the opposite one.
struct server::impl {
  server_plan plan;
  beginning from;
  const runtime::clock& time = runtime::system_clock();
  telemetry::registry metrics;
  runtime::blocking_pool resolver;
  kv::memory_counters local_counters;
  std::unique_ptr<kv::redis_counters> redis;
  kv::counter_store& counters;
  vault::vault keys;
  store_state state;
  store_contact contact;
  std::unique_ptr<snapshot_keeper> snapshot;  ///< null: the database is a file of ours
  engine::health_board health;
  request_metrics callbacks;
  runtime::published<auth::trusted_proxies> proxies;
  runtime::published<engine::options> engine_settings;
  runtime::published<std::vector<std::string>> forwarded_headers;
  http::connection_counters connections;
  std::atomic<bool> end_keep_alive{false};
  std::atomic<std::size_t> memory_limit;
  ledger::loader ledger;
  api::shared_state api;
  std::unique_ptr<shared_rooms> shared;
  std::vector<std::unique_ptr<worker_house>> workers;
  readiness ready;
  std::atomic<bool> catching_up{false};
  std::string said_of_catching_up;  ///< the database writer's
  // After the workers, so that what still waits for it is answered before they go.
  store::database database;
  ledger_spending spending;
  limits::limiter limiter;
  std::unique_ptr<store::change_watch> watch;
  std::unique_ptr<model_discovery> discovery;
  std::unique_ptr<upkeep> chores;

  impl(server_plan p, beginning b)
      : plan(std::move(p)),
        from(std::move(b)),
        metrics(plan.threads),
        resolver(resolver_threads, resolver_queue),
        redis(shared_counters(plan, local_counters, resolver, time)),
        counters(redis ? static_cast<kv::counter_store&>(*redis) : local_counters),
        keys(plan.keys, counters, time),
        state(plan.live.catalogue, plan.live.default_rpm, keys),
        contact(plan.database.remote, plan.live.auth_cache_stale, time),
        health(plan.breaker, time),
        callbacks(metrics),
        proxies(std::make_shared<auth::trusted_proxies>(plan.live.trusted_proxies)),
        engine_settings(std::make_shared<engine::options>(plan.live.engine)),
        forwarded_headers(std::make_shared<std::vector<std::string>>(plan.live.forwarded_headers)),
        memory_limit(plan.live.memory_limit),
        ledger(spool_folder(plan), plan.database.open, plan.retention),
        api{.unready_reasons = [this] { return ready.unready(); },
            .degraded_reasons = [this] { return ready.degraded(); },
            .metrics_text = [this] { return expose(); },
            .reload_config = [this] { return reload(); },
            .store_changed = [this] { watch->poke(); },
            .open_access = open_access(),
            .random = crypto::system_random(),
            .keys = plan.keys},
        ready({.workers = workers,
               .contact = contact,
               .ledger = ledger,
               .redis = redis.get(),
               .deny_without_redis = plan.redis && plan.redis->deny_when_lost,
               .memory_is_short = api.shedding}),
        database(plan.database.open, plan.database.readers),
        spending(ledger, database),
        limiter(counters, spending, time) {
    if (auto file = snapshot_of(plan, api.random))
      snapshot = std::make_unique<snapshot_keeper>(std::move(*file), state, contact);
    watch = std::make_unique<store::change_watch>(plan.database.open, change_period,
                                                  [this](sql::connection& on, std::int64_t) { return refresh(on); });
    const auto states = load_store();
    contact.follow(watch.get());
    build_workers();
    describe_metrics(metrics, {.connections = connections,
                               .ledger = ledger,
                               .workers = workers,
                               .health = health,
                               .local_counters = local_counters,
                               .redis = redis.get(),
                               .contact = contact,
                               .snapshot = snapshot.get(),
                               .spending = spending,
                               .time = time});
    discovery = std::make_unique<model_discovery>(state, keys, engine_settings, resolver, shared->client_tls, time);
    chores = std::make_unique<upkeep>(
        database, keys, states, [this] { return take_last_used(); },
        [this](std::span<const store::integration_state_record> known, bool last) { each_second(known, last); });
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

  /// The rows to begin with, from the database or from the local snapshot; returns the states of the keys.
  std::vector<store::integration_state_record> load_store() {
    if (from.saved) {
      auto saved = std::move(*from.saved);
      from.saved.reset();
      contact.begin(saved.as_of, true);
      state.use(std::move(saved.rows));
      keys.restore(saved.states);
      return std::move(saved.states);
    }
    contact.begin(time.epoch_now(), false);
    const auto on = need(plan.database.open());
    if (const auto loaded = state.reload(*on); !loaded)
      throw std::runtime_error("The store cannot be read: " + loaded.error().message() + ". " +
                               std::string(on->last_message()));
    auto states = store::integrations::list_states(*on);
    if (!states) return {};
    keys.restore(*states);
    return std::move(*states);
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
                     .tokens_too_old = contact.too_old(),
                     .end_keep_alive = end_keep_alive,
                     .client_tls = provider_tls(plan),
                     .server_tls = listener_tls(plan),
                     .resolver = resolver,
                     .connections = connections,
                     .api = api});
    for (std::size_t i = 0; i < plan.threads; ++i) {
      workers.push_back(std::make_unique<worker_house>(i, *shared));
      if (redis) redis->attach(workers.back()->home());
      need(workers.back()->open());
    }
  }

  /// Called by the change watch. Rows of a database that was not looked at since a boot without it are not read.
  bool refresh(sql::connection& on) {
    if (contact.behind()) return false;
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
    contact.believe_for(next->auth_cache_stale);
    memory_limit = next->memory_limit;
    telemetry::log::info("configuration reloaded");
    return {};
  }

  std::string expose() {
    std::string text;
    metrics.expose(text);
    return text;
  }

  /// On upkeep's thread.
  void each_second(std::span<const store::integration_state_record> known, bool last) {
    contact.check();
    if (!last) discovery->tick();
    if (contact.behind() && !last) catch_up();
    if (snapshot) snapshot->keep(known, last);
    watch_memory();
  }

  /// After a boot without the database: one try at a time, on the database's writer.
  void catch_up() {
    if (catching_up.exchange(true)) return;
    const bool queued = database.post_write([this](sql::connection& on) {
      const auto done = from.prepare_later(on);
      if (done) {
        contact.caught_up();  // the change watch reads the rows with its next look
      } else if (done.error() != said_of_catching_up) {
        telemetry::log::warning("the database cannot be used yet", {{"reason", done.error()}});
        said_of_catching_up = done.error();
      }
      catching_up = false;
    });
    if (!queued) catching_up = false;
  }

  void watch_memory() {
    const auto limit = memory_limit.load();
    auto level = level_of(limit == 0 ? 0 : resident_bytes(), limit);
    if (level != memory_level::fine) {
      // What was freed may still be the allocator's.
      give_pages_back();
      level = level_of(resident_bytes(), limit);
    }
    end_keep_alive = level != memory_level::fine;
    const bool short_now = level == memory_level::short_of;
    if (api.shedding.exchange(short_now) == short_now) return;
    if (short_now)
      telemetry::log::warning("memory is short: new requests are answered 503", {{"limit_bytes", limit}});
    else
      telemetry::log::info("memory suffices again");
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
    chores.reset();
    discovery.reset();
    contact.follow(nullptr);
    watch.reset();
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
    keep_freed_pages();
    for (auto& w : workers) w->start();
    telemetry::log::info("serving",
                         {{"public", plan.listen.host + ":" + std::to_string(workers.front()->public_port())},
                          {"admin", plan.admin_listen.host + ":" + std::to_string(workers.front()->admin_port())},
                          {"threads", static_cast<std::int64_t>(plan.threads)}});
    io.run();
    drain();
    if (redis) std::this_thread::sleep_for(plan.redis->timeout);  // the last settlements are on their way
    stop();
    if (!ledger.flush(std::chrono::seconds(5)))
      telemetry::log::warning("receipts are left in the spool; the next start loads them");
    return 0;
  }
};

server::server(server_plan plan, beginning from) : impl_(std::make_unique<impl>(std::move(plan), std::move(from))) {}
server::~server() = default;
int server::run() {
  return impl_->run();
}

}  // namespace spidergate::app
