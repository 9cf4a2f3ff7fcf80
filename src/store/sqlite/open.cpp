#include "connection.hpp"

#include <spidergate/store/database.hpp>
#include <spidergate/store/errc.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace spidergate::store {

namespace {

using namespace std::chrono_literals;
constexpr int busy_timeout_ms = 5'000;

std::string why(const std::string& path, std::string_view reason) {
  return "The database " + path + " cannot be opened: " + std::string(reason) + '.';
}

/// SQLite gives its -wal and -shm files the rights of the main file, so that one is made first, for its owner alone.
/// An existing file is not even opened: closing any descriptor of it would drop the POSIX locks of all this process's
/// connections (sqlite.org/howtocorrupt.html, 2.2), and the next process to leave would delete the log under them.
std::string make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
  return file >= 0 || errno == EEXIST ? std::string() : std::strerror(errno);
}

/// Changing the journal mode does not honour the busy timeout, and several processes may start at once.
result<void> enter_wal(sql::connection& on) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(busy_timeout_ms);
  for (;;) {
    const auto mode = on.exec("PRAGMA journal_mode = WAL");
    if (mode) return {};
    if (mode.error() != errc::busy || std::chrono::steady_clock::now() > give_up) return mode.error();
    std::this_thread::sleep_for(5ms);
  }
}

/// What a statement or a savepoint would take back is kept in memory up to here, else in a file of its own: twice of
/// what a batch of receipts needs.
constexpr int most_undo_bytes = 256 * 1024;

/// By default each connection takes room for twenty pages as it opens, whether it will ever read as many. Too late once
/// some connection is open: then it stays as it was.
void configure_once() {
  static const int done = sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0) |
                          sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, most_undo_bytes);
  static_cast<void>(done);
}

}  // namespace

boost::system::result<std::unique_ptr<sql::connection>, std::string> open_sqlite(const std::string& path) {
  configure_once();
  if (auto reason = make_private_file(path); !reason.empty()) return why(path, reason);
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  sqlite::handle db(raw);
  if (code != SQLITE_OK) return why(path, raw ? sqlite3_errmsg(raw) : "out of memory");
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, busy_timeout_ms);

  std::unique_ptr<sql::connection> made = std::make_unique<sqlite::connection>(std::move(db));
  // Of a new file only; one that has pages keeps their size. Receipts are most of what is written, and fewer larger
  // pages take less to balance and fewer calls to write.
  if (!made->exec_script("PRAGMA page_size = 8192")) return why(path, made->last_message());
  if (!enter_wal(*made)) return why(path, made->last_message());
  const auto set = made->exec_script(
      "PRAGMA synchronous = NORMAL;"
      "PRAGMA foreign_keys = ON;"
      "PRAGMA trusted_schema = OFF;"
      "PRAGMA journal_size_limit = 67108864;");
  if (!set) return why(path, made->last_message());
  return made;
}

}  // namespace spidergate::store
