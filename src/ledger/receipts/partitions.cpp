#include "partitions.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace spidergate::ledger::receipts {

namespace {

/// Not to_regclass(): that looks into the session's cache, which learns of another's new table too late.
constexpr std::string_view find_day =
    "SELECT part.relname FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid "
    "WHERE inhparent = to_regclass('receipts') AND part.relname = CAST($1 AS NAME)";
/// Those who make and drop days take turns; the number is ours.
constexpr std::string_view take_turn = "SELECT pg_advisory_xact_lock(8317989303399866741)";
/// Dropping waits for all readers of the table, and those that come later wait for it: rather try again another time.
constexpr std::string_view soon_or_never = "SET LOCAL lock_timeout = 1000";
constexpr std::string_view find_older =
    "SELECT part.relname FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid "
    "WHERE inhparent = to_regclass('receipts') AND part.relname < CAST($1 AS NAME) ORDER BY part.relname LIMIT 1";

/// "receipts_20260131"; these sort by time.
std::string name_of(epoch_ms day) {
  auto date = to_iso8601(day).substr(0, 10);
  std::erase(date, '-');
  return "receipts_" + date;
}

result<bool> is_there(sql::connection& on, const std::string& name) {
  const auto found = on.exec(find_day, {name});
  if (!found) return {boost::system::in_place_error, found.error()};
  return !found->empty();
}

/// Attached instead of made in place, for that locks nobody out who reads or writes other days.
result<void> make_day(sql::connection& on, epoch_ms day) {
  const auto name = name_of(day);
  auto scope = sql::transaction::begin(on);
  if (!scope) return scope.error();
  if (const auto turn = on.exec(take_turn); !turn) return turn.error();
  const auto made_by_another = is_there(on, name);
  if (!made_by_another) return made_by_another.error();
  if (!*made_by_another) {
    const auto made = on.exec_script("CREATE TABLE " + name +
                                     " (LIKE receipts INCLUDING DEFAULTS INCLUDING CONSTRAINTS); "
                                     "ALTER TABLE receipts ATTACH PARTITION " +
                                     name + " FOR VALUES FROM (" + std::to_string(day) + ") TO (" +
                                     std::to_string(day + day_ms) + ")");
    if (!made) return made;
  }
  return scope->commit();
}

}  // namespace

result<void> make_days(sql::connection& on, const table_rows& batch) {
  std::set<epoch_ms> days;
  for (std::size_t i = 0; i < batch.size(); ++i) days.insert(start_of_day(batch.columns(i).timestamp));
  for (const auto day : days) {
    const auto there = is_there(on, name_of(day));
    if (!there) return there.error();
    if (*there) continue;
    if (const auto made = make_day(on, day); !made) return made;
  }
  return {};
}

result<bool> drop_oldest_day(sql::connection& on, epoch_ms before) {
  auto scope = sql::transaction::begin(on);
  if (!scope) return {boost::system::in_place_error, scope.error()};
  for (const auto statement : {soon_or_never, take_turn}) {
    if (const auto done = on.exec(statement); !done) return {boost::system::in_place_error, done.error()};
  }
  const auto found = on.exec(find_older, {name_of(start_of_day(before))});
  if (!found) return {boost::system::in_place_error, found.error()};
  if (found->empty()) return false;
  const auto dropped = on.exec("DROP TABLE " + found->front().text(0));
  if (!dropped) return {boost::system::in_place_error, dropped.error()};
  const auto committed = scope->commit();
  if (!committed) return {boost::system::in_place_error, committed.error()};
  return true;
}

}  // namespace spidergate::ledger::receipts
