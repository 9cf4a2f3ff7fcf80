#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/engine/engine.hpp>
#include <spidergate/http/limits.hpp>
#include <spidergate/kv/redis_counters.hpp>
#include <spidergate/store/database.hpp>
#include <spidergate/upstream/client.hpp>
#include <spidergate/vault/envelope.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace spidergate::app {

/// Where to listen.
struct listen_address {
  std::string host;
  std::uint16_t port = 0;
};

/// What may change while the server runs (SIGHUP, POST /api/v1/config/reload). Everything else needs a restart.
struct live_plan {
  std::shared_ptr<const catalogue::catalogue> catalogue;
  engine::options engine;
  std::int64_t default_rpm = 60;
  std::vector<std::string> trusted_proxies;
  std::vector<std::string> forwarded_headers;  ///< lower case
  std::chrono::milliseconds auth_cache_stale{600'000};
  std::size_t memory_limit = 0;  ///< bytes; 0: none
};

/// The database, in the terms of the store.
struct database_plan {
  store::database::opener open;
  bool remote = false;      ///< PostgreSQL: may be away while we run
  std::string shown;        ///< for people, without a password; also tells databases apart
  std::size_t readers = 2;  ///< besides one connection each for the writer, the change watch and the ledger's loader
};

/// All that a server needs to know, in the terms of the rooms.
struct server_plan {
  live_plan live;
  std::string data_dir;
  database_plan database;
  std::optional<kv::redis_options> redis;  ///< nothing: counters are this process's
  listen_address listen;
  listen_address admin_listen;
  std::string tls_cert_file, tls_key_file;
  std::size_t threads = 1;
  http::limits http;
  std::chrono::milliseconds drain_timeout{30'000};
  engine::breaker_options breaker;
  upstream::client_options upstream;
  std::string extra_ca_file;
  std::int64_t auth_failures_per_minute = 20;
  std::chrono::milliseconds auth_lockout{300'000};
  std::chrono::milliseconds retention{};
  vault::key_ring keys;
  bool open_access = false;  ///< GATEWAY_DEV: no token needed on loopback listeners
  /// Reads the configuration again; the faults when it cannot be used. Called on a blocking thread.
  std::function<boost::system::result<live_plan, std::vector<std::string>>()> read_again;
};

}  // namespace spidergate::app
