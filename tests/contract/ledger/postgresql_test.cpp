#include "ledger_suite.hpp"
#include "receipts/partitions.hpp"

#include <spidergate/store/errc.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

/// What is PostgreSQL's own: days as partitions, and many processes that load at the same time.
namespace spidergate::ledger {
namespace {

class days : public ::testing::Test {
 protected:
  void insert(const std::vector<model::receipt>& all) {
    ASSERT_TRUE(testing::insert_batch(*on, all)) << on->last_message();
  }
  [[nodiscard]] std::int64_t number(const std::string& query) { return on->exec(query).value()[0].integer(0); }
  [[nodiscard]] std::string partitions() {
    const auto found = on->exec(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
        "WHERE inhparent = to_regclass('receipts') ORDER BY relname");
    std::string names;
    for (const auto& one : found.value()) names += one.text(0).substr(9) + ' ';
    return names;
  }

  testing::test_postgresql database{true};
  std::unique_ptr<sql::connection> on = database.open();
};

TEST_F(days, are_made_as_receipts_come) {
  EXPECT_EQ(partitions(), "");
  insert({receipt_of("req_1"), receipt_of("req_2", noon + day_ms), receipt_of("req_3", start_of_day(noon)),
          receipt_of("req_4", start_of_day(noon) - 1)});
  EXPECT_EQ(partitions(), "20251231 20260101 20260102 ");
  EXPECT_EQ(number("SELECT count(*) FROM receipts_20260101"), 2);
  EXPECT_EQ(number("SELECT count(*) FROM receipts_20251231"), 1);
}

TEST_F(days, go_one_a_call_once_they_are_over_and_their_usage_stays) {
  for (int i = 0; i < 5; ++i) insert({receipt_of("req_" + std::to_string(i), noon + i * day_ms)});
  const auto before = noon + 3 * day_ms;
  EXPECT_EQ(receipts::remove_older(*on, before, 1).value(), 1U);
  EXPECT_EQ(partitions(), "20260102 20260103 20260104 20260105 ");
  EXPECT_EQ(receipts::remove_older(*on, before, 1).value(), 1U);
  EXPECT_EQ(receipts::remove_older(*on, before, 1).value(), 1U);
  // Half of the fourth of January is older: it stays until all of it is.
  EXPECT_EQ(receipts::remove_older(*on, before, 1).value(), 0U);
  EXPECT_EQ(partitions(), "20260104 20260105 ");
  EXPECT_EQ(receipts::usage(*on, receipts::group::none, {}).value()[0].requests, 5);
}

TEST_F(days, that_are_gone_are_made_again_for_a_receipt_that_comes_late) {
  insert({receipt_of("req_1")});
  ASSERT_EQ(receipts::remove_older(*on, noon + 2 * day_ms, 1).value(), 1U);
  insert({receipt_of("req_2")});
  EXPECT_EQ(partitions(), "20260101 ");
}

TEST_F(days, have_the_tables_indexes) {
  insert({receipt_of("req_1")});
  EXPECT_EQ(number("SELECT count(*) FROM pg_index WHERE indrelid = to_regclass('receipts_20260101')"), 3);
}

TEST_F(days, are_not_dropped_while_somebody_reads_but_told_as_busy) {
  insert({receipt_of("req_1")});
  const auto reader = database.open();
  {
    const auto reading = sql::transaction::begin(*reader);
    ASSERT_TRUE(receipts::find(*reader, "req_1").value());
    EXPECT_EQ(receipts::remove_older(*on, noon + 2 * day_ms, 1).error(), store::errc::busy);
  }
  EXPECT_EQ(receipts::remove_older(*on, noon + 2 * day_ms, 1).value(), 1U);
}

TEST_F(days, are_made_once_by_many_that_need_them) {
  {
    std::vector<std::jthread> writers;
    for (int w = 0; w < 6; ++w) {
      writers.emplace_back([&, w] {
        const auto mine = database.open();
        for (int day = 0; day < 10; ++day) {
          const std::vector one = {
              receipt_of("req_" + std::to_string(w) + '_' + std::to_string(day), noon + day * day_ms)};
          EXPECT_TRUE(testing::insert_batch(*mine, one)) << mine->last_message();
        }
      });
    }
  }
  EXPECT_EQ(number("SELECT count(*) FROM receipts"), 60);
  EXPECT_EQ(number("SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('receipts')"), 10);
}

/// Receipts in a random order, of which about half are also some other writer's.
std::vector<model::receipt> overlapping(std::mt19937& random, std::size_t size) {
  std::vector<model::receipt> batch;
  for (std::size_t i = 0; i < size; ++i) {
    const auto id = random() % 4'000;
    auto r = receipt_of("req_" + std::to_string(id), noon + static_cast<epoch_ms>(id % 3) * 3'600'000);
    r.token_id = "tok_" + std::to_string(id % 5), r.model = "m" + std::to_string(id % 4);
    r.status = id % 7 == 0 ? "error" : "ok";
    r.tokens.prompt = static_cast<std::int64_t>(id), r.cost.nano_usd = static_cast<std::int64_t>(id) * 1'000'003;
    batch.push_back(r);
  }
  return batch;
}

TEST_F(days, eight_writers_on_overlapping_rows_leave_exact_sums) {
  std::atomic<std::size_t> fresh{0};
  {
    std::vector<std::jthread> writers;
    for (unsigned w = 0; w < 8; ++w) {
      writers.emplace_back([&, w] {
        std::mt19937 random(w);
        const auto mine = database.open();
        for (int round = 0; round < 40; ++round) {
          const auto batch = overlapping(random, 60);
          const auto inserted = testing::insert_batch(*mine, batch);
          ASSERT_TRUE(inserted) << inserted.error().message() << ' ' << mine->last_message();
          fresh += *inserted;
        }
      });
    }
  }
  std::map<std::string, model::receipt> expected;
  for (unsigned w = 0; w < 8; ++w) {
    std::mt19937 random(w);
    for (int round = 0; round < 40; ++round) {
      for (auto& r : overlapping(random, 60)) expected.emplace(r.request_id, r);
    }
  }
  std::map<std::string, receipts::usage_row> sums;
  money total;
  for (const auto& [id, r] : expected) {
    auto& sum = sums[r.token_id];
    ++sum.requests, sum.errors += r.status == "error" ? 1 : 0;
    sum.prompt_tokens += r.tokens.prompt, sum.cost += r.cost;
    total += r.cost;
  }
  EXPECT_EQ(fresh, expected.size());
  EXPECT_EQ(number("SELECT count(*) FROM receipts"), static_cast<std::int64_t>(expected.size()));
  const auto used = receipts::usage(*on, receipts::group::token, {}).value();
  ASSERT_EQ(used.size(), sums.size());
  for (const auto& one : used) {
    const auto& sum = sums[one.key];
    EXPECT_EQ(one.requests, sum.requests);
    EXPECT_EQ(one.errors, sum.errors);
    EXPECT_EQ(one.prompt_tokens, sum.prompt_tokens);
    EXPECT_EQ(one.cost.nano_usd, sum.cost.nano_usd);
    EXPECT_EQ(receipts::spent(*on, "token_id", one.key, noon).value().nano_usd, sum.cost.nano_usd);
  }
  EXPECT_EQ(receipts::spent(*on, "brand_id", "brd_1", noon).value().nano_usd, total.nano_usd);
}

TEST_F(days, a_batch_that_lost_against_others_is_tried_again) {
  ASSERT_TRUE(on->exec_script(
      "CREATE SEQUENCE attempt;"
      "CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN "
      "IF nextval('attempt') <= 3 THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END IF; RETURN NEW; END $$;"
      "CREATE TRIGGER refuse BEFORE INSERT ON usage_hourly FOR EACH STATEMENT EXECUTE FUNCTION refuse()"))
      << on->last_message();
  EXPECT_EQ(testing::insert_batch(*on, std::vector{receipt_of("req_1")}).value(), 1U);
  EXPECT_EQ(number("SELECT last_value FROM attempt"), 4);
  EXPECT_EQ(number("SELECT count(*) FROM receipts"), 1);
}

}  // namespace
}  // namespace spidergate::ledger
