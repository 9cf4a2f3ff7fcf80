#include "ledger_suite.hpp"
#include "run_coroutine.hpp"

#include <spidergate/runtime/worker.hpp>
#include <spidergate/store/errc.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <random>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace spidergate::ledger {
namespace {

using namespace std::chrono_literals;

class loading : public ledger_suite {
 protected:
  /// A database that can be away.
  store::database::opener fallible() {
    return [this]() -> boost::system::result<std::unique_ptr<sql::connection>, std::string> {
      if (away) return std::string("away");
      return database->opener()();
    };
  }
  std::string usual_id(int i) { return "req_" + std::to_string(i); }
  std::atomic<bool> away{false};
};

TEST_P(loading, appended_receipts_arrive) {
  spool_writer one(spool_path(), 0, segment_bytes, 8 * segment_bytes);
  spool_writer two(spool_path(), 1, segment_bytes, 8 * segment_bytes);
  loader moves(spool_path(), database->opener(), 0ms);
  moves.attach(one);
  moves.attach(two);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE((i % 2 == 0 ? one : two).append(encoded(receipt_of(usual_id(i)))));
  EXPECT_TRUE(moves.flush(10s));
  EXPECT_EQ(count(), 100);
  EXPECT_EQ(one.pending_bytes() + two.pending_bytes(), 0U);
  EXPECT_EQ(moves.figures().loaded, 100U);
  EXPECT_TRUE(moves.healthy());
}

TEST_P(loading, many_batches_are_spread_over_a_rest_and_get_there_with_nobody_waiting) {
  spool_writer spool(spool_path(), 0, segment_bytes, 64 * segment_bytes);
  loader moves(spool_path(), database->opener(), 0ms);
  EXPECT_TRUE(moves.flush(10s));
  for (int i = 0; i < 1'700; ++i) ASSERT_TRUE(spool.append(encoded(receipt_of(usual_id(i)))));
  moves.attach(spool);
  const auto give_up = std::chrono::steady_clock::now() + 30s;
  while (spool.pending_bytes() > 0 && std::chrono::steady_clock::now() < give_up) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(spool.pending_bytes(), 0U);
  EXPECT_EQ(count(), 1'700);
  EXPECT_EQ(counted_requests(), 1'700);
}

TEST_P(loading, the_end_of_the_loader_loads_what_is_left) {
  spool_writer spool(spool_path(), 0, segment_bytes, 8 * segment_bytes);
  {
    loader moves(spool_path(), database->opener(), 0ms);
    moves.attach(spool);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(spool.append(encoded(receipt_of(usual_id(i)))));
  }
  EXPECT_EQ(count(), 100);
}

TEST_P(loading, the_next_process_loads_what_an_earlier_one_left) {
  {
    spool_writer spool(spool_path(), 0, segment_bytes, 8 * segment_bytes);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(spool.append(encoded(receipt_of(usual_id(i)))));
  }
  EXPECT_FALSE(files(".segment").empty());
  loader moves(spool_path(), database->opener(), 0ms);
  EXPECT_TRUE(moves.flush(10s));
  EXPECT_EQ(count(), 100);
  EXPECT_TRUE(files("").empty());
}

TEST_P(loading, what_was_loaded_before_the_crash_is_not_counted_twice) {
  {
    spool_writer spool(spool_path(), 0, segment_bytes, 8 * segment_bytes);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(spool.append(encoded(receipt_of(usual_id(i)))));
  }
  ASSERT_TRUE(testing::insert_batch(*on, std::vector{receipt_of(usual_id(7)), receipt_of(usual_id(8))}));
  loader moves(spool_path(), database->opener(), 0ms);
  EXPECT_TRUE(moves.flush(10s));
  EXPECT_EQ(count(), 50);
  EXPECT_EQ(counted_requests(), 50);
  EXPECT_EQ(moves.figures().duplicates, 2U);
}

TEST_P(loading, a_database_that_is_away_delays_receipts_and_loses_none) {
  away = true;
  spool_writer spool(spool_path(), 0, segment_bytes, 64 * segment_bytes);
  loader moves(spool_path(), fallible(), 0ms);
  moves.attach(spool);
  for (int i = 0; i < 1'000; ++i) {
    const auto appended = spool.append(encoded(receipt_of(usual_id(i))));
    ASSERT_TRUE(appended) << i << ": " << appended.error().message();
  }
  EXPECT_FALSE(moves.flush(150ms));
  EXPECT_FALSE(moves.healthy());
  EXPECT_GT(moves.figures().failed_batches, 0U);
  EXPECT_EQ(count(), 0);
  away = false;
  EXPECT_TRUE(moves.flush(20s));
  EXPECT_TRUE(moves.healthy());
  EXPECT_EQ(count(), 1'000);
  EXPECT_EQ(counted_requests(), 1'000);
}

TEST_P(loading, a_failure_in_the_middle_leaves_each_receipt_once) {
  spool_writer spool(spool_path(), 0, segment_bytes, 64 * segment_bytes);
  loader moves(spool_path(), database->opener(), 0ms);
  moves.attach(spool);
  ASSERT_TRUE(on->exec_script("ALTER TABLE usage_hourly RENAME TO hidden"));
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(spool.append(encoded(receipt_of(usual_id(i)))));
  EXPECT_FALSE(moves.flush(150ms));
  EXPECT_EQ(count(), 0);
  ASSERT_TRUE(on->exec_script("ALTER TABLE hidden RENAME TO usage_hourly"));
  EXPECT_TRUE(moves.flush(20s));
  EXPECT_EQ(count(), 200);
  EXPECT_EQ(counted_requests(), 200);
}

TEST_P(loading, one_receipt_that_the_database_refuses_does_not_hold_up_the_others) {
  ASSERT_TRUE(on->exec_script(on_postgresql()
                                  ? "ALTER TABLE receipts ADD CHECK (request_id <> 'req_5')"
                                  : "CREATE TRIGGER picky BEFORE INSERT ON receipts WHEN NEW.request_id = 'req_5' "
                                    "BEGIN SELECT RAISE(ABORT, 'not this one'); END"));
  spool_writer spool(spool_path(), 0, segment_bytes, 64 * segment_bytes);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(spool.append(encoded(receipt_of(usual_id(i)))));
  ASSERT_TRUE(spool.append("not a receipt"));
  loader moves(spool_path(), database->opener(), 0ms);
  moves.attach(spool);
  EXPECT_TRUE(moves.flush(10s));
  EXPECT_EQ(count(), 19);
  EXPECT_EQ(moves.figures().corrupt_records, 2U);
  EXPECT_EQ(files("rejected").size(), 1U);
}

TEST_P(loading, a_record_that_cannot_be_read_is_set_aside_once_however_often_its_batch_is_tried) {
  spool_writer spool(spool_path(), 0, segment_bytes, 8 * segment_bytes);
  ASSERT_TRUE(on->exec_script("ALTER TABLE usage_hourly RENAME TO lost"));
  ASSERT_TRUE(spool.append("no receipt"));
  ASSERT_TRUE(spool.append(encoded(receipt_of(usual_id(1)))));
  loader moves(spool_path(), database->opener(), 0ms);
  moves.attach(spool);
  while (moves.figures().failed_batches < 3) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(moves.figures().corrupt_records, 0U);
  ASSERT_TRUE(on->exec_script("ALTER TABLE lost RENAME TO usage_hourly"));
  EXPECT_TRUE(moves.flush(10s));
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(moves.figures().corrupt_records, 1U);
}

TEST_P(loading, those_who_wait_for_a_database_that_is_away_are_bounded) {
  away = true;
  loader moves(spool_path(), fallible(), 0ms);
  spool_writer spool(spool_path(), 0, segment_bytes, 8 * segment_bytes);
  moves.attach(spool);
  ASSERT_TRUE(spool.append(encoded(receipt_of(usual_id(1)))));
  while (moves.healthy()) std::this_thread::sleep_for(5ms);
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(moves.flush(0ms));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(moves.flush(5s));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s) << "no room to wait in";
  away = false;
  while (!moves.healthy()) std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(moves.flush(10s));
}

TEST_P(loading, a_coroutine_can_wait_for_it) {
  runtime::worker home(0, runtime::system_clock());
  spool_writer spool(spool_path(), 0, segment_bytes, 8 * segment_bytes);
  {
    loader moves(spool_path(), fallible(), 0ms);
    moves.attach(spool);
    ASSERT_TRUE(spool.append(encoded(receipt_of("req_1"))));
    EXPECT_TRUE(testing::run_coroutine(home, moves.flush(home, testing::in(10s))));
    EXPECT_EQ(count(), 1);
  }
  away = true;
  ASSERT_TRUE(spool.append(encoded(receipt_of("req_2"))));
  loader moves(spool_path(), fallible(), 0ms);
  moves.attach(spool);
  EXPECT_FALSE(testing::run_coroutine(home, moves.flush(home, testing::in(20ms))));
}

TEST_P(loading, old_receipts_are_deleted_and_young_ones_stay) {
  struct fixed final : runtime::clock {
    [[nodiscard]] steady_time steady_now() const noexcept override { return std::chrono::steady_clock::now(); }
    [[nodiscard]] epoch_ms epoch_now() const noexcept override { return noon; }
  } const time;
  std::vector<model::receipt> all;
  for (int i = 0; i < 2'500; ++i) all.push_back(receipt_of(usual_id(i), noon - 31 * day_ms));
  all.push_back(receipt_of("young", noon - 29 * day_ms));
  ASSERT_TRUE(testing::insert_batch(*on, all));
  loader moves(spool_path(), database->opener(), 30 * 24h, time);
  for (int i = 0; i < 100 && count() > 1; ++i) EXPECT_TRUE(moves.flush(10s));
  EXPECT_EQ(count(), 1);
}

TEST_P(loading, a_writer_and_the_loader_run_side_by_side) {
  spool_writer spool(spool_path(), 0, segment_bytes, 4 * segment_bytes);
  loader moves(spool_path(), database->opener(), 0ms);
  moves.attach(spool);
  constexpr int many = 3'000;
  std::jthread([&] {
    for (int i = 0; i < many; ++i) {
      const auto record = encoded(receipt_of(usual_id(i)));
      while (!spool.append(record)) std::this_thread::yield();  // full until the loader has caught up
    }
  }).join();
  EXPECT_TRUE(moves.flush(30s));
  EXPECT_EQ(count(), many);
  EXPECT_EQ(counted_requests(), many);
}

/// Appends as fast as it can and reports each append after it was made, until it is killed.
[[noreturn]] void append_for_ever(const std::string& directory, std::size_t segment_bytes, int round, int report_to) {
  spool_writer spool(directory, 0, segment_bytes, 1'000 * segment_bytes);
  for (std::uint32_t i = 0;; ++i) {
    if (!spool.append(encoded(receipt_of("req_" + std::to_string(round) + '_' + std::to_string(i))))) std::_Exit(1);
    if (::write(report_to, &i, sizeof i) != sizeof i) std::_Exit(2);
  }
}

TEST_P(loading, kill_9_at_any_moment_loses_no_reported_record_and_doubles_none) {
  std::mt19937 random(9);
  std::int64_t reported = 0;
  for (int round = 0; round < 60; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) append_for_ever(spool_path(), segment_bytes, round, ends[1]);
    ::close(ends[1]);
    // Killed after a random number of reports, while it goes on.
    const auto enough = random() % 400;
    std::uint32_t last = 0;
    std::int64_t here = 0;
    while (::read(ends[0], &last, sizeof last) == sizeof last) {
      if (static_cast<std::uint64_t>(++here) == enough + 1) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    reported += here;

    loader moves(spool_path(), database->opener(), 0ms);
    ASSERT_TRUE(moves.flush(20s));
    EXPECT_EQ(moves.figures().corrupt_records, 0U);
    // The record that was appended but not reported yet may be there besides.
    const auto surplus = count() - reported;
    EXPECT_TRUE(surplus == 0 || surplus == 1) << surplus;
    reported = count();
    EXPECT_TRUE(receipts::find(*on, "req_" + std::to_string(round) + '_' + std::to_string(last)).value());
  }
  EXPECT_EQ(counted_requests(), count());
  EXPECT_TRUE(files("").empty());
}

TEST_P(loading, load_rate_is_printed) {
  spool_writer spool(spool_path(), 0, 4U << 20U, 256U << 20U);
  constexpr int many = 100'000;
  for (int i = 0; i < many; ++i) ASSERT_TRUE(spool.append(encoded(receipt_of(usual_id(i), noon + i))));
  const auto start = std::chrono::steady_clock::now();
  loader moves(spool_path(), database->opener(), 0ms);
  moves.attach(spool);
  ASSERT_TRUE(moves.flush(5min));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::cout << "loaded " << many / took.count() << " receipts a second\n";
  EXPECT_EQ(count(), many);
}

INSTANTIATE_TEST_SUITE_P(databases, loading, testing::all_databases(), testing::name_of_database());

}  // namespace
}  // namespace spidergate::ledger
