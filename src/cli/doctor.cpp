#include "doctor.hpp"

#include "outbound.hpp"
#include "output.hpp"
#include "provider_keys.hpp"

#include <spidergate/kv/redis_counters.hpp>
#include <spidergate/ledger/ledger.hpp>
#include <spidergate/store/repositories.hpp>
#include <spidergate/vault/envelope.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <ostream>
#include <unistd.h>

namespace spidergate::cli {

namespace {

namespace fs = std::filesystem;

/// What a check saw. An empty `mend` is a good outcome.
struct finding {
  std::string detail;
  std::string mend;
};

class examination {
 public:
  explicit examination(context& in) : in_(in) {}

  /// A command_error is a finding too: its sentence says what to do.
  bool look(std::string_view name, const std::function<finding(context&)>& at) {
    finding seen;
    try {
      seen = at(in_);
    } catch (const command_error& error) {
      seen = {"it does not work", error.message};
    }
    add(name, seen);
    return seen.mend.empty();
  }

  void add(std::string_view name, const finding& seen) {
    record r;
    r.text("name", name).boolean("ok", seen.mend.empty()).text("detail", seen.detail).text_or_null("mend", seen.mend);
    rows_.push_back(std::move(r));
    if (!seen.mend.empty()) ++faults_;
  }

  exit_code report() {
    print_list(in_, rows_, {"name", "ok", "detail", "mend"}, "");
    if (faults_ == 0) return exit_code::ok;
    in_.err() << faults_ << (faults_ == 1 ? " thing needs" : " things need")
              << " mending: see the rows that are not ok.\n";
    return exit_code::failed;
  }

