#include <spidergate/cli/command_line.hpp>
#include <spidergate/store/database.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <unistd.h>

namespace spidergate::cli {
namespace {

using nlohmann::json;

class doctor : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "spidergate-doctor-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// What `doctor --json` found, by the name of the check.
  std::map<std::string, json> found(const std::string& yaml) {
    std::ofstream(folder_ + "/c.yaml") << yaml;
    std::vector<std::string> words = {"spidergate",        "doctor",     "--json",         "--config",
                                      folder_ + "/c.yaml", "--data-dir", folder_ + "/data"};
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    (void)run(pointers, {{"HOME", folder_}}, [](context&) { return 0; }, in, out, err);
    said_ = out.str() + err.str();
    std::map<std::string, json> checks;
    for (const auto& check : json::parse(out.str())) checks.emplace(check["name"].get<std::string>(), check);
    return checks;
  }
  static std::string mend(const json& check) { return check["mend"].is_null() ? "" : check["mend"].get<std::string>(); }

  std::string folder_;
  std::string said_;
};

TEST_F(doctor, names_a_database_that_cannot_be_reached_but_not_its_password) {
  const auto seen = found("database: { url: \"postgresql://me:hush@127.0.0.1:1/d\" }\n");
  EXPECT_EQ(seen.at("database")["ok"], false);
  EXPECT_NE(mend(seen.at("database")).find("database.url"), std::string::npos) << said_;
  EXPECT_NE(said_.find("postgresql://127.0.0.1:1/d"), std::string::npos) << said_;
  EXPECT_EQ(said_.find("hush"), std::string::npos) << said_;
}

TEST_F(doctor, says_what_happens_while_redis_is_away) {
  const auto local = found("redis: { url: \"redis://:hush@127.0.0.1:1/0\" }\n");
  EXPECT_EQ(local.at("redis")["ok"], false);
  EXPECT_NE(mend(local.at("redis")).find("by itself"), std::string::npos) << said_;
  EXPECT_EQ(said_.find("hush"), std::string::npos) << said_;
  const auto deny = found("redis: { url: \"redis://127.0.0.1:1/0\", on_unavailable: deny }\n");
  EXPECT_NE(mend(deny.at("redis")).find("503"), std::string::npos) << said_;
}

TEST_F(doctor, names_migrations_that_are_missing_and_applies_none) {
  std::filesystem::create_directories(folder_ + "/data");
  const auto path = folder_ + "/data/spidergate.db";
  {
    ASSERT_TRUE(store::open_sqlite(path));
  }
  for (int i = 0; i < 2; ++i) {
    const auto seen = found("");
    EXPECT_EQ(seen.at("database")["ok"], false);
    EXPECT_NE(mend(seen.at("database")).find("spidergate migrate"), std::string::npos) << said_;
  }
}

TEST_F(doctor, looks_at_the_spool) {
  std::filesystem::create_directories(folder_ + "/data/spool");
  EXPECT_EQ(found("").at("spool")["ok"], true) << said_;
  std::ofstream(folder_ + "/data/spool/x.segment.damaged") << "x";
  const auto seen = found("");
  EXPECT_EQ(seen.at("spool")["ok"], false);
  EXPECT_NE(mend(seen.at("spool")).find("damaged"), std::string::npos) << said_;
}

}  // namespace
}  // namespace spidergate::cli
