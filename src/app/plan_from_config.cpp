#include "plan_from_config.hpp"

#include "memory_watch.hpp"

#include <algorithm>
#include <thread>

namespace spidergate::app {

namespace {

live_plan live_from(const config::loaded& from) {
  const auto& e = from.values.engine;
  live_plan live;
  live.catalogue = from.catalogue;
  live.engine = {.timeout = e.timeout,
                 .connect_timeout = e.connect_timeout,
                 .tls_timeout = e.tls_timeout,
                 .first_byte_timeout = e.first_byte_timeout,
                 .first_content_timeout = e.first_content_timeout,
                 .stream_idle_timeout = e.stream_idle_timeout,
                 .stream_keep_alive = e.stream_keep_alive,
                 .retry_count = e.retry_count,
                 .max_attempts = e.max_attempts,
                 .allow_private_base_urls = from.values.vault.allow_private_base_urls};
  live.default_rpm = from.values.limits.default_rpm;
  live.auth_cache_stale = from.values.limits.auth_cache_stale;
  live.memory_limit = from.values.server.memory_limit > 0 ? from.values.server.memory_limit : container_limit();
  live.trusted_proxies = from.values.server.trusted_proxies;
  live.forwarded_headers = {"anthropic-version", "anthropic-beta", "openai-beta", "traceparent"};
  live.forwarded_headers.insert(live.forwarded_headers.end(), e.forward_headers.begin(), e.forward_headers.end());
  return live;
}

void refuse_what_is_not_served(const config::settings& values) {
  const auto refuse = [](std::string message) { throw cli::command_error{cli::exit_code::failed, std::move(message)}; };
  if (values.cache.enabled) refuse("cache.enabled is set, but this version has no cache: remove it.");
}

database_plan database_from(const config::loaded& from) {
  const auto& named = from.values.database;
  const auto pool = static_cast<std::size_t>(named.pool_size);
  // The change watch, the ledger's loader and the writer are of the pool; config knows that a reader is left.
  constexpr std::size_t not_readers = 3;
  const bool remote = named.kind == config::database_kind::postgresql;
  return {.open = cli::database_opener(from.values),
          .remote = remote,
          .shown = cli::shown_database(from),
          .readers = remote ? pool - not_readers : pool};
}

std::optional<kv::redis_options> redis_from(const config::settings& values) {
  if (values.redis.url.empty()) return std::nullopt;
  return cli::redis_options_from(values);
}

}  // namespace

server_plan plan_from(cli::context& from) {
  const auto& loaded = from.config();
  const auto& v = loaded.values;
  refuse_what_is_not_served(v);
  server_plan plan;
  plan.live = live_from(loaded);
  plan.data_dir = from.data_dir();
  plan.database = database_from(loaded);
  plan.redis = redis_from(v);
  plan.listen = {.host = v.server.listen.host, .port = v.server.listen.port};
  plan.admin_listen = {.host = v.server.admin_listen.host, .port = v.server.admin_listen.port};
  plan.tls_cert_file = v.server.tls.cert_file;
  plan.tls_key_file = v.server.tls.key_file;
  plan.threads = v.server.threads > 0 ? static_cast<std::size_t>(v.server.threads)
                                      : std::max(1U, std::thread::hardware_concurrency());
  plan.http = {.max_body_bytes = v.server.max_body_bytes,
               .max_header_bytes = v.server.max_header_bytes,
               .max_connections = v.server.max_connections,
               .header_timeout = v.server.header_timeout,
               .body_timeout = v.server.body_timeout,
               .idle_timeout = v.server.idle_timeout,
               .write_timeout = v.server.write_timeout};
  plan.drain_timeout = v.server.drain_timeout;
  plan.breaker = {.failures = v.breaker.failures,
                  .window = v.breaker.window,
                  .cooldown = v.breaker.cooldown,
                  .half_open_requests = v.breaker.half_open_requests};
  plan.upstream.max_connections_per_origin = v.engine.max_connections_per_origin;
  plan.extra_ca_file = v.engine.extra_ca_file;
  plan.auth_failures_per_minute = v.limits.auth_failures_per_ip;
  plan.auth_lockout = v.limits.auth_lockout;
  plan.retention = v.ledger.retention;
  plan.keys = from.keys();
  plan.open_access = v.server.dev;
  plan.read_again = [input = from.config_input()]() -> boost::system::result<live_plan, std::vector<std::string>> {
    const auto again = config::load(input);
    if (again) return live_from(*again);
    std::vector<std::string> faults;
    for (const auto& fault : again.error()) faults.push_back(fault.text());
    return faults;
  };
  return plan;
}

}  // namespace spidergate::app
