#include "store_fixture.hpp"
#include "temporary_directory.hpp"

#include <spidergate/store/database.hpp>
#include <spidergate/store/errc.hpp>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/// What is SQLite's own; what all drivers share is in tests/contract/store.
namespace spidergate::store {
namespace {

TEST(sqlite, the_file_is_for_its_owner_alone) {
  const testing::embedded_database database;
  struct stat about{};
  ASSERT_EQ(::stat(database.path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST(sqlite, connections_are_set_up) {
  const testing::embedded_database database;
  const auto on = database.open();
  EXPECT_EQ(on->exec("PRAGMA journal_mode").value()[0].text(0), "wal");
  EXPECT_EQ(on->exec("PRAGMA foreign_keys").value()[0].integer(0), 1);
  EXPECT_EQ(on->exec("PRAGMA synchronous").value()[0].integer(0), 1);
  EXPECT_EQ(on->exec("PRAGMA page_size").value()[0].integer(0), 8'192);
}

TEST(sqlite, a_database_with_pages_of_another_size_is_opened_as_it_is) {
  const testing::temporary_directory directory;
  const auto path = directory.file("old.db");
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(raw, "PRAGMA page_size = 4096; CREATE TABLE t (n BIGINT); INSERT INTO t VALUES (7)", nullptr,
                         nullptr, nullptr),
            SQLITE_OK);
  EXPECT_EQ(sqlite3_close(raw), SQLITE_OK);
  const auto opened = open_sqlite(path);
  ASSERT_TRUE(opened);
  const auto& on = *opened;
  EXPECT_EQ(on->exec("PRAGMA page_size").value()[0].integer(0), 4'096);
  EXPECT_EQ(on->exec("SELECT n FROM t").value()[0].integer(0), 7);
  ASSERT_TRUE(on->exec_script("INSERT INTO t VALUES (8)"));
}

/// True when another process would see this one's lock on the file: asked from a child, since a process never meets its
/// own locks.
bool lock_is_seen_by_others(const std::string& path) {
  constexpr off_t sqlite_lock_bytes = 0x40000000;
  const auto child = ::fork();
  if (child == 0) {
    const int file = ::open(path.c_str(), O_RDWR);
    struct flock wanted{
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = sqlite_lock_bytes, .l_len = 512, .l_pid = 0};
    const bool asked = file >= 0 && ::fcntl(file, F_GETLK, &wanted) == 0;
    ::_exit(asked && wanted.l_type != F_UNLCK ? 0 : 1);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A second open once dropped the first connection's locks: the next process that closed the database deleted the log
// which the server went on writing, and what it wrote from then on was lost.
TEST(sqlite, a_second_connection_leaves_the_firsts_locks_alone) {
  const testing::embedded_database database;
  const auto first = database.open();
  ASSERT_TRUE(first->exec("SELECT count(*) FROM sqlite_schema"));
  ASSERT_TRUE(lock_is_seen_by_others(database.path()));
  {
    const auto second = database.open();
  }
  EXPECT_TRUE(lock_is_seen_by_others(database.path()));
}

TEST(sqlite, what_cannot_be_opened_says_why) {
  const testing::temporary_directory directory;
  const auto missing = open_sqlite(directory.file("no/such/place.db"));
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find("No such file"), std::string::npos) << missing.error();

  std::ofstream(directory.file("text.db")) << std::string(8'192, 'x');
  const auto garbage = open_sqlite(directory.file("text.db"));
  ASSERT_FALSE(garbage);
  EXPECT_NE(garbage.error().find("not a database"), std::string::npos) << garbage.error();
}

TEST(sqlite, a_full_disk_is_told_and_leaves_the_connection_usable) {
  const testing::embedded_database database;
  const auto on = database.open();
  ASSERT_TRUE(on->exec_script("CREATE TABLE big (words TEXT)"));
  const auto pages = on->exec("PRAGMA page_count").value()[0].integer(0);
  ASSERT_TRUE(on->exec("PRAGMA max_page_count = " + std::to_string(pages + 4)));
  {
    auto scope = sql::transaction::begin(*on);
    ASSERT_TRUE(scope);
    EXPECT_EQ(on->exec("INSERT INTO big VALUES ($1)", {std::string(1'000'000, 'x')}).error(), errc::disk_full);
  }
  EXPECT_TRUE(sql::transaction::begin(*on));
  EXPECT_EQ(on->exec("SELECT count(*) FROM big").value()[0].integer(0), 0);
}

TEST(sqlite, a_refused_write_is_told_as_read_only) {
  const testing::embedded_database database;
  const auto on = database.open();
  ASSERT_TRUE(on->exec("PRAGMA query_only = 1"));
  EXPECT_EQ(on->exec("INSERT INTO meta (name, content) VALUES ('a', 'b')").error(), errc::read_only);
}

TEST(sqlite, a_lock_that_does_not_end_is_told_as_busy) {
  const testing::embedded_database database;
  const auto one = database.open();
  const auto two = database.open();
  ASSERT_TRUE(two->exec("PRAGMA busy_timeout = 1"));
  const auto held = sql::transaction::begin(*one);
  EXPECT_EQ(sql::transaction::begin(*two).error(), errc::busy);
}

TEST(sqlite, many_different_statements_do_not_pile_up) {
  const testing::embedded_database database;
  const auto on = database.open();
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(on->exec("SELECT " + std::to_string(i)).value()[0].integer(0), i);
  }
}

}  // namespace
}  // namespace spidergate::store
