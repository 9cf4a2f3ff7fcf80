#pragma once
#include <spidergate/config/load.hpp>
#include <spidergate/crypto/random.hpp>
#include <spidergate/kv/redis_counters.hpp>
#include <spidergate/runtime/clock.hpp>
#include <spidergate/store/database.hpp>
#include <spidergate/store/sql.hpp>
#include <spidergate/vault/envelope.hpp>

#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::cli {

/// Exit codes of spec section 5.
enum class exit_code : int {
  ok = 0,
  failed = 1,
  usage = 2,
  not_found = 3,
  not_reachable = 4,
};

/// A command that cannot go on: one sentence that says what to do, and the exit code. Thrown inside commands, caught
/// once in run().
struct command_error {
  exit_code code = exit_code::failed;
  std::string message;
};

/// Options that every command takes.
struct common_options {
  std::string config_path;  ///< --config
  std::string data_dir;     ///< --data-dir
  bool json = false;        ///< --json
};

/// Opens what database.url names; a PostgreSQL that is away fails with the first statement. Keeps copies of what it
/// needs. The database is not migrated.
[[nodiscard]] store::database::opener database_opener(const config::settings& from);
/// database.url and redis.url as they may be shown: without user and password.
[[nodiscard]] std::string shown_database(const config::loaded& from);
[[nodiscard]] std::string shown_redis(const config::loaded& from);

/// How to reach what redis.url names; not to be asked when that is empty.
[[nodiscard]] kv::redis_options redis_options_from(const config::settings& from);

/// What commands work with: configuration, database, vault keys, output. Opened lazily, so that `version` needs none of
/// it. One thread.
class context {
 public:
  context(common_options options, std::map<std::string, std::string> environment, std::ostream& out, std::ostream& err);
  ~context();

  [[nodiscard]] const common_options& options() const noexcept { return options_; }
  [[nodiscard]] std::ostream& out() noexcept { return out_; }
  [[nodiscard]] std::ostream& err() noexcept { return err_; }
  [[nodiscard]] const std::map<std::string, std::string>& environment() const noexcept { return environment_; }
  [[nodiscard]] std::int64_t now_us() const;
  [[nodiscard]] epoch_ms now() const { return now_us() / 1000; }
  [[nodiscard]] crypto::random_source& random() const;

  /// More flags for the configuration ("--listen" and the like); before config() is first called.
  void add_flag(config::flag_value flag);
  [[nodiscard]] config::load_input config_input() const;
  /// The configuration; faults are a command_error that lists them all.
  const config::loaded& config();
  /// The data directory, made (0700) when absent.
  const std::string& data_dir();
  /// The database, migrated. One that cannot be reached is exit_code::not_reachable.
  sql::connection& database();
  /// Gives the connection back, where others are used from now on.
  void close_database() noexcept { database_.reset(); }
  /// The vault's keys: configured, or master.key of the data directory (made when absent).
  const vault::key_ring& keys();
  [[nodiscard]] bool made_master_key() const noexcept { return made_master_key_; }

 private:
  common_options options_;
  std::map<std::string, std::string> environment_;
  std::ostream& out_;
  std::ostream& err_;
  std::vector<config::flag_value> flags_;
  std::unique_ptr<config::loaded> config_;
  std::optional<std::string> data_dir_;
  std::unique_ptr<sql::connection> database_;
  std::unique_ptr<vault::key_ring> keys_;
  bool made_master_key_ = false;
};

/// The value of a store call, or a command_error saying that `what` could not be done.
template <class T>
T need(context& in, result<T> got, std::string_view what);
[[noreturn]] void store_failed(context& in, const error_code& code, std::string_view what);

template <class T>
T need(context& in, result<T> got, std::string_view what) {
  if (!got) store_failed(in, got.error(), what);
  if constexpr (!std::is_void_v<T>) return std::move(*got);
}

}  // namespace spidergate::cli
