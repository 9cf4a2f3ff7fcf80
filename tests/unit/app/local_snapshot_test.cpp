#include "local_snapshot.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace spidergate::app {
namespace {

namespace fs = std::filesystem;

stored_rows some_rows() {
  const store::limit_set limits{.rpm = 1,
                                .rpd = 2,
                                .tpm = 3,
                                .max_parallel = -1,
                                .per_request = {4},
                                .daily = {5},
                                .weekly = {6},
                                .monthly = {7}};
  stored_rows rows;
  rows.tokens.push_back({.id = "tok_1",
                         .brand_id = "brd_1",
                         .client_id = "cli_1",
                         .kind = "triple",
                         .label = "l",
                         .env = "prod",
                         .display = "d",
                         .hash = std::string("\0hash", 5),
                         .secret_hash = "secret hash",
                         .role = "member",
                         .scopes = {"inference", ""},
                         .limits = limits,
                         .allowed_models = {"a*"},
                         .blocked_models = {"b*", "c"},
                         .allowed_cidrs = {"10.0.0.0/8"},
                         .expires_at = 1,
                         .revoked_at = 2,
                         .last_used_at = 3,
                         .created_at = 4,
                         .created_by = "cli",
                         .rotated_to = "tok_2"});
  rows.tokens.push_back({.id = "tok_2"});
  rows.clients.push_back(
      {.id = "cli_1", .brand_id = "brd_1", .name = "c", .limits = limits, .revoked_at = 8, .created_at = 9});
  rows.brands.push_back({.id = "brd_1",
                         .name = "b",
                         .pool_access = false,
                         .is_operator = true,
                         .limits = limits,
                         .prices = "{}",
                         .preferences = "{ }",
                         .suspended_at = 10,
                         .created_at = 11});
  rows.aliases.push_back({.brand_id = "", .name = "a/b", .chain = {"x/y", "z"}, .updated_at = 12});
  rows.rules.push_back({.brand_id = "brd_1", .position = 13, .match = "gpt-*", .provider = "openai"});
  rows.integrations.push_back({.id = "int_1",
                               .brand_id = "brd_1",
                               .provider = "openai",
                               .key_label = "k",
                               .origin = "https://api.openai.com:443",
                               .base_url = "u",
                               .sealed = std::string("\0\xff", 2),
                               .masked_key = "m",
                               .fingerprint = "f",
                               .source = "api",
                               .daily_limit = 14,
                               .minute_limit = 15,
                               .is_primary = true,
                               .is_active = false,
                               .priority = -16,
                               .prices = "p",
                               .expires_at = 17,
                               .created_at = 18,
                               .updated_at = 19});
  return rows;
}

store::integration_state_record some_state() {
  return {.integration_id = "int_1",
          .day = 1,
          .daily_count = 2,
          .health = "degraded",
          .reason = "r",
          .consecutive_failures = 3,
          .last_error = "e",
          .last_used_at = 4,
          .resting_until = 5};
}

class snapshot : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "spidergate-snapshot-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ + "/snapshot.sealed"; }
  local_snapshot open(const vault::key_ring& keys, std::string_view database = "postgresql://a/b",
                      std::size_t max = local_snapshot::default_max_bytes) {
    return {path(), keys, database, crypto::system_random(), max};
  }
  [[nodiscard]] std::string bytes() const {
    std::ifstream file(path(), std::ios::binary);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
  }
  void put(const std::string& text) const { std::ofstream(path(), std::ios::binary | std::ios::trunc) << text; }
  /// What read() says is wrong.
  std::string fault(const vault::key_ring& keys, std::string_view database = "postgresql://a/b") {
    const auto read = open(keys, database).read();
    return read ? std::string() : read.error();
  }

  static vault::key_ring new_keys() {
    return {.current = vault::master_key::generate(crypto::system_random()), .previous = {}};
  }

  std::string folder_;
  vault::key_ring keys_ = new_keys();
};

