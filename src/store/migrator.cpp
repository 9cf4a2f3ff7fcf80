#include "migrator.hpp"

#include <spidergate/store/database.hpp>
#include <spidergate/store/errc.hpp>

#include <algorithm>
#include <cstdio>

namespace spidergate::store {

namespace {

template <class T>
using told = boost::system::result<T, std::string>;

constexpr std::string_view create_table =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, "
    "checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";
constexpr std::string_view select_applied = "SELECT version, name, checksum FROM schema_migrations ORDER BY version";
constexpr std::string_view insert_applied =
    "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";

/// FNV-1a: it notices a script that was changed after it had been applied, not an enemy.
std::string checksum(std::string_view script) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : script) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

constexpr std::string_view section_begin = "-- BEGIN ";
constexpr std::string_view section_end = "-- END ";

std::string database_said(const sql::connection& on, std::string_view during) {
  return "The schema could not be brought up to date (" + std::string(during) + "): " + std::string(on.last_message()) +
         '.';
}

/// Those that were applied must be the first ones of those that are known. How many that are, or what is wrong.
told<std::size_t> compare(const sql::rows& applied, std::span<const migration> known) {
  const auto newest = known.empty() ? 0 : known.back().version;
  if (!applied.empty() && applied.back().integer(0) > newest) {
    return "The database has schema version " + std::to_string(applied.back().integer(0)) +
           ", but this spidergate knows only up to " + std::to_string(newest) +
           ": run the newer spidergate that made it. Nothing was changed.";
  }
  for (std::size_t i = 0; i < applied.size(); ++i) {
    const auto& there = applied[i];
    const bool same =
        i < known.size() && there.integer(0) == known[i].version && there.text(2) == checksum(known[i].script);
    if (!same) {
      return "The database's schema differs from this spidergate's at migration " + there.text(1) +
             ": it was made by another build. Use that build, or restore a back-up. Nothing was changed.";
    }
  }
  return applied.size();
}

std::string_view name_of(sql::backend kind) {
  return kind == sql::backend::sqlite ? "sqlite" : "postgresql";
}

enum class step : std::uint8_t {
  applied,     ///< one more is in
  up_to_date,  ///< none was missing
};

told<step> apply_next(sql::connection& on, std::span<const migration> known, epoch_ms now) {
  auto scope = sql::transaction::begin(on, sql::lock::schema);
  if (!scope) return database_said(on, "taking the lock");
  if (!on.exec(create_table)) return database_said(on, "schema_migrations");
  const auto applied = on.exec(select_applied);
  if (!applied) return database_said(on, "schema_migrations");
  const auto done = compare(*applied, known);
  if (!done) return done.error();
  if (*done == known.size()) return step::up_to_date;

  const auto& next = known[*done];
  if (!on.exec_script(script_for(on.kind(), next.script))) return database_said(on, next.name);
  const auto noted = on.exec(
      insert_applied, {std::int64_t{next.version}, std::string(next.name), checksum(next.script), std::int64_t{now}});
  if (!noted || !scope->commit()) return database_said(on, next.name);
  return step::applied;
}

}  // namespace

std::string script_for(sql::backend kind, std::string_view script) {
  std::string kept;
  std::string_view section;
  while (!script.empty()) {
    const auto line = script.substr(0, script.find('\n'));
    script.remove_prefix(std::min(script.size(), line.size() + 1));
    if (line.starts_with(section_begin)) {
      section = line.substr(section_begin.size());
    } else if (line.starts_with(section_end)) {
      section = {};
    } else if (section.empty() || section == name_of(kind)) {
      kept.append(line).append(1, '\n');
    }
  }
  return kept;
}

told<int> count_missing(sql::connection& on, std::span<const migration> known) {
  const auto applied = on.exec(select_applied);
  // Without the table there is no schema yet; anything worse will be said when it is made.
  if (!applied && applied.error() == errc::failed) return static_cast<int>(known.size());
  if (!applied) return database_said(on, "schema_migrations");
  const auto done = compare(*applied, known);
  if (!done) return done.error();
  return static_cast<int>(known.size() - *done);
}

told<int> apply(sql::connection& on, std::span<const migration> known, epoch_ms now) {
  // The common start needs no lock.
  auto missing = count_missing(on, known);
  if (!missing || *missing == 0) return missing;
  for (int count = 0;; ++count) {
    const auto next = apply_next(on, known, now);
    if (!next) return next.error();
    if (*next == step::up_to_date) return count;
  }
}

told<int> migrate(sql::connection& on, epoch_ms now) {
  return apply(on, embedded_migrations(), now);
}
told<int> missing_migrations(sql::connection& on) {
  return count_missing(on, embedded_migrations());
}

}  // namespace spidergate::store