 private:
  context& in_;
  std::vector<record> rows_;
  std::size_t faults_ = 0;
};

finding look_at_config(context& in) {
  const auto& path = in.config().config_path;
  return {path.empty() ? "built-in defaults, no file" : path, {}};
}

finding look_at_data_dir(context& in) {
  constexpr std::uintmax_t enough = 256U << 20U;
  const auto& folder = in.data_dir();
  std::error_code failed;
  const auto room = fs::space(folder, failed);
  if (failed)
    return {folder, "Make '" + folder + "' readable, or give another with --data-dir: " + failed.message() + "."};
  const auto megabytes = std::to_string(room.available >> 20U) + " MiB free";
  if (room.available < enough)
    return {folder + ", " + megabytes, "Make room on its file system: under 256 MiB are left."};
  return {folder + ", " + megabytes, {}};
}

std::string counted(std::size_t number, std::string_view what) {
  return std::to_string(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

std::string migrations(int missing) {
  return counted(static_cast<std::size_t>(missing), "migration") + (missing == 1 ? " is" : " are") + " missing";
}

/// Whether the database takes writes: a transaction that is not committed.
result<void> try_to_write(sql::connection& on) {
  auto attempt = sql::transaction::begin(on);
  if (!attempt) return attempt.error();
  return store::meta::put(on, "doctor", "was here");
}

/// Looks without changing anything: the schema is not brought up to date here.
finding look_at_database(context& in) {
  const auto& named = in.config().values.database;
  const bool remote = named.kind == config::database_kind::postgresql;
  const auto shown = shown_database(in.config());
  if (!remote && !fs::exists(named.sqlite_path)) return {shown + ": none yet, the first start makes it", {}};
  const auto opened = database_opener(in.config().values)();
  if (!opened) return {shown, opened.error()};
  auto& on = **opened;
  const auto version = on.exec(remote ? "SELECT version()" : "SELECT 'SQLite ' || sqlite_version()");
  if (!version) {
    return {shown, "It cannot be reached (" + std::string(on.last_message()) +
                       "): start it, or correct database.url and what its user may do."};
  }
  const auto about = shown + ", " + version->at(0).text(0).substr(0, version->at(0).text(0).find(" ("));
  const auto missing = store::missing_migrations(on);
  if (!missing) return {about, missing.error()};
  if (*missing > 0)
    return {about + ", " + migrations(*missing),
            "Run `spidergate migrate`; the next start of the gateway does it, too."};
  if (const auto writable = try_to_write(on); !writable)
    return {about + ", takes no writes", "Make it writable (a primary server, not a standby; room on its disk): " +
                                             writable.error().message() + ". Receipts wait in the spool meanwhile."};
  const auto brands = store::brands::list(on);
  if (!brands) return {about, "The tables cannot be read: " + std::string(on.last_message()) + "."};
  return {about + ", " + counted(brands->size(), "brand"), {}};
}

finding look_at_redis(context& in) {
  const auto& values = in.config().values;
  if (values.redis.url.empty()) {
    const bool shared = values.database.kind == config::database_kind::postgresql;
    return {shared ? "not configured: fine for one replica; several would each enforce limits by themselves"
                   : "not configured: counters are kept in the process",
            {}};
  }
  const auto options = redis_options_from(values);
  const auto fault = kv::check_redis(options);
  const auto shown = "Redis at " + shown_redis(in.config());
  if (fault.empty()) return {shown + " answers", {}};
  return {shown + " does not work", fault + " Start it, or correct redis.url. Meanwhile " +
                                        (options.deny_when_lost ? "requests with limits are answered 503."
                                                                : "each replica enforces limits by itself.")};
}

/// Receipts that an outage has left behind.
finding look_at_spool(context& in) {
  const auto folder = in.data_dir() + "/spool";
  std::error_code failed;
  std::uintmax_t bytes = 0;
  std::size_t damaged = 0;
  for (const auto& file : fs::directory_iterator(folder, failed)) {
    if (file.path().extension() == ".damaged") ++damaged;
    std::error_code gone;  // the gateway removes segments meanwhile
    if (const auto size = file.file_size(gone); !gone) bytes += size;
  }
  if (failed == std::errc::no_such_file_or_directory) return {folder + ": none yet", {}};
  if (failed) return {folder, "Make '" + folder + "' readable and writable for the gateway: " + failed.message() + "."};
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return {folder, "Let the gateway's user write to '" + folder + "': without a spool no request is served."};
  const auto about = folder + ", " + std::to_string(bytes >> 20U) + " MiB";
  if (damaged > 0)
    return {about + ", " + counted(damaged, "damaged segment"),
            "Look at the files *.damaged there: what could be read of them is loaded; remove them when you are done."};
  return {about, {}};
}

finding look_at_clock(context& in) {
  constexpr epoch_ms earliest = 1'735'689'600'000;  // 2025-01-01
  constexpr epoch_ms latest = 4'102'444'800'000;    // 2100-01-01
  constexpr epoch_ms tolerance_ms = 300'000;
  const auto now = in.now();
  if (now < earliest || now > latest) return {to_iso8601(now), "Set this machine's clock (NTP): it is far off."};
  const auto newest = need(in, ledger::receipts::list(in.database(), {.limit = 1}), "The receipts cannot be read");
  if (!newest.items.empty() && newest.items.front().timestamp > now + tolerance_ms)
    return {to_iso8601(now), "Check this machine's clock (NTP): the newest receipt is of " +
                                 to_iso8601(newest.items.front().timestamp) + ", which is still to come."};
  return {to_iso8601(now), {}};
}

finding look_at_vault_key(context& in) {
  if (!in.config().values.vault.encryption_key.empty()) return {"configured", {}};
  const auto path = in.data_dir() + "/master.key";
  std::error_code failed;
  const auto status = fs::status(path, failed);
  if (!fs::exists(status)) return {"none yet: the first start makes one", {}};
  const auto open_to_others = status.permissions() & (fs::perms::group_all | fs::perms::others_all);
  if (open_to_others != fs::perms::none) return {path, "Others may use the vault's key: run `chmod 600 " + path + "`."};
  return {path + " (keep a copy: without it the stored keys are lost)", {}};
}

finding look_at_stored_keys(context& in) {
  std::size_t opened = 0;
  std::string shut;
  for (const auto& row : provider_keys(in, {})) {
    const vault::binding to{.brand_id = row.brand_id, .integration_id = row.id, .origin = row.origin};
    if (vault::open_credential(in.keys(), to, row.sealed))
      ++opened;
    else
      shut += (shut.empty() ? "" : ", ") + row.id;
  }
  if (shut.empty()) return {std::to_string(opened) + " open", {}};
  return {"these do not open: " + shut,
          "Put the master key that sealed them into vault.previous_keys, or remove them with "
          "`spidergate provider remove` and add them again."};
}

/// Where a provider's keys go, once per address.
struct destination {
  std::string provider, origin;
  upstream::parsed_url url;
  friend bool operator==(const destination& a, const destination& b) {
    return a.provider == b.provider && a.origin == b.origin;
  }
};

void look_at_providers(context& in, examination& all) {
  std::vector<destination> places;
  for (const auto& row : provider_keys(in, {})) {
    const auto* provider = in.config().catalogue->find_provider(row.provider);
    if (provider == nullptr) {
      all.add("provider " + row.provider, {"not known any more",
                                           "Define it in the configuration's `providers`, or remove "
                                           "its key with `spidergate provider remove " +
                                               row.id + "`."});
      continue;
    }
    auto url = upstream::parse_url(row.origin);
    if (!url || !row.is_active) continue;
    url->where.allow_private = provider->from_config || in.config().values.vault.allow_private_base_urls;
    destination place{row.provider, row.origin, std::move(*url)};
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(std::move(place));
  }
  if (places.empty()) return;
  std::vector<upstream::parsed_url> urls;
  for (const auto& place : places) urls.push_back(place.url);
  outbound line(in);
  const auto errors = line.reach(urls);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto mend = "Check network, DNS, proxy and base_url: " + errors[i].message() + ".";
    all.add("provider " + places[i].provider, {places[i].origin, errors[i] ? mend : std::string()});
  }
}

}  // namespace

exit_code examine(context& in) {
  examination all(in);
  if (!all.look("config", look_at_config)) return all.report();
  const bool folder = all.look("data directory", look_at_data_dir);
  const bool database = folder && all.look("database", look_at_database);
  all.look("redis", look_at_redis);
  if (folder) all.look("spool", look_at_spool);
  if (!database) return all.report();
  all.look("clock", look_at_clock);
  if (all.look("vault key", look_at_vault_key)) all.look("stored keys", look_at_stored_keys);
  try {
    look_at_providers(in, all);
  } catch (const command_error& error) {
    all.add("providers", {"they cannot be tried", error.message});
  }
  return all.report();
}

}  // namespace spidergate::cli