TEST_F(snapshot, gives_back_every_field_that_was_written) {
  const auto rows = some_rows();
  const std::vector states{some_state()};
  ASSERT_TRUE(open(keys_).write(rows, states, 42));
  const auto read = open(keys_).read();
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->as_of, 42);
  EXPECT_EQ(read->rows.tokens, rows.tokens);
  EXPECT_EQ(read->rows.clients, rows.clients);
  EXPECT_EQ(read->rows.brands, rows.brands);
  EXPECT_EQ(read->rows.rules, rows.rules);
  EXPECT_EQ(read->rows.integrations, rows.integrations);
  ASSERT_EQ(read->rows.aliases.size(), 1U);
  EXPECT_EQ(read->rows.aliases[0].name, "a/b");
  EXPECT_EQ(read->rows.aliases[0].chain, rows.aliases[0].chain);
  EXPECT_EQ(read->rows.aliases[0].updated_at, 12);
  ASSERT_EQ(read->states.size(), 1U);
  EXPECT_EQ(read->states[0].integration_id, "int_1");
  EXPECT_EQ(read->states[0].daily_count, 2);
  EXPECT_EQ(read->states[0].resting_until, 5);
}

TEST_F(snapshot, is_for_its_owner_alone_and_shows_nothing) {
  ASSERT_TRUE(open(keys_).write(some_rows(), {}, 42));
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(bytes().find("openai"), std::string::npos);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1) << "a temporary file was left";
}

TEST_F(snapshot, replaces_the_one_before) {
  ASSERT_TRUE(open(keys_).write(some_rows(), {}, 1));
  ASSERT_TRUE(open(keys_).write({}, {}, 2));
  const auto read = open(keys_).read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->as_of, 2);
  EXPECT_TRUE(read->rows.tokens.empty());
}

TEST_F(snapshot, with_any_byte_changed_or_cut_off_is_refused) {
  ASSERT_TRUE(open(keys_).write(some_rows(), {}, 42));
  const auto good = bytes();
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    put(bad);
    ASSERT_FALSE(open(keys_).read()) << "byte " << i;
    put(good.substr(0, i));
    ASSERT_FALSE(open(keys_).read()) << "cut at " << i;
  }
  EXPECT_NE(fault(keys_).find("damaged"), std::string::npos);
  put(good);
  EXPECT_TRUE(open(keys_).read());
}

TEST_F(snapshot, of_another_master_key_is_refused_in_words_and_left_alone) {
  ASSERT_TRUE(open(keys_).write(some_rows(), {}, 42));
  const auto before = bytes();
  EXPECT_NE(fault(new_keys()).find("another master key (" + keys_.current.id), std::string::npos);
  EXPECT_EQ(bytes(), before);
}

TEST_F(snapshot, opens_with_a_previous_master_key) {
  ASSERT_TRUE(open(keys_).write(some_rows(), {}, 42));
  auto rotated = new_keys();
  rotated.previous.push_back(keys_.current);
  EXPECT_TRUE(open(rotated).read());
}

TEST_F(snapshot, of_another_database_is_refused) {
  ASSERT_TRUE(open(keys_).write(some_rows(), {}, 42));
  EXPECT_NE(fault(keys_, "postgresql://a/other").find("another database"), std::string::npos);
}

TEST_F(snapshot, of_another_version_is_refused) {
  ASSERT_TRUE(open(keys_).write(some_rows(), {}, 42));
  auto newer = bytes();
  newer[7] = '2';
  put(newer);
  EXPECT_NE(fault(keys_).find("another version"), std::string::npos);
}

TEST_F(snapshot, that_is_not_there_says_so) {
  EXPECT_NE(fault(keys_).find("no local snapshot"), std::string::npos);
}

TEST_F(snapshot, beyond_its_bound_is_not_written_and_not_read) {
  ASSERT_TRUE(open(keys_).write({}, {}, 1));
  const auto refused = open(keys_, "postgresql://a/b", 100).write(some_rows(), {}, 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(open(keys_).read()->as_of, 1) << "the one before is kept";
  ASSERT_TRUE(open(keys_).write(some_rows(), {}, 3));
  EXPECT_FALSE(open(keys_, "postgresql://a/b", 100).read());
}

TEST_F(snapshot, that_cannot_be_written_is_an_error_and_leaves_the_old_one) {
  ASSERT_TRUE(open(keys_).write({}, {}, 1));
  local_snapshot elsewhere(folder_ + "/missing/snapshot.sealed", keys_, "d", crypto::system_random());
  EXPECT_FALSE(elsewhere.write({}, {}, 2));
  EXPECT_EQ(open(keys_).read()->as_of, 1);
}

}  // namespace
}  // namespace spidergate::app
