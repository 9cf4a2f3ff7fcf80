#include "boot.hpp"

#include "key_import.hpp"

#include <spidergate/store/repositories.hpp>
#include <spidergate/telemetry/log.hpp>

#include <chrono>
#include <thread>

namespace spidergate::app {

namespace {

constexpr std::chrono::seconds patience{3};
constexpr std::chrono::milliseconds between_tries{200};

/// Where provider keys are imported from and how they are sealed; copies, for use on any thread.
struct key_source {
  std::shared_ptr<const catalogue::catalogue> catalogue;
  std::map<std::string, std::string> environment;
  vault::key_ring keys;
  crypto::random_source& random;
};

key_source source_of(cli::context& with) {
  return {.catalogue = with.config().catalogue,
          .environment = with.environment(),
          .keys = with.keys(),
          .random = with.random()};
}

result<void> import_from_environment(sql::connection& on, const key_source& from, std::int64_t now_us) {
  // One replica at a time, or several that start at once would import the same keys.
  auto alone = sql::transaction::begin(on, sql::lock::schema);
  if (!alone) return alone.error();
  const auto salt = vault::vault_salt(on, from.random);
  if (!salt) return salt.error();
  std::vector<std::string> faults;
  const auto imported = import_keys(
      on, *from.catalogue, from.environment,
      {.random = from.random, .keys = from.keys, .salt = *salt, .allow_private_base_urls = true}, now_us, faults);
  if (!imported) return imported.error();
  if (const auto done = alone->commit(); !done) return done.error();
  for (const auto& key : *imported) {
    telemetry::log::info(
        key.replaced ? "provider key replaced from the environment" : "provider key imported from the environment",
        {{"provider", key.provider}, {"variable", key.variable}});
  }
  for (const auto& fault : faults)
    telemetry::log::warning("a provider key in the environment cannot be used", {{"reason", fault}});
  return {};
}

/// Why the database cannot be reached, after having tried for a while; nothing when it can.
std::optional<cli::command_error> reach(cli::context& with) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    try {
      with.database();
      return std::nullopt;
    } catch (const cli::command_error& error) {
      if (error.code != cli::exit_code::not_reachable) throw;
      if (std::chrono::steady_clock::now() >= until) return error;
    }
    std::this_thread::sleep_for(between_tries);
  }
}

boot from_snapshot(const server_plan& plan, crypto::random_source& random, cli::command_error unreachable) {
  const auto snapshot = snapshot_of(plan, random);
  if (!snapshot) throw unreachable;
  auto saved = snapshot->read();
  if (!saved) {
    unreachable.message += " Nor can be started without it: " + saved.error();
    throw unreachable;
  }
  telemetry::log::warning(
      "the database is out of reach: known tokens are served from the local snapshot",
      {{"reason", unreachable.message}, {"as_of", to_iso8601(saved->as_of)}, {"tokens", saved->rows.tokens.size()}});
  return {.first = {}, .saved = std::move(*saved)};
}

}  // namespace

std::optional<local_snapshot> snapshot_of(const server_plan& plan, crypto::random_source& random) {
  if (!plan.database.remote) return std::nullopt;
  return local_snapshot(plan.data_dir + "/snapshot.sealed", plan.keys, plan.database.shown, random);
}

boot prepare(cli::context& with, const server_plan& plan) {
  if (auto unreachable = reach(with)) return from_snapshot(plan, with.random(), std::move(*unreachable));
  auto first = prepare_store(with.database(), with.random(), with.now_us());
  if (!first) throw cli::command_error{cli::exit_code::failed, first.error()};
  cli::need(with, import_from_environment(with.database(), source_of(with), with.now_us()),
            "Provider keys from the environment cannot be stored");
  return {.first = std::move(*first), .saved = {}};
}

late_preparation preparation_for_later(cli::context& with) {
  return [from = source_of(with)](sql::connection& on) -> boost::system::result<void, std::string> {
    const auto now_us = runtime::system_clock().epoch_us_now();
    if (const auto migrated = store::migrate(on, now_us / 1000); !migrated) return migrated.error();
    const auto brands = store::brands::list(on);
    if (!brands) return "The database cannot be read: " + brands.error().message() + ".";
    if (brands->empty())
      return std::string(
          "The database has never been started with: restart spidergate, so that a first start can print its tokens.");
    if (const auto imported = import_from_environment(on, from, now_us); !imported)
      return "Provider keys from the environment cannot be stored: " + imported.error().message() + ".";
    return {};
  };
}

}  // namespace spidergate::app
