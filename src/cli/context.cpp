#include <spidergate/cli/context.hpp>
#include <spidergate/store/errc.hpp>

#include <filesystem>
#include <system_error>

namespace spidergate::cli {

context::context(common_options options, std::map<std::string, std::string> environment, std::ostream& out,
                 std::ostream& err)
    : options_(std::move(options)), environment_(std::move(environment)), out_(out), err_(err) {}

context::~context() = default;

std::int64_t context::now_us() const {
  return runtime::system_clock().epoch_us_now();
}
crypto::random_source& context::random() const {
  return crypto::system_random();
}

void context::add_flag(config::flag_value flag) {
  flags_.push_back(std::move(flag));
}

config::load_input context::config_input() const {
  config::load_input input{.config_path = std::nullopt, .environment = environment_, .flags = flags_};
  if (!options_.config_path.empty()) input.config_path = options_.config_path;
  if (!options_.data_dir.empty())
    input.flags.push_back({.name = "--data-dir", .key = "data_dir", .text = options_.data_dir});
  return input;
}

const config::loaded& context::config() {
  if (config_) return *config_;
  auto loaded = config::load(config_input());
  if (!loaded) {
    std::string message;
    for (const auto& fault : loaded.error()) message += (message.empty() ? "" : "\n") + fault.text();
    throw command_error{exit_code::failed, std::move(message)};
  }
  config_ = std::make_unique<config::loaded>(std::move(*loaded));
  return *config_;
}

const std::string& context::data_dir() {
  if (data_dir_) return *data_dir_;
  const auto& folder = config().values.data_dir;
  std::error_code failed;
  if (std::filesystem::create_directories(folder, failed))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  if (!std::filesystem::is_directory(folder)) {
    throw command_error{exit_code::failed, "The data directory '" + folder + "' cannot be made: " + failed.message() +
                                               ". Give another with --data-dir."};
  }
  return data_dir_.emplace(folder);
}

store::database::opener database_opener(const config::settings& from) {
  const auto& named = from.database;
  if (named.kind == config::database_kind::sqlite)
    return [path = named.sqlite_path] { return store::open_sqlite(path); };
  return
      [how = store::postgresql_options{
           .url = named.url, .connect_timeout = named.connect_timeout, .statement_timeout = named.statement_timeout}] {
        return store::open_postgresql(how);
      };
}

namespace {

/// A setting that is a URL, for people: without user and password.
std::string shown_url(const config::loaded& from, const std::vector<std::string>& path) {
  for (const auto& shown : from.effective) {
    if (shown.path != path) continue;
    auto url = shown.text;
    const auto begin = url.find("://");
    const auto end = url.find('@');
    if (begin != std::string::npos && end != std::string::npos) url.erase(begin + 3, end - begin - 2);
    return url;
  }
  return {};
}

}  // namespace

std::string shown_database(const config::loaded& from) {
  if (from.values.database.kind == config::database_kind::sqlite) return from.values.database.sqlite_path;
  return shown_url(from, {"database", "url"});
}

std::string shown_redis(const config::loaded& from) {
  return shown_url(from, {"redis", "url"});
}

kv::redis_options redis_options_from(const config::settings& from) {
  const auto& named = from.redis;
  return {.url = named.url,
          .key_prefix = named.key_prefix,
          .extra_ca_file = named.ca_file,
          .deny_when_lost = named.on_unavailable == config::redis_lost::deny,
          .connect_timeout = named.connect_timeout,
          .timeout = named.timeout};
}

sql::connection& context::database() {
  if (database_) return *database_;
  data_dir();
  auto opened = database_opener(config().values)();
  if (!opened) throw command_error{exit_code::not_reachable, opened.error()};
  // PostgreSQL is reached with the first statement; what it says then is not about the schema.
  if (const auto asked = (*opened)->exec("SELECT CAST(1 AS BIGINT)"); !asked) {
    throw command_error{exit_code::not_reachable, "The database " + shown_database(config()) + " cannot be reached (" +
                                                      std::string((*opened)->last_message()) +
                                                      "): start it, or correct database.url."};
  }
  if (const auto migrated = store::migrate(**opened, now()); !migrated)
    throw command_error{exit_code::failed, migrated.error()};
  database_ = std::move(*opened);
  return *database_;
}

const vault::key_ring& context::keys() {
  if (keys_) return *keys_;
  const auto& configured = config().values.vault;
  auto ring = std::make_unique<vault::key_ring>();
  const auto from_hex = [](const secret_string& hex) {
    auto key = vault::master_key::from_hex(hex.reveal());
    if (!key) throw command_error{exit_code::failed, "A vault encryption key must be 64 hex digits."};
    return std::move(*key);
  };
  if (configured.encryption_key.empty()) {
    auto file = vault::load_or_create_master_key(data_dir() + "/master.key", random());
    if (!file) throw command_error{exit_code::failed, file.error()};
    ring->current = std::move(file->key);
    made_master_key_ = file->created;
  } else {
    ring->current = from_hex(configured.encryption_key);
  }
  for (const auto& hex : configured.previous_keys) ring->previous.push_back(from_hex(hex));
  keys_ = std::move(ring);
  return *keys_;
}

void store_failed(context& in, const error_code& code, std::string_view what) {
  auto message = std::string(what) + ": " + code.message() + ".";
  if (const auto detail = in.database().last_message(); !detail.empty()) message += " (" + std::string(detail) + ")";
  const bool away = code == make_error_code(store::errc::unavailable);
  throw command_error{away ? exit_code::not_reachable : exit_code::failed, std::move(message)};
}

}  // namespace spidergate::cli
