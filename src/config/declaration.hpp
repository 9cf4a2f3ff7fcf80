#pragma once
#include <spidergate/config/settings.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace spidergate::config {

/// How a setting's text is read.
enum class kind : std::uint8_t {
  flag,      ///< true, false
  count,     ///< an integer
  size,      ///< bytes; KiB, MiB and GiB are understood
  duration,  ///< 250ms, 10s, 5m, 24h, 90d, or seconds
  ratio,     ///< a decimal; the bounds are in hundredths
  choice,    ///< one of `choices`
  text,
  path,          ///< of a file or a folder; a leading ~ is the home folder
  address,       ///< address:port
  cidrs,         ///< a list of networks
  header_names,  ///< a list of HTTP header names
  database_url,
  redis_url,
  key,   ///< 64 hex digits
  keys,  ///< a list of them
};

/// A value that has been read. Choices are their index.
using value = std::variant<bool, std::int64_t, double, std::chrono::milliseconds, std::string, std::vector<std::string>,
                           listen_address>;

/// How a further environment variable is turned into the setting's text.
enum class env_form : std::uint8_t {
  same,  ///< as it is
  port,  ///< the port of an address whose host stays
  days,  ///< a number of days
};

struct further_env {
  std::string_view name;
  env_form form = env_form::same;
};

/// Everything there is to say about one setting, said once: reading, names of environment variables, `config check` and
/// the documentation come from it.
struct declaration {
  std::string_view key;  ///< "server.tls.cert_file"
  kind type;
  std::string_view fallback;         ///< the default, as text; of lists without brackets
  std::int64_t least = 0, most = 0;  ///< inclusive; of count, size (bytes), duration (ms), ratio (hundredths)
  bool restart_needed = false;       ///< a reload cannot change it
  std::string_view choices;          ///< "local|deny"
  std::string_view meaning;          ///< one line of documentation
  std::vector<further_env> envs;     ///< beside SPIDERGATE_SERVER_TLS_CERT_FILE
  void (*store)(settings&, const value&);

  [[nodiscard]] bool is_list() const noexcept {
    return type == kind::cidrs || type == kind::header_names || type == kind::keys;
  }
  /// Shown as ****.
  [[nodiscard]] bool is_secret() const noexcept { return type == kind::key || type == kind::keys; }
  /// May be given as NAME_FILE: everything that is or may hold a secret.
  [[nodiscard]] bool may_be_file() const noexcept {
    return is_secret() || type == kind::database_url || type == kind::redis_url;
  }
  /// "SPIDERGATE_SERVER_TLS_CERT_FILE".
  [[nodiscard]] std::string env_name() const;
};

/// The table, in the order of the documentation: settings of a section stand together.
[[nodiscard]] std::span<const declaration> declarations();
[[nodiscard]] const declaration* find_declaration(std::string_view key);

/// The words that say what a setting may be: "a duration from 100ms to 10m".
[[nodiscard]] std::string allowed_in_words(const declaration& what);

/// A setting as text, before it is read: a scalar, or the items of a list.
using raw_value = std::variant<std::string, std::vector<std::string>>;

struct read_value {
  value typed;
  std::string text;  ///< canonical and unmasked: durations in their shortest form, lists in brackets
};

/// Reads a value; nothing when it is not what allowed_in_words() says. A scalar given to a list is split at commas.
[[nodiscard]] std::optional<read_value> read(const declaration& what, const raw_value& raw);

/// What may be shown of a value.
[[nodiscard]] std::string masked(const declaration& what, std::string_view text);
/// A URL with its password replaced by ****; other text unchanged.
[[nodiscard]] std::string without_password(std::string_view url);

/// Reads "127.0.0.1:4080" and "[::1]:4080".
[[nodiscard]] std::optional<listen_address> parse_listen_address(std::string_view text);

}  // namespace spidergate::config
