#include "plan_from_config.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace spidergate::app {
namespace {

class plan : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "spidergate-plan-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  server_plan of(const std::string& yaml) {
    std::ofstream(folder_ + "/c.yaml") << yaml;
    cli::context with({.config_path = folder_ + "/c.yaml", .data_dir = folder_ + "/data", .json = false}, {}, out_,
                      out_);
    return plan_from(with);
  }

  std::string folder_;
  std::ostringstream out_;
};

TEST_F(plan, of_postgresql_keeps_to_its_pool) {
  const auto made = of("database: { url: \"postgresql://u:hush@h/d\", pool_size: 4 }\n");
  EXPECT_TRUE(made.database.remote);
  EXPECT_EQ(made.database.readers, 1U) << "with the writer, the change watch and the ledger's loader: 4";
  EXPECT_EQ(made.database.shown, "postgresql://h/d");
  EXPECT_TRUE(made.database.open()) << "a connection is made with the first statement";
}

TEST_F(plan, of_sqlite_has_readers_as_configured) {
  const auto made = of("database: { pool_size: 3 }\n");
  EXPECT_FALSE(made.database.remote);
  EXPECT_EQ(made.database.readers, 3U);
  EXPECT_EQ(made.database.shown, folder_ + "/data/spidergate.db");
  EXPECT_FALSE(made.redis);
}

TEST_F(plan, takes_over_what_is_said_of_redis) {
  const auto made =
      of("redis: { url: \"redis://:hush@h:1/2\", key_prefix: \"p:\", on_unavailable: deny, timeout: 20ms }\n");
  ASSERT_TRUE(made.redis);
  EXPECT_EQ(made.redis->url.reveal(), "redis://:hush@h:1/2");
  EXPECT_EQ(made.redis->key_prefix, "p:");
  EXPECT_TRUE(made.redis->deny_when_lost);
  EXPECT_EQ(made.redis->timeout, std::chrono::milliseconds(20));
}

TEST_F(plan, refuses_the_cache_which_is_not_there_yet) {
  try {
    of("cache: { enabled: true }\n");
    FAIL() << "a plan was made";
  } catch (const cli::command_error& refused) {
    EXPECT_EQ(refused.code, cli::exit_code::failed);
    EXPECT_NE(refused.message.find("cache.enabled"), std::string::npos);
  }
}

}  // namespace
}  // namespace spidergate::app
