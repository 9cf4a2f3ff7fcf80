#include "store_databases.hpp"

#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// What is PostgreSQL's own; what all drivers share is in sql_test.cpp, and its failures are in outage_test.cpp.
namespace spidergate::store {
namespace {

class postgresql : public ::testing::Test {
 protected:
  testing::test_postgresql database{true};
  std::unique_ptr<sql::connection> on = database.open();
};

TEST_F(postgresql, a_malformed_url_is_told_without_a_word_of_it) {
  for (const auto* url :
       {"postgresql://u:hunter2/x@db:5432/s", "postgresql://u:hunter2@db:port/s", "mysql://u:hunter2@db/s",
        "postgresql://u:hunter2@db/s?what=hunter2", "postgresql://u:hunter2@[db/s", "hunter2", "",
        "postgresql://u:hun%zzter2@db", "postgresql://u:hunter2@db:70000/s"}) {
    const auto opened = open_postgresql({.url = secret_string(url)});
    ASSERT_FALSE(opened) << url;
    EXPECT_NE(opened.error().find("postgresql://user:password@host"), std::string::npos) << opened.error();
    EXPECT_EQ(opened.error().find("hunter2"), std::string::npos) << opened.error();
  }
}

TEST_F(postgresql, a_password_is_not_in_messages_even_where_the_server_repeats_it) {
  const auto url =
      "postgresql://hunter2:hunter2@127.0.0.1:" + std::to_string(testing::shared_postgresql().port()) + "/hunter2";
  const auto stranger = testing::open_at(url);
  EXPECT_EQ(stranger->exec("SELECT 1").error(), errc::unavailable);
  EXPECT_NE(stranger->last_message().find("***"), std::string_view::npos) << stranger->last_message();
  EXPECT_EQ(stranger->last_message().find("hunter2"), std::string_view::npos) << stranger->last_message();
}

TEST_F(postgresql, text_that_it_does_not_take_is_refused_and_never_cut) {
  const auto put = "INSERT INTO meta (name, content) VALUES ('a', $1)";
  for (const auto& text :
       {std::string("cut\0here", 8), std::string("\xff\xfe"), std::string("\xed\xa0\x80"), std::string("\xc3")}) {
    EXPECT_EQ(on->exec(put, {text}).error(), errc::constraint);
    const std::vector<std::string_view> columns = {"name", "content"};
    const std::vector<sql::value_view> cells = {std::string_view("a"), std::string_view(text)};
    EXPECT_EQ(on->bulk_insert("meta", columns, cells).error(), errc::constraint);
  }
  EXPECT_EQ(meta::get(*on, "a").value(), std::nullopt);
}

TEST_F(postgresql, what_follows_a_failed_statement_is_not_committed) {
  {
    auto scope = sql::transaction::begin(*on);
    ASSERT_TRUE(meta::put(*on, "a", "b"));
    EXPECT_FALSE(on->exec("SELECT * FROM nowhere"));
    EXPECT_FALSE(meta::put(*on, "a", "c"));
    EXPECT_EQ(scope->commit().error(), errc::failed);
  }
  EXPECT_EQ(meta::get(*on, "a").value(), std::nullopt);
  EXPECT_TRUE(meta::put(*on, "a", "d"));
}

TEST_F(postgresql, what_failed_in_an_inner_transaction_leaves_the_outer_whole) {
  auto outer = sql::transaction::begin(*on);
  ASSERT_TRUE(meta::put(*on, "a", "b"));
  {
    auto inner = sql::transaction::begin(*on);
    EXPECT_FALSE(on->exec("SELECT * FROM nowhere"));
    EXPECT_FALSE(inner->commit());
  }
  ASSERT_TRUE(meta::put(*on, "c", "d"));
  EXPECT_TRUE(outer->commit());
  EXPECT_EQ(meta::get(*on, "a").value(), "b");
  EXPECT_EQ(meta::get(*on, "c").value(), "d");
}

TEST_F(postgresql, two_that_wait_for_each_other_are_told_as_busy) {
  ASSERT_TRUE(meta::put(*on, "a", "") && meta::put(*on, "b", ""));
  const auto other = database.open();
  ASSERT_TRUE(other->exec_script("SET deadlock_timeout = '10ms'") && on->exec_script("SET deadlock_timeout = '10ms'"));
  auto mine = sql::transaction::begin(*on);
  auto its = sql::transaction::begin(*other);
  ASSERT_TRUE(meta::put(*on, "a", "mine"));
  ASSERT_TRUE(meta::put(*other, "b", "its"));
  result<void> second;
  {
    const std::jthread thread([&] { second = meta::put(*other, "a", "its"); });
    const auto first = meta::put(*on, "b", "mine");
    if (first) {
      EXPECT_TRUE(mine->commit());
    } else {
      EXPECT_EQ(first.error(), errc::busy) << on->last_message();
      const auto ended = std::move(*mine);
    }
  }
  if (!second) EXPECT_EQ(second.error(), errc::busy) << other->last_message();
}

TEST_F(postgresql, announcements_come_without_being_asked_for_and_not_from_oneself) {
  const auto other = database.open();
  const auto start = std::chrono::steady_clock::now();
  const auto before = on->foreign_commits().value();
  ASSERT_TRUE(on->announce_change());
  ASSERT_TRUE(on->exec("SELECT 1"));  // by now it would have come
  EXPECT_EQ(on->foreign_commits().value(), before);
  ASSERT_TRUE(other->announce_change());
  auto heard = before;
  while (heard == before && std::chrono::steady_clock::now() < start + std::chrono::seconds(10)) {
    heard = on->foreign_commits().value();
  }
  EXPECT_GT(heard, before);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(900));
}

TEST_F(postgresql, a_read_only_database_is_told_as_such_and_still_read_and_watched) {
  ASSERT_TRUE(on->exec_script("ALTER DATABASE " + database.name() + " SET default_transaction_read_only = on"));
  const auto reader = database.open();
  EXPECT_EQ(meta::put(*reader, "a", "b").error(), errc::read_only);
  EXPECT_TRUE(meta::config_version(*reader));
  EXPECT_TRUE(reader->foreign_commits());
  EXPECT_EQ(*migrate(*reader, 1), 0);
  const auto put = sql::transaction::begin(*reader);
  ASSERT_TRUE(put);
  EXPECT_EQ(meta::put(*reader, "a", "b").error(), errc::read_only);
}

TEST_F(postgresql, a_role_without_the_right_to_make_schemas_migrates_into_one_that_is_there) {
  const testing::test_postgresql empty(false);
  const auto admin = empty.open();
  ASSERT_TRUE(admin->exec_script("CREATE ROLE tenant LOGIN; GRANT ALL ON SCHEMA spidergate TO tenant"))
      << admin->last_message();
  const auto tenant = testing::open_at(empty.url_as("tenant"));
  const auto done = migrate(*tenant, 1);
  EXPECT_TRUE(done) << done.error();
}

}  // namespace
}  // namespace spidergate::store
