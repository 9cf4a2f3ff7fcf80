#include "upkeep.hpp"

#include "output.hpp"

#include <spidergate/store/database.hpp>
#include <spidergate/store/repositories.hpp>
#include <spidergate/vault/rotation.hpp>

#include <ostream>

namespace spidergate::cli {

exit_code show_version(context& in) {
  record r;
  r.text("version", SPIDERGATE_VERSION);
  print_done(in, r, "spidergate " SPIDERGATE_VERSION);
  return exit_code::ok;
}

exit_code check_config(context& in) {
  const auto& loaded = in.config();
  in.out() << (in.options().json ? config::effective_json(loaded) + "\n" : config::effective_yaml(loaded));
  return exit_code::ok;
}

exit_code migrate_database(context& in) {
  const auto& values = in.config().values;
  int applied = 0;
  if (values.database.kind == config::database_kind::sqlite) {
    in.data_dir();
    auto opened = store::open_sqlite(values.database.sqlite_path);
    if (!opened) throw command_error{exit_code::not_reachable, opened.error()};
    const auto migrated = store::migrate(**opened, in.now());
    if (!migrated) throw command_error{exit_code::failed, migrated.error()};
    applied = *migrated;
  } else {
    in.database();  // says why not
  }
  record r;
  r.number("applied", applied);
  print_done(in, r,
             applied == 0 ? std::string("The database is up to date.")
                          : "Applied " + std::to_string(applied) + (applied == 1 ? " migration." : " migrations."));
  return exit_code::ok;
}

exit_code rotate_master(context& in) {
  const auto& keys = in.keys();
  if (keys.previous.empty())
    throw command_error{
        exit_code::failed,
        "There is no previous master key to rotate from: set vault.encryption_key to the new key (`openssl rand -hex "
        "32`) and vault.previous_keys to the old one (the content of master.key in the data directory, if it was made "
        "there), restart the gateway, then run this again."};
  auto work = need(in, sql::transaction::begin(in.database()), "The database cannot be written");
  const auto rows = need(in, store::integrations::list(in.database()), "The provider keys cannot be read");
  const auto rotated = vault::rewrap_all(in.random(), keys, rows);
  for (const auto& row : rotated.rewrapped)
    need(in, store::integrations::update(in.database(), row), "A provider key cannot be stored");
  need(in, work.commit(), "The rotation cannot be stored");
  record r;
  r.number("rewrapped", static_cast<std::int64_t>(rotated.rewrapped.size()));
  r.number("current_already", static_cast<std::int64_t>(rotated.current_already))
      .list("unreadable", rotated.unreadable);
  print_done(in, r,
             "Wrapped " + std::to_string(rotated.rewrapped.size()) + " keys by the current master key; " +
                 std::to_string(rotated.current_already) + " were already." +
                 (rotated.unreadable.empty() ? " vault.previous_keys can be emptied now." : ""));
  if (rotated.unreadable.empty()) return exit_code::ok;
  in.err() << rotated.unreadable.size()
           << " keys open with no master key that is configured and were left as they are: `spidergate doctor` names "
              "them; add their master key to vault.previous_keys or remove them.\n";
  return exit_code::failed;
}

}  // namespace spidergate::cli
