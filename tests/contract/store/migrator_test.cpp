#include "migrator.hpp"

#include "store_databases.hpp"

#include <spidergate/store/database.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace spidergate::store {
namespace {

const std::vector<migration> two = {{1, "0001_a", "CREATE TABLE a (n BIGINT); INSERT INTO a VALUES (1);"},
                                    {2, "0002_b", "CREATE TABLE b (n BIGINT);"}};
const std::vector<migration> three = {two[0], two[1], {3, "0003_c", "UPDATE a SET n = n + 1;"}};

std::int64_t a(sql::connection& on) {
  return on.exec("SELECT n FROM a").value()[0].integer(0);
}

class migrator : public ::testing::TestWithParam<sql::backend> {
 protected:
  std::unique_ptr<testing::test_database> database = testing::make_database(GetParam(), false);
  std::unique_ptr<sql::connection> on = database->open();
};

TEST_P(migrator, the_embedded_ones_are_in_order_and_apply_once) {
  const auto all = embedded_migrations();
  ASSERT_FALSE(all.empty());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].version, static_cast<int>(i) + 1);
  EXPECT_EQ(*missing_migrations(*on), static_cast<int>(all.size()));
  EXPECT_EQ(*migrate(*on, 1), static_cast<int>(all.size()));
  EXPECT_EQ(*migrate(*on, 2), 0);
  EXPECT_EQ(*missing_migrations(*on), 0);
}

TEST_P(migrator, an_older_schema_is_brought_up_with_its_data) {
  ASSERT_EQ(*apply(*on, two, 1), 2);
  ASSERT_TRUE(on->exec("UPDATE a SET n = 41"));
  EXPECT_EQ(*count_missing(*on, three), 1);
  EXPECT_EQ(*apply(*on, three, 2), 1);
  EXPECT_EQ(a(*on), 42);
}

TEST_P(migrator, a_newer_schema_is_refused_and_left_alone) {
  ASSERT_TRUE(apply(*on, three, 1));
  const auto refused = apply(*on, two, 2);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("schema version 3"), std::string::npos) << refused.error();
  EXPECT_NE(refused.error().find("only up to 2"), std::string::npos) << refused.error();
  EXPECT_FALSE(count_missing(*on, two));
  EXPECT_EQ(a(*on), 2);
}

TEST_P(migrator, a_script_that_was_altered_afterwards_is_refused) {
  ASSERT_TRUE(apply(*on, two, 1));
  auto altered = three;
  altered[1].script = "CREATE TABLE b (n BIGINT, m BIGINT);";
  const auto refused = apply(*on, altered, 2);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("0002_b"), std::string::npos) << refused.error();
  EXPECT_EQ(a(*on), 1);
}

TEST_P(migrator, a_gap_is_refused) {
  ASSERT_TRUE(apply(*on, three, 1));
  ASSERT_TRUE(on->exec("DELETE FROM schema_migrations WHERE version = 2"));
  EXPECT_FALSE(apply(*on, three, 2));
}

TEST_P(migrator, a_script_that_fails_leaves_nothing_of_itself) {
  auto broken = three;
  broken[2].script = "UPDATE a SET n = 99; CREATE TABLE b (n BIGINT);";
  const auto refused = apply(*on, broken, 1);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("0003_c"), std::string::npos) << refused.error();
  EXPECT_EQ(a(*on), 1);
  EXPECT_EQ(*apply(*on, three, 2), 1);
  EXPECT_EQ(a(*on), 2);
}

TEST_P(migrator, tables_of_others_stay) {
  ASSERT_TRUE(on->exec_script("CREATE TABLE foreign_table (n BIGINT); INSERT INTO foreign_table VALUES (5);"));
  ASSERT_TRUE(migrate(*on, 1));
  EXPECT_EQ(on->exec("SELECT n FROM foreign_table").value()[0].integer(0), 5);
}

TEST_P(migrator, several_at_once_apply_each_script_once) {
  std::atomic<int> applied{0};
  {
    std::vector<std::jthread> processes;
    for (int i = 0; i < 4; ++i) {
      processes.emplace_back([&] {
        const auto mine = database->open();
        const auto done = apply(*mine, three, 1);
        ASSERT_TRUE(done) << done.error();
        applied += *done;
      });
    }
  }
  EXPECT_EQ(applied, 3);
  EXPECT_EQ(a(*on), 2);
}

INSTANTIATE_TEST_SUITE_P(databases, migrator, testing::all_databases(), testing::name_of_database());

}  // namespace
}  // namespace spidergate::store
