#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/core/secret_string.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace spidergate::config {

using std::chrono::milliseconds;

/// Where a listener binds: a literal IPv4 or IPv6 address and a port, 0 for any free one.
struct listen_address {
  std::string host;
  std::uint16_t port = 0;
  /// "127.0.0.1:4080", "[::1]:4080".
  [[nodiscard]] std::string text() const;
  friend bool operator==(const listen_address&, const listen_address&) = default;
};

/// What happens to limits while Redis cannot be reached.
enum class redis_lost : std::uint8_t {
  local,  ///< each replica enforces them by itself
  deny,   ///< 503
};

/// Whose prompts and answers the ledger keeps.
enum class kept_content : std::uint8_t {
  none,
  brand,  ///< of brands that opted in
  all,
};

enum class database_kind : std::uint8_t { sqlite, postgresql };

/// Everything that can be configured, validated: the values of spec section 4. Made by load(); immutable from then on.
/// Names, defaults, bounds and meanings are those of the table in src/config/declarations.cpp, from which
/// config/spidergate.yaml is printed.
struct settings {
  std::string data_dir;

  struct {
    listen_address listen, admin_listen;
    int threads = 0;  ///< 0: one per core
    std::size_t max_body_bytes = 0, max_header_bytes = 0;
    milliseconds header_timeout{}, body_timeout{}, idle_timeout{}, write_timeout{}, drain_timeout{};
    std::size_t max_connections = 0;
    std::vector<std::string> trusted_proxies;  ///< CIDRs or addresses
    std::size_t memory_limit = 0;              ///< bytes; 0: the container's limit, else none
    bool dev = false;
    struct {
      std::string cert_file, key_file;  ///< both or neither
    } tls;
  } server;

  struct {
    secret_string url;  ///< may hold a password
    database_kind kind = database_kind::sqlite;
    std::string sqlite_path;  ///< of sqlite URLs, {data_dir} filled in
    int pool_size = 0;        ///< postgresql: the most connections of the process; sqlite: readers
    milliseconds connect_timeout{}, statement_timeout{};
  } database;

  struct {
    secret_string url;  ///< empty: no Redis
    std::string key_prefix;
    redis_lost on_unavailable = redis_lost::local;
    milliseconds timeout{}, connect_timeout{};
    std::string ca_file;
  } redis;

  struct {
    secret_string encryption_key;              ///< 64 hex digits, or empty: the data directory's master.key
    std::vector<secret_string> previous_keys;  ///< 64 hex digits each
    bool allow_private_base_urls = false;
  } vault;

  struct {
    milliseconds timeout{}, connect_timeout{}, tls_timeout{}, first_byte_timeout{}, first_content_timeout{};
    milliseconds stream_idle_timeout{}, stream_keep_alive{};
    int retry_count = 0, max_attempts = 0;
    std::size_t max_connections_per_origin = 0;
    std::vector<std::string> forward_headers;  ///< lower case
    std::string extra_ca_file;
  } engine;

  struct {
    int failures = 0;
    milliseconds window{}, cooldown{};
    int half_open_requests = 0;
  } breaker;

  struct {
    std::int64_t default_rpm = 0;  ///< 0: none
    int auth_failures_per_ip = 0;
    milliseconds auth_lockout{}, auth_cache_stale{};
  } limits;

  struct {
    bool enabled = false;
    milliseconds ttl{};
    std::size_t max_bytes = 0;
    struct {
      bool enabled = false;
      double threshold = 0;
      std::string embedding_model;
    } semantic;
  } cache;

  struct {
    milliseconds retention{};
    kept_content content = kept_content::none;
  } ledger;

  /// The sections `providers`, `aliases` and `rules`.
  catalogue::overlay overlay;
};

}  // namespace spidergate::config
