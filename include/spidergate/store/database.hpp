#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/core/secret_string.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/worker.hpp>
#include <spidergate/store/sql.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>

namespace spidergate::store {

/// Opens one SQLite connection: WAL, synchronous=NORMAL, foreign keys, busy timeout of 5 s. Creates the file (0600)
/// when absent. The message is for a person.
[[nodiscard]] boost::system::result<std::unique_ptr<sql::connection>, std::string> open_sqlite(const std::string& path);

/// How to reach PostgreSQL.
struct postgresql_options {
  secret_string url;  ///< postgresql://…, as libpq takes it
  std::chrono::milliseconds connect_timeout{2'000};
  /// For one statement, kept on our side: a server that is frozen answers nothing, so its connection is then cut.
  std::chrono::milliseconds statement_timeout{5'000};
};

/// A connection to PostgreSQL 15 or later that connects when it is first used, and again after it was lost, no sooner
/// than a jittered back-off (100 ms, doubling to 5 s) allows; meanwhile statements fail at once with errc::unavailable,
/// as do those that run out of time. A transaction that loses its connection fails as a whole. Everything of ours lies
/// in the schema "spidergate", made when absent; what other schemas hold is never touched. The message is about a
/// malformed URL.
[[nodiscard]] boost::system::result<std::unique_ptr<sql::connection>, std::string> open_postgresql(
    const postgresql_options& options);

/// Applies what is missing of migrations/*.sql (embedded into the binary), each in a transaction, recorded in
/// schema_migrations with a checksum. Refuses a schema that is newer than the binary or differs from it. Returns how
/// many were applied. Safe when several processes start at once.
[[nodiscard]] boost::system::result<int, std::string> migrate(sql::connection& on, epoch_ms now);
/// Changes nothing: the number of migrations that are missing, or why this binary and this schema do not fit together.
[[nodiscard]] boost::system::result<int, std::string> missing_migrations(sql::connection& on);

/// The database of a running server: one writer thread and a few readers, each with its own connection: that is the
/// hard cap of what it opens. Jobs are queued with a bound (errc::queue_full beyond it). Thread-safe.
class database {
 public:
  using job = std::function<void(sql::connection&)>;
  using opener = std::function<boost::system::result<std::unique_ptr<sql::connection>, std::string>()>;

  /// Opens all connections; throws std::runtime_error when it cannot. `max_queued` bounds each of the two queues.
  database(const opener& open, std::size_t readers, std::size_t max_queued = 4096);
  /// Runs what is queued for the writer, drops queued reads (who awaits one gets operation_aborted), joins. So the
  /// database goes before the workers are destroyed.
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  /// Runs `job` (sql::connection& -> result<R>) on a reader and resumes on `home`'s thread, which is also where it is
  /// called. asio::error::timed_out at the deadline: the job then ends alone and its result is dropped. An exception
  /// that leaves the job is rethrown here.
  template <class Job>
  awaitable<std::invoke_result_t<Job, sql::connection&>> read(runtime::worker& home, Job job, steady_time deadline);
  /// The same on the writer, inside nothing: the job opens its own transaction where it needs one.
  template <class Job>
  awaitable<std::invoke_result_t<Job, sql::connection&>> write(runtime::worker& home, Job job, steady_time deadline);

  /// Fire and forget on the writer, in order. False when the queue is full or the database is closing. The job must not
  /// throw.
  [[nodiscard]] bool post_write(job work);
  [[nodiscard]] bool post_read(job work);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Notices changes of `config_version` made by anybody, this process included, and calls back with the new number,
/// within `period`. It asks foreign_commits() first, which is cheap: PRAGMA data_version, or what LISTEN has heard.
/// Runs on a thread of its own; the callback runs there, with a connection to read what it wants. A change counts from
/// the constructor's return on: make the watch first, then read what it watches. While the database fails it keeps
/// trying; a database that could not be reached as the watch began counts as changed once it can be. A callback that
/// returns false is called again at the next look.
class change_watch {
 public:
  using callback = std::function<bool(sql::connection&, std::int64_t version)>;
  /// Throws std::runtime_error when `open` fails, which for PostgreSQL is a malformed URL only.
  change_watch(database::opener open, std::chrono::milliseconds period, callback changed);
  ~change_watch();
  change_watch(const change_watch&) = delete;
  change_watch& operator=(const change_watch&) = delete;
  /// Looks at once, for a process that has just changed something itself. Thread-safe.
  void poke();
  /// When the database last answered; for /readyz and for how long known tokens are served. Any thread.
  [[nodiscard]] steady_time last_contact() const noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace spidergate::store

#include <spidergate/store/detail/run_on_database.hpp>
