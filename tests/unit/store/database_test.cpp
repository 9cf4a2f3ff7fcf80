#include "run_coroutine.hpp"
#include "store_fixture.hpp"

#include <spidergate/runtime/worker.hpp>
#include <spidergate/store/database.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
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
  home.io().restart();
  home.io().poll();
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

/// Collects what a watch tells, for a test to wait for.
struct heard {
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::int64_t> versions;

  change_watch::callback callback() {
    return [this](sql::connection& on, std::int64_t version) {
      EXPECT_TRUE(brands::list(on));
      const std::lock_guard lock(mutex);
      versions.push_back(version);
      wake.notify_all();
    };
  }
  bool wait_for(std::int64_t version) {
    std::unique_lock lock(mutex);
    return wake.wait_for(lock, 10s, [&] { return !versions.empty() && versions.back() == version; });
  }
};

TEST(change_watch, a_change_by_another_process_is_told_once) {
  const testing::embedded_database file;
  heard told;
  const change_watch watch(file.opener(), 5ms, told.callback());
  const auto other = file.open();
  ASSERT_TRUE(meta::put(*other, "a", "b"));
  ASSERT_TRUE(brands::insert(*other, {"brd_1", "a", true, 1}));
  ASSERT_TRUE(told.wait_for(meta::config_version(*other).value()));
  EXPECT_EQ(told.versions.size(), 1U);
}

TEST(change_watch, a_poke_does_not_wait_for_the_period) {
  const testing::embedded_database file;
  heard told;
  change_watch watch(file.opener(), 1h, told.callback());
  const auto other = file.open();
  ASSERT_TRUE(brands::insert(*other, {"brd_1", "a", true, 1}));
  watch.poke();
  EXPECT_TRUE(told.wait_for(meta::config_version(*other).value()));
}

TEST(change_watch, a_change_made_while_the_database_was_away_is_told_afterwards) {
  const testing::embedded_database file;
  heard told;
  std::atomic<int> opened{0};
  /// Its first connection fails after construction.
  struct failing final : sql::connection {
    explicit failing(std::unique_ptr<sql::connection> to) : to_(std::move(to)) {}
    result<sql::rows> exec(std::string_view statement, std::span<const sql::value> p) override {
      return to_->exec(statement, p);
    }
    result<void> exec_script(std::string_view script) override { return to_->exec_script(script); }
    [[nodiscard]] std::string_view last_message() const noexcept override { return "away"; }
    result<std::int64_t> foreign_commits() override {
      if (asked_++ == 0) return to_->foreign_commits();
      return make_error_code(errc::unavailable);
    }
    result<void> begin(sql::lock) override { return make_error_code(errc::unavailable); }
    std::unique_ptr<sql::connection> to_;
    int asked_ = 0;
  };
  const auto open = [&]() -> boost::system::result<std::unique_ptr<sql::connection>, std::string> {
    const int attempt = opened++;
    if (attempt == 0) return std::unique_ptr<sql::connection>(std::make_unique<failing>(file.open()));
    if (attempt < 3) return std::string("refused");
    return file.open();
  };
  const change_watch watch(open, 2ms, told.callback());
  const auto other = file.open();
  ASSERT_TRUE(brands::insert(*other, {"brd_1", "a", true, 1}));
  EXPECT_TRUE(told.wait_for(meta::config_version(*other).value()));
}

}  // namespace
}  // namespace spidergate::store
