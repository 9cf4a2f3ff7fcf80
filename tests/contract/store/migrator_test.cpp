#include "migrator.hpp"

#include "store_databases.hpp"

#include <spidergate/store/database.hpp>
#include <spidergate/store/repositories.hpp>

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

/// A row or more in every table of the first schema, as the first release wrote them.
constexpr std::string_view first_release =
    "INSERT INTO brands VALUES ('brd_1', 'default', 1, 10), ('brd_2', 'acme', 0, 11);"
    "INSERT INTO clients VALUES ('cli_1', 'brd_1', 'default', 12);"
    "INSERT INTO tokens VALUES ('tok_1', 'brd_1', 'cli_1', 'pat', 'CI', 'prod', 'sg_…', 'h1', "
    "'[\"admin\",\"inference\"]', 60, 7, 8,"
    " 9, '[]', '[]', '[]', 0, 0, 13, 14, 'cli', ''),"
    "('tok_2', 'brd_1', 'cli_1', 'key', 'x', 'prod', 'sg_…', 'h2', '[\"inference\"]', 60, 0, 0, 0, '[]', '[]', '[]', "
    "0, 0, 0, 15, "
    "'cli', 'tok_1');"
    "INSERT INTO integrations VALUES ('int_1', NULL, 'openai', 'main', 'https://api.openai.com:443', '', 'sealed', "
    "'sk-***', 'ff', "
    "'api', 0, 0, 1, 1, 0, 0, 16, 17);"
    "INSERT INTO integration_states VALUES ('int_1', 86400000, 3, 'healthy', '', 0, '', 18, 0);"
    "INSERT INTO aliases VALUES ('brd_1', 'agent/chat', '[\"openai/gpt-4o\"]', 19);"
    "INSERT INTO rules VALUES (NULL, 1, 'gpt-*', 'openai');"
    "INSERT INTO meta VALUES ('salt', 'abc');"
    "INSERT INTO usage_hourly VALUES (1767268800000, 'brd_1', 'cli_1', 'tok_1', 'openai', 'gpt-4o', '', 'ok', 3, 1, 2, "
    "3, 4, 5);"
    // Around midnight, and one that lies years back.
    "INSERT INTO receipts VALUES"
    "('req_1', 1767225599999, 'brd_1', 'cli_1', 'tok_1', 'openai', 'gpt-4o', 'gpt-4o', '', 'ok', 1, 2, 3, 4, 5, "
    "''),"
    "('req_2', 1767225600000, 'brd_1', 'cli_1', 'tok_1', 'openai', 'gpt-4o', 'gpt-4o', '', 'ok', 1, 2, 3, 4, 5, "
    "''),"
    "('req_3', 1000, 'brd_2', 'cli_9', 'tok_9', 'openai', 'gpt-4o', 'gpt-4o', '', 'error', 1, 2, 3, 4, 5, 'payload "
    "3');";

