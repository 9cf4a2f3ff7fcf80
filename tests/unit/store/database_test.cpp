#include "run_coroutine.hpp"
#include "store_fixture.hpp"

#include <spidergate/runtime/worker.hpp>
#include <spidergate/store/database.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace spidergate::store {
namespace {

using namespace std::chrono_literals;
using testing::in;
using testing::run_coroutine;

result<std::int64_t> count_brands(sql::connection& on) {
  const auto all = brands::list(on);
  if (!all) return all.error();
  return static_cast<std::int64_t>(all->size());
}

class database_threads : public ::testing::Test {
 protected:
  testing::embedded_database file;
  runtime::worker home{0, runtime::system_clock()};
  std::counting_semaphore<8> gate{0};

  /// Keeps a database thread busy until the gate opens.
  database::job blocker() {
    return [this](sql::connection&) { gate.acquire(); };
  }
};

TEST_F(database_threads, what_the_writer_wrote_a_reader_reads) {
  database db(file.opener(), 2);
  const auto caller = std::this_thread::get_id();
  const auto work = [&](runtime::worker& home_worker) -> awaitable<void> {
    const auto done = co_await db.write(
        home_worker,
        [caller](sql::connection& on) -> result<void> {
          EXPECT_NE(std::this_thread::get_id(), caller);
          return brands::insert(on, {"brd_1", "a", true, 1});
        },
        in(5s));
    EXPECT_TRUE(done);
    EXPECT_EQ(std::this_thread::get_id(), caller);
    const auto count = co_await db.read(home_worker, count_brands, in(5s));
    EXPECT_EQ(count.value(), 1);
  };
  run_coroutine(home, work(home));
}

TEST_F(database_threads, errors_of_a_job_reach_the_caller) {
  database db(file.opener(), 1);
  const auto claim = run_coroutine(
      home, db.write(home, [](sql::connection& on) { return tokens::revoke(on, "tok_none", 1); }, in(5s)));
  EXPECT_EQ(claim.value(), false);
  const auto refused = run_coroutine(
      home, db.read(home, [](sql::connection&) -> result<int> { return make_error_code(errc::corrupt); }, in(5s)));
  EXPECT_EQ(refused.error(), errc::corrupt);
  EXPECT_THROW(
      run_coroutine(home, db.read(
                              home, [](sql::connection&) -> result<int> { throw std::runtime_error("bug"); }, in(5s))),
      std::runtime_error);
}

TEST_F(database_threads, the_caller_leaves_at_its_deadline_and_the_late_result_is_dropped) {
  const auto alive = std::make_shared<int>(0);
  {
    database db(file.opener(), 1);
    const auto late = run_coroutine(home, db.read(
                                              home,
                                              [this, alive](sql::connection&) -> result<std::string> {
                                                gate.acquire();
                                                return std::string(100, 'x');
                                              },
                                              in(20ms)));
    EXPECT_EQ(late.error(), asio::error::timed_out);
    gate.release();
  }
  testing::settle(home);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(database_threads, a_full_queue_refuses_at_once) {
  database db(file.opener(), 1, 2);
  std::binary_semaphore started{0};
  ASSERT_TRUE(db.post_write([&](sql::connection&) { started.release(), gate.acquire(); }));
  started.acquire();
  EXPECT_TRUE(db.post_write([](sql::connection&) {}));
  EXPECT_TRUE(db.post_write([](sql::connection&) {}));
  EXPECT_FALSE(db.post_write([](sql::connection&) {}));
  const auto refused = run_coroutine(home, db.write(home, count_brands, in(5s)));
  EXPECT_EQ(refused.error(), errc::queue_full);
  gate.release();
}

TEST_F(database_threads, closing_runs_queued_writes_and_drops_queued_reads) {
  int written = 0;
  int read = 0;
  {
    database db(file.opener(), 1);
    std::binary_semaphore started{0};
    ASSERT_TRUE(db.post_read([&](sql::connection&) { started.release(), gate.acquire(); }));
    started.acquire();
    ASSERT_TRUE(db.post_write(blocker()));
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(db.post_write([&](sql::connection&) { ++written; }));
      ASSERT_TRUE(db.post_read([&](sql::connection&) { ++read; }));
    }
    // Released from aside, once the database is closing: a job that waits for its own refusal.
    std::jthread([this, &db] {
      while (db.post_read([](sql::connection&) {})) std::this_thread::yield();
      gate.release(2);
    }).detach();
  }
  EXPECT_EQ(written, 10);
}

TEST_F(database_threads, writes_keep_their_order) {
  std::vector<int> order;
  {
    database db(file.opener(), 0);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(db.post_write([&order, i](sql::connection&) { order.push_back(i); }));
  }
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(database_threads, a_database_that_cannot_open_does_not_start) {
  EXPECT_THROW(database([] { return open_sqlite("/no/such/place.db"); }, 1), std::runtime_error);
}

}  // namespace
}  // namespace spidergate::store
