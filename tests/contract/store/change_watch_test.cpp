#include "store_databases.hpp"

#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace spidergate::store {
namespace {

using namespace std::chrono_literals;

/// Collects what a watch tells, for a test to wait for.
struct heard {
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::int64_t> versions;
  int refusals = 0;  ///< so many calls are answered with false
  int calls = 0;

  change_watch::callback callback() {
    return [this](sql::connection& on, std::int64_t version) {
      EXPECT_TRUE(brands::list(on));
      const std::lock_guard lock(mutex);
      if (++calls <= refusals) return false;
      versions.push_back(version);
      wake.notify_all();
      return true;
    };
  }
  bool wait_for(std::int64_t version) {
    std::unique_lock lock(mutex);
    return wake.wait_for(lock, 10s, [&] { return !versions.empty() && versions.back() == version; });
  }
};

brand_record brand(const std::string& id) {
  brand_record b;
  b.id = id, b.name = id, b.created_at = 1;
  return b;
}

class watching : public testing::store_suite {
 protected:
  std::int64_t change() {
    EXPECT_TRUE(brands::insert(*on, brand("brd_" + std::to_string(++changes))));
    return meta::config_version(*on).value();
  }
  heard told;
  int changes = 0;
};

TEST_P(watching, a_change_by_another_process_is_told_once) {
  const change_watch watch(database->opener(), 5ms, told.callback());
  ASSERT_TRUE(meta::put(*on, "a", "b"));
  const auto version = change();
  ASSERT_TRUE(told.wait_for(version));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(told.versions.size(), 1U);
}

TEST_P(watching, a_poke_does_not_wait_for_the_period) {
  change_watch watch(database->opener(), 1h, told.callback());
  const auto version = change();
  watch.poke();
  EXPECT_TRUE(told.wait_for(version));
}

TEST_P(watching, a_callback_that_could_not_do_its_work_is_called_again) {
  told.refusals = 3;
  const change_watch watch(database->opener(), 2ms, told.callback());
  EXPECT_TRUE(told.wait_for(change()));
  EXPECT_EQ(told.calls, 4);
}

TEST_P(watching, contact_is_the_databases_last_answer) {
  const auto before = std::chrono::steady_clock::now();
  const change_watch watch(database->opener(), 20ms, told.callback());
  const auto first = watch.last_contact();
  EXPECT_GE(first, before);
  for (const auto give_up = before + 10s;
       watch.last_contact() == first && std::chrono::steady_clock::now() < give_up;) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_GT(watch.last_contact(), first);
}

/// Answers until it is told to fail.
struct failing final : sql::connection {
  failing(std::unique_ptr<sql::connection> to, const std::atomic<bool>& away) : to_(std::move(to)), away_(away) {}
  using sql::connection::exec;
  result<sql::rows> exec(std::string_view statement, std::span<const sql::value> p) override {
    if (away_) return make_error_code(errc::unavailable);
    return to_->exec(statement, p);
  }
  result<void> exec_script(std::string_view script) override { return to_->exec_script(script); }
  [[nodiscard]] std::string_view last_message() const noexcept override { return "away"; }
  result<std::int64_t> foreign_commits() override {
    if (away_) return make_error_code(errc::unavailable);
    return to_->foreign_commits();
  }
  result<void> announce_change() override { return to_->announce_change(); }
  [[nodiscard]] sql::backend kind() const noexcept override { return to_->kind(); }
  result<void> bulk_insert(std::string_view, std::span<const std::string_view>,
                           std::span<const sql::value_view>) override {
    return make_error_code(errc::unavailable);
  }
  result<void> begin(sql::lock) override { return make_error_code(errc::unavailable); }

 private:
  std::unique_ptr<sql::connection> to_;
  const std::atomic<bool>& away_;
};

class watching_what_fails : public watching {
 protected:
  database::opener fallible() {
    return [this]() -> boost::system::result<std::unique_ptr<sql::connection>, std::string> {
      if (refuses) return std::string("refused");
      return std::unique_ptr<sql::connection>(std::make_unique<failing>(database->open(), away));
    };
  }
  std::atomic<bool> away{false};
  std::atomic<bool> refuses{false};
};

TEST_P(watching_what_fails, a_change_made_while_the_database_was_away_is_told_afterwards) {
  const change_watch watch(fallible(), 2ms, told.callback());
  away = refuses = true;
  std::this_thread::sleep_for(20ms);
  const auto version = change();
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(told.versions.empty());
  const auto contact = watch.last_contact();
  away = refuses = false;
  EXPECT_TRUE(told.wait_for(version));
  EXPECT_GT(watch.last_contact(), contact);
}

TEST_P(watching_what_fails, a_database_that_was_absent_at_the_start_counts_as_changed) {
  away = true;
  const change_watch watch(fallible(), 2ms, told.callback());
  EXPECT_EQ(watch.last_contact(), steady_time());
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(told.versions.empty());
  away = false;
  EXPECT_TRUE(told.wait_for(meta::config_version(*on).value()));
}

// The news comes over the connection, so it need not wait for the next question.
TEST(change_watch, postgresql_tells_of_a_change_well_within_the_period) {
  const testing::test_postgresql database(true);
  const auto on = database.open();
  heard told;
  const change_watch watch(database.opener(), 250ms, told.callback());
  // The once-a-second doubt has just passed when the watch begins, so what is quick here is the notification.
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(brands::insert(*on, brand("brd_1")));
  ASSERT_TRUE(told.wait_for(meta::config_version(*on).value()));
  EXPECT_LT(std::chrono::steady_clock::now() - before, 250ms);
}

INSTANTIATE_TEST_SUITE_P(databases, watching, testing::all_databases(), testing::name_of_database());
INSTANTIATE_TEST_SUITE_P(databases, watching_what_fails, testing::all_databases(), testing::name_of_database());

}  // namespace
}  // namespace spidergate::store
