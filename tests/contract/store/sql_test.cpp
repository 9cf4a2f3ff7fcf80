#include "store_databases.hpp"

#include <spidergate/store/errc.hpp>
#include <spidergate/store/sql.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

/// What every driver of sql::connection keeps.
namespace spidergate::sql {
namespace {

using store::errc;

std::int64_t count(connection& on) {
  return on.exec("SELECT count(*) FROM t").value()[0].integer(0);
}

class sql_contract : public ::testing::TestWithParam<backend> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        on->exec_script("CREATE TABLE parent (id TEXT NOT NULL PRIMARY KEY);"
                        "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, words TEXT, raw BYTEA, "
                        "parent TEXT REFERENCES parent (id), CHECK (id >= 0));"));
  }
  std::unique_ptr<testing::test_database> where = testing::make_database(GetParam(), false);
  std::unique_ptr<connection> on = where->open();
};

TEST_P(sql_contract, values_come_back_as_they_went_in) {
  const std::string odd("\xc3\xa4 \"'\\ $1 ;--");
  const std::string raw("\0\xff\x01;'", 5);
  ASSERT_TRUE(on->exec("INSERT INTO t (id, words, raw) VALUES ($1, $2, $3)",
                       {std::int64_t{9'007'199'254'740'993}, odd, blob{raw}}));
  ASSERT_TRUE(on->exec("INSERT INTO t (id, words, raw) VALUES ($1, $2, $3)", {std::int64_t{1}, std::string(), blob{}}));
  ASSERT_TRUE(on->exec("INSERT INTO t (id, words, raw) VALUES ($1, $2, $3)", {std::int64_t{0}, value(), value()}));
  const auto found = on->exec("SELECT id, words, raw FROM t ORDER BY id").value();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_TRUE(found[0].is_null(1) && found[0].is_null(2));
  EXPECT_EQ(found[1].text(1), "");
  EXPECT_EQ(found[1].bytes(2), "");
  EXPECT_EQ(found[2].integer(0), 9'007'199'254'740'993);
  EXPECT_EQ(found[2].text(1), odd);
  EXPECT_EQ(found[2].bytes(2), raw);
}

TEST_P(sql_contract, parameters_go_by_their_number_not_by_their_place) {
  const auto found =
      on->exec("SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($2 AS TEXT)", {std::string("one"), std::string("two")})
          .value();
  EXPECT_EQ(found[0].text(0), "two");
  EXPECT_EQ(found[0].text(1), "one");
  EXPECT_EQ(found[0].text(2), "two");
}

TEST_P(sql_contract, a_wrong_number_of_parameters_is_refused) {
  EXPECT_EQ(on->exec("INSERT INTO t (id) VALUES ($1)").error(), errc::failed);
  EXPECT_EQ(on->exec("INSERT INTO t (id) VALUES ($1)", {std::int64_t{1}, std::int64_t{2}}).error(), errc::failed);
  EXPECT_NE(on->last_message(), "");
  EXPECT_EQ(count(*on), 0);
}

TEST_P(sql_contract, a_second_statement_cannot_ride_along) {
  EXPECT_EQ(on->exec("SELECT 1; DROP TABLE t").error(), errc::failed);
  EXPECT_TRUE(on->exec("SELECT 1;"));
  EXPECT_EQ(count(*on), 0);
}

TEST_P(sql_contract, upserts_and_conditional_updates_return_rows) {
  const auto add =
      "INSERT INTO t (id, words) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET words = t.words || "
      "excluded.words RETURNING words";
  EXPECT_EQ(on->exec(add, {std::int64_t{1}, std::string("a")}).value()[0].text(0), "a");
  EXPECT_EQ(on->exec(add, {std::int64_t{1}, std::string("b")}).value()[0].text(0), "ab");
  EXPECT_TRUE(
      on->exec("INSERT INTO t (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id", {std::int64_t{1}})->empty());
  EXPECT_TRUE(on->exec("UPDATE t SET words = 'x' WHERE id = $1 RETURNING id", {std::int64_t{7}})->empty());
  EXPECT_EQ(on->exec("DELETE FROM t WHERE id = $1 RETURNING id", {std::int64_t{1}})->size(), 1U);
}

TEST_P(sql_contract, refusals_have_their_meaning) {
  ASSERT_TRUE(on->exec("INSERT INTO t (id) VALUES (1)"));
  EXPECT_EQ(on->exec("INSERT INTO t (id) VALUES (1)").error(), errc::already_exists);
  EXPECT_EQ(on->exec("INSERT INTO t (id) VALUES (-1)").error(), errc::constraint);
  EXPECT_EQ(on->exec("INSERT INTO t (id) VALUES (NULL)").error(), errc::constraint);
  EXPECT_EQ(on->exec("INSERT INTO t (id, parent) VALUES (2, 'nobody')").error(), errc::constraint);
  EXPECT_EQ(on->exec("SELECT id FROM nowhere").error(), errc::failed);
  EXPECT_NE(on->last_message().find("nowhere"), std::string_view::npos) << on->last_message();
  EXPECT_EQ(count(*on), 1);
}

TEST_P(sql_contract, a_transaction_that_is_not_committed_leaves_nothing) {
  {
    const auto scope = transaction::begin(*on);
    ASSERT_TRUE(scope);
    ASSERT_TRUE(on->exec("INSERT INTO t (id) VALUES (1)"));
  }
  EXPECT_EQ(count(*on), 0);
  auto scope = transaction::begin(*on);
  ASSERT_TRUE(on->exec("INSERT INTO t (id) VALUES (1)"));
  ASSERT_TRUE(scope->commit());
  EXPECT_EQ(count(*where->open()), 1);
}

TEST_P(sql_contract, an_inner_transaction_fails_alone) {
  auto outer = transaction::begin(*on);
  ASSERT_TRUE(on->exec("INSERT INTO t (id) VALUES (1)"));
  {
    const auto inner = transaction::begin(*on);
    ASSERT_TRUE(inner);
    ASSERT_TRUE(on->exec("INSERT INTO t (id) VALUES (2)"));
  }
  {
    auto inner = transaction::begin(*on);
    ASSERT_TRUE(on->exec("INSERT INTO t (id) VALUES (3)"));
    ASSERT_TRUE(inner->commit());
  }
  ASSERT_TRUE(outer->commit());
  const auto found = on->exec("SELECT id FROM t ORDER BY id").value();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].integer(0), 3);
}

TEST_P(sql_contract, an_outer_rollback_takes_the_inner_along) {
  {
    auto outer = transaction::begin(*on);
    auto inner = transaction::begin(*on);
    ASSERT_TRUE(on->exec("INSERT INTO t (id) VALUES (1)"));
    ASSERT_TRUE(inner->commit());
  }
  EXPECT_EQ(count(*on), 0);
}

TEST_P(sql_contract, readers_see_only_what_is_committed) {
  const auto other = where->open();
  auto scope = transaction::begin(*on);
  ASSERT_TRUE(on->exec("INSERT INTO t (id) VALUES (1)"));
  EXPECT_EQ(count(*other), 0);
  ASSERT_TRUE(scope->commit());
  EXPECT_EQ(count(*other), 1);
}

TEST_P(sql_contract, schema_transactions_exclude_each_other) {
  auto first = transaction::begin(*on, lock::schema);
  ASSERT_TRUE(first);
  std::jthread second([&] {
    const auto other = where->open();
    auto scope = transaction::begin(*other, lock::schema);
    ASSERT_TRUE(scope);
    EXPECT_EQ(count(*other), 1);
  });
  ASSERT_TRUE(on->exec("INSERT INTO t (id) VALUES (1)"));
  ASSERT_TRUE(first->commit());
}

TEST_P(sql_contract, increments_from_many_connections_all_count) {
  ASSERT_TRUE(on->exec("INSERT INTO t (id, words) VALUES (0, ''), (1, '')"));
  {
    std::vector<std::jthread> writers;
    for (int w = 0; w < 4; ++w) {
      writers.emplace_back([&] {
        const auto mine = where->open();
        for (int i = 0; i < 50; ++i) {
          auto scope = transaction::begin(*mine);
          ASSERT_TRUE(scope) << mine->last_message();
          ASSERT_TRUE(mine->exec("UPDATE t SET words = words || 'x' WHERE id = 0"));
          ASSERT_TRUE(mine->exec("UPDATE t SET words = words || 'y' WHERE id = 1"));
          ASSERT_TRUE(scope->commit());
        }
      });
    }
  }
  EXPECT_EQ(on->exec("SELECT length(words) FROM t WHERE id = 0").value()[0].integer(0), 200);
  EXPECT_EQ(on->exec("SELECT length(words) FROM t WHERE id = 1").value()[0].integer(0), 200);
}

TEST_P(sql_contract, commits_of_others_are_noticed) {
  const auto other = where->open();
  const auto before = on->foreign_commits().value();
  EXPECT_EQ(on->foreign_commits().value(), before);
  {
    auto scope = transaction::begin(*other);
    ASSERT_TRUE(other->exec("INSERT INTO t (id) VALUES (1)"));
    ASSERT_TRUE(other->announce_change());
    ASSERT_TRUE(scope->commit());
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (on->foreign_commits().value() == before && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::yield();
  }
  EXPECT_NE(on->foreign_commits().value(), before);
}

/// Texts and bytes that mean something to one of the forms in which values travel.
const std::vector<std::string> awkward_texts = {"",
                                                "\\N",
                                                "\\.",
                                                "\\",
                                                "\\x41",
                                                "a\tb\nc\rd\\te",
                                                "\x01\x08\x0b\x7f",
                                                "NULL",
                                                "\"'{}$1;--",
                                                "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
                                                "\xef\xbf\xbd\xef\xbb\xbf\xef\xbf\xbe",
                                                "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
                                                std::string(100'000, '\t')};

TEST_P(sql_contract, awkward_bytes_go_in_bulk_as_they_go_one_by_one) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  std::vector<std::vector<value>> rows = {{std::int64_t{0}, value(), value()},
                                          {std::int64_t{1}, std::string(), blob{}}};
  for (const auto& text : awkward_texts)
    rows.push_back({std::int64_t(rows.size()), text, blob{every_byte + text + every_byte}});
  const std::vector<std::string_view> columns = {"id", "words", "raw"};
  std::vector<value_view> cells = {std::int64_t{0}, {}, {}, std::int64_t{1}, std::string_view(), blob_view{}};
  for (std::size_t i = 2; i < rows.size(); ++i) {
    cells.insert(cells.end(), {std::int64_t(i), std::string_view(std::get<std::string>(rows[i][1])),
                               blob_view{std::get<blob>(rows[i][2]).bytes}});
  }
  ASSERT_TRUE(on->bulk_insert("t", columns, cells)) << on->last_message();
  for (auto row : rows) {
    std::get<std::int64_t>(row[0]) += 1'000;
    ASSERT_TRUE(on->exec("INSERT INTO t (id, words, raw) VALUES ($1, $2, $3)", row)) << on->last_message();
  }
  for (const std::int64_t from : {0, 1'000}) {
    const auto found = on->exec("SELECT words, raw FROM t WHERE id >= $1 ORDER BY id", {from}).value();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(found[i].is_null(0), i == 0) << i;
      if (i == 0) continue;
      EXPECT_EQ(found[i].text(0), std::get<std::string>(rows[i][1])) << i;
      EXPECT_EQ(found[i].bytes(1), std::get<blob>(rows[i][2]).bytes) << i;
    }
  }
}

TEST_P(sql_contract, a_bulk_insert_goes_in_whole_or_not_at_all) {
  const std::vector<std::string_view> columns = {"id", "words"};
  std::vector<value_view> cells;
  for (std::int64_t i = 0; i < 100; ++i) cells.insert(cells.end(), {i, std::string_view("x")});
  cells.insert(cells.end(), {std::int64_t{50}, std::string_view("twice")});
  EXPECT_EQ(on->bulk_insert("t", columns, cells).error(), errc::already_exists);
  EXPECT_EQ(count(*on), 0);
  cells.resize(200);
  {
    const auto scope = transaction::begin(*on);
    ASSERT_TRUE(on->bulk_insert("t", columns, cells));
  }
  EXPECT_EQ(count(*on), 0);
  ASSERT_TRUE(on->bulk_insert("t", columns, cells));
  EXPECT_EQ(count(*on), 100);
  EXPECT_TRUE(on->bulk_insert("t", columns, {}));
}

TEST_P(sql_contract, a_bulk_insert_of_any_number_of_rows_puts_each_where_it_belongs) {
  const std::vector<std::string_view> columns = {"words", "id"};
  std::int64_t next = 0;
  for (const int rows : {1, 3, 4, 15, 16, 63, 64, 65, 149, 1'000}) {
    std::vector<std::string> words;
    for (int i = 0; i < rows; ++i) words.push_back("word " + std::to_string(next + i));
    std::vector<value_view> cells;
    for (const auto& word : words) cells.insert(cells.end(), {std::string_view(word), next++});
    ASSERT_TRUE(on->bulk_insert("t", columns, cells)) << on->last_message();
  }
  const auto found = on->exec("SELECT id, words FROM t ORDER BY id").value();
  ASSERT_EQ(found.size(), static_cast<std::size_t>(next));
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].integer(0), static_cast<std::int64_t>(i));
    ASSERT_EQ(found[i].text(1), "word " + std::to_string(i));
  }
}

TEST_P(sql_contract, a_bulk_insert_that_fails_in_a_transaction_takes_back_no_more_than_itself) {
  auto scope = transaction::begin(*on);
  ASSERT_TRUE(on->exec("INSERT INTO t (id, words) VALUES (1, 'kept')"));
  const std::vector<std::string_view> columns = {"id", "words"};
  std::vector<value_view> cells;
  for (std::int64_t i = 100; i > 0; --i) cells.insert(cells.end(), {i, std::string_view("x")});
  {
    const auto inner = transaction::begin(*on);
    EXPECT_EQ(on->bulk_insert("t", columns, cells).error(), errc::already_exists);
  }
  ASSERT_TRUE(on->exec("INSERT INTO t (id, words) VALUES (2, 'kept too')"));
  ASSERT_TRUE(scope->commit());
  EXPECT_EQ(count(*on), 2);
}

TEST_P(sql_contract, a_bulk_insert_takes_whole_rows_only) {
  const std::vector<std::string_view> columns = {"id", "words"};
  EXPECT_FALSE(on->bulk_insert("t", columns, std::vector<value_view>{std::int64_t{1}}));
  EXPECT_FALSE(on->bulk_insert("t", {}, std::vector<value_view>{std::int64_t{1}}));
  EXPECT_EQ(count(*on), 0);
}

INSTANTIATE_TEST_SUITE_P(databases, sql_contract, testing::all_databases(), testing::name_of_database());

}  // namespace
}  // namespace spidergate::sql