TEST_P(migrator, the_first_releases_data_is_all_there_afterwards) {
  const auto all = embedded_migrations();
  ASSERT_EQ(*apply(*on, all.first(1), 1), 1);
  ASSERT_TRUE(on->exec_script(first_release)) << on->last_message();
  // Bytes go in as parameters, for the two databases write them in different ways.
  ASSERT_TRUE(on->exec("UPDATE tokens SET hash = $1 WHERE id = 'tok_1'", {sql::blob{"h1"}}));
  ASSERT_TRUE(on->exec("UPDATE tokens SET hash = $1 WHERE id = 'tok_2'", {sql::blob{"h2"}}));
  ASSERT_TRUE(on->exec("UPDATE integrations SET sealed = $1", {sql::blob{"sealed"}}));
  for (const std::string n : {"1", "2", "3"}) {
    ASSERT_TRUE(
        on->exec("UPDATE receipts SET payload = $1 WHERE request_id = $2", {sql::blob{"payload " + n}, "req_" + n}));
  }
  const auto done = migrate(*on, 2);
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(*done, static_cast<int>(all.size()) - 1);

  const auto found_brands = brands::list(*on).value();
  ASSERT_EQ(found_brands.size(), 2U);
  EXPECT_TRUE(found_brands[0].is_operator && found_brands[0].pool_access);
  EXPECT_FALSE(found_brands[1].is_operator || found_brands[1].pool_access);
  EXPECT_EQ(clients::list(*on, "brd_1").value().size(), 1U);
  const auto found_tokens = tokens::list(*on).value();
  ASSERT_EQ(found_tokens.size(), 2U);
  EXPECT_EQ(found_tokens[0].role + ' ' + found_tokens[1].role, "owner member");
  EXPECT_EQ(found_tokens[0].limits.max_parallel, 9);
  EXPECT_EQ(found_tokens[0].hash, "h1");
  EXPECT_EQ(found_tokens[0].limits.daily.nano_usd, 0);
  EXPECT_EQ(integrations::find(*on, "int_1").value()->sealed, "sealed");
  EXPECT_EQ(integrations::list_states(*on).value().at(0).daily_count, 3);
  EXPECT_EQ(routing::list_aliases(*on).value().at(0).chain, std::vector<std::string>{"openai/gpt-4o"});
  EXPECT_EQ(routing::list_rules(*on).value().at(0).match, "gpt-*");
  EXPECT_EQ(meta::get(*on, "salt").value(), "abc");
  EXPECT_EQ(meta::config_version(*on).value(), 1);
  EXPECT_EQ(on->exec("SELECT requests FROM usage_hourly").value().at(0).integer(0), 3);
  const auto found = on->exec("SELECT request_id, payload FROM receipts ORDER BY recorded_at").value();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].text(0) + found[1].text(0) + found[2].text(0), "req_3req_1req_2");
  EXPECT_EQ(found[0].bytes(1), "payload 3");
  EXPECT_EQ(on->exec("SELECT count(*) FROM receipts WHERE recorded_at >= 1767225600000").value()[0].integer(0), 1);
}

TEST(script_sections, are_run_by_their_own_kind_of_database_only) {
  const auto* script = "a\n-- BEGIN postgresql\nb\n-- END postgresql\nc\n-- BEGIN sqlite\nd\n-- END sqlite\ne";
  EXPECT_EQ(script_for(sql::backend::sqlite, script), "a\nc\nd\ne\n");
  EXPECT_EQ(script_for(sql::backend::postgresql, script), "a\nb\nc\ne\n");
}

// A section that is left open would swallow the rest of its file in silence.
TEST(script_sections, of_the_embedded_scripts_are_closed) {
  for (const auto& one : embedded_migrations()) {
    std::string closed = std::string(one.script) + "\nlast";
    for (const auto kind : {sql::backend::sqlite, sql::backend::postgresql}) {
      EXPECT_TRUE(script_for(kind, closed).ends_with("last\n")) << one.name;
    }
  }
}

/// Replicas that start together on a database that somebody else uses as well.
TEST(racing_migrators, leave_foreign_tables_of_the_same_names_alone) {
  const testing::test_postgresql database(false);
  const auto on = database.open();
  ASSERT_TRUE(
      on->exec_script("DROP SCHEMA spidergate;"
                      "CREATE TABLE public.tokens (id BIGINT PRIMARY KEY, words TEXT);"
                      "INSERT INTO public.tokens VALUES (1, 'theirs');"
                      "CREATE TABLE public.receipts (n BIGINT); INSERT INTO public.receipts VALUES (5);"
                      "CREATE TABLE public.schema_migrations (version TEXT);"
                      "INSERT INTO public.schema_migrations VALUES ('20990101');"))
      << on->last_message();
  std::atomic<int> applied{0};
  {
    std::vector<std::jthread> replicas;
    for (int i = 0; i < 3; ++i) {
      replicas.emplace_back([&] {
        const auto mine = database.open();
        const auto done = migrate(*mine, 1);
        ASSERT_TRUE(done) << done.error();
        applied += *done;
        EXPECT_EQ(*missing_migrations(*mine), 0);
      });
    }
  }
  EXPECT_EQ(applied, static_cast<int>(embedded_migrations().size()));
  const auto theirs = on->exec("SELECT id, words FROM public.tokens").value();
  ASSERT_EQ(theirs.size(), 1U);
  EXPECT_EQ(theirs[0].text(1), "theirs");
  EXPECT_EQ(on->exec("SELECT n FROM public.receipts").value().at(0).integer(0), 5);
  EXPECT_EQ(on->exec("SELECT version FROM public.schema_migrations").value().at(0).text(0), "20990101");
  EXPECT_EQ(on->exec("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").value().at(0).integer(0), 3);
  EXPECT_TRUE(tokens::list(*on).value().empty());
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
