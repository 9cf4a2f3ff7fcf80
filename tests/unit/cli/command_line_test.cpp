#include "command_tree.hpp"

#include <spidergate/cli/command_line.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace spidergate::cli {
namespace {

using nlohmann::json;

/// The command line on a data directory of its own.
class command_line : public testing::Test {
 protected:
  struct ran {
    int code;
    std::string out, err;
    [[nodiscard]] json parsed() const { return json::parse(out); }
  };

  void SetUp() override {
    std::string pattern = testing::TempDir() + "spidergate-cli-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::ofstream(folder_ + "/c.yaml")
        << R"({"providers":{"tp":{"dialect":"openai","base_url":"http://127.0.0.1:9/v1","auth":"bearer","models":[{"name":"echo"}]}},)"
        << R"("aliases":{"test/chain":["tp/echo","groq/llama-3.1-8b-instant"]}})";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  ran run_words(std::vector<std::string> words, const std::string& typed = {}) {
    words.insert(words.begin(), "spidergate");
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    std::istringstream in(typed);
    std::ostringstream out;
    std::ostringstream err;
    const auto code = run(
        pointers, {{"HOME", folder_}},
        [this](context& with) {
          served_on_ = with.config().values.server.listen.text();
          return 0;
        },
        in, out, err);
    return {code, out.str(), err.str()};
  }

  ran cli(std::vector<std::string> words, const std::string& typed = {}) {
    for (const auto* more : {"--config", "/c.yaml", "--data-dir", "/data"})
      words.emplace_back(*more == '/' ? folder_ + more : std::string(more));
    return run_words(std::move(words), typed);
  }

  json must(std::vector<std::string> words, const std::string& typed = {}) {
    words.emplace_back("--json");
    const auto done = cli(std::move(words), typed);
    EXPECT_EQ(done.code, 0) << done.err;
    return done.code == 0 ? done.parsed() : json();
  }

  static json named(const json& rows, std::string_view name) {
    for (const auto& row : rows)
      if (row["name"] == name) return row;
    ADD_FAILURE() << name << " is not in " << rows;
    return {};
  }

  void expect_refused(std::vector<std::string> words, exit_code code, std::string_view says) {
    const auto done = cli(std::move(words));
    EXPECT_EQ(done.code, static_cast<int>(code)) << done.err;
    EXPECT_NE(done.err.find(says), std::string::npos) << done.err;
    EXPECT_EQ(done.out, "");
  }

  std::string folder_;
  std::string served_on_;
};

TEST_F(command_line, a_key_is_made_with_the_documented_members_and_shown_without_its_secret) {
  const auto made =
      must({"key", "create", "--label", "mine", "--env", "dev", "--rate-limit", "77", "--models", "tp/*,tq/*"});
  for (const auto* member : {"id", "key", "label", "env", "brand", "client"})
    EXPECT_TRUE(made.contains(member)) << member;
  EXPECT_EQ(made["brand"], "default");
  const std::string secret = made["key"];
  EXPECT_TRUE(secret.starts_with("sg_key_dev_"));
  const auto shown = must({"key", "show", made["id"]});
  EXPECT_EQ(shown["rpm"], 77);
  EXPECT_EQ(shown["models"], json({"tp/*", "tq/*"}));
  EXPECT_EQ(shown.dump().find(secret), std::string::npos);
  EXPECT_EQ(cli({"key", "list"}).out.find(secret), std::string::npos);
}

TEST_F(command_line, keys_and_personal_tokens_are_kept_apart) {
  const auto pat = must({"token", "create", "--label", "ops", "--scopes", "usage,admin"});
  EXPECT_TRUE(pat["token"].get<std::string>().starts_with("spideriq_pat_"));
  EXPECT_TRUE(must({"key", "list"}).empty());
  EXPECT_EQ(must({"token", "list"})[0]["scopes"], json({"usage", "admin"}));
  expect_refused({"key", "show", pat["id"]}, exit_code::not_found, "There is no key");
}

TEST_F(command_line, budgets_are_exact_and_shown_with_what_was_spent) {
  const auto made = must({"key", "create", "--label", "x", "--budget-per-request", "0.000000001", "--budget-daily",
                          "0.1", "--budget-weekly", "5", "--budget-monthly", "12.50", "--max-parallel", "3"});
  const auto done = cli({"key", "show", made["id"], "--json"});
  ASSERT_EQ(done.code, 0) << done.err;
  for (const auto* member :
       {R"("budget_per_request_usd":0.000000001)", R"("budget_daily_usd":0.1)", R"("budget_weekly_usd":5)",
        R"("budget_monthly_usd":12.5)", R"("max_parallel":3)", R"("spent_today_usd":0)", R"("spent_this_month_usd":0)"})
    EXPECT_NE(done.out.find(member), std::string::npos) << member << "\n" << done.out;
  const auto without = must({"key", "create", "--label", "y", "--budget-daily", "0"});
  EXPECT_TRUE(must({"key", "show", without["id"]})["budget_daily_usd"].is_null()) << "0 is no budget";
}

TEST_F(command_line, role_and_scopes_follow_from_each_other) {
  const auto made = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"token", "create", "--label", "x"};
    words.insert(words.end(), more.begin(), more.end());
    const auto token = must(std::move(words));
    return token["role"].get<std::string>() + " " + token["scopes"].dump();
  };
  EXPECT_EQ(made({}), R"(member ["inference"])");
  EXPECT_EQ(made({"--scopes", "usage,vault"}), R"(admin ["usage","vault"])");
  EXPECT_EQ(made({"--scopes", "admin"}), R"(owner ["admin"])");
  EXPECT_EQ(made({"--role", "viewer"}), R"(viewer ["usage"])");
  EXPECT_EQ(made({"--role", "member"}), R"(member ["inference","usage"])");
  EXPECT_EQ(made({"--role", "owner"}), R"(owner ["inference","usage","vault","admin"])");
  EXPECT_EQ(made({"--role", "admin", "--scopes", "admin"}), R"(admin ["admin"])");
}

TEST_F(command_line, a_clients_credentials_are_printed_once_and_rotated_like_tokens) {
  const auto made = must({"client", "create", "robot", "--budget-daily", "2", "--rpd", "9", "--role", "member"});
  const std::string token = made["token"];
  EXPECT_EQ(token, made["id"].get<std::string>() + ":" + made["api_key"].get<std::string>() + ":" +
                       made["api_secret"].get<std::string>());
  EXPECT_EQ(made["scopes"], json({"inference", "usage"}));
  const auto clients = must({"client", "list"});
  EXPECT_EQ(named(clients, "robot")["rpd"], 9);
  EXPECT_EQ(named(clients, "robot")["budget_daily_usd"], 2);
  const auto shown = must({"token", "show", made["token_id"]});
  EXPECT_EQ(shown["kind"], "triple");
  EXPECT_TRUE(shown["display"].get<std::string>().starts_with(made["id"].get<std::string>() + ":ck_"));
  for (const auto& out : {clients.dump(), shown.dump(), cli({"token", "list"}).out})
    EXPECT_EQ(out.find(made["api_secret"].get<std::string>()), std::string::npos);
  const std::string rotated = must({"token", "rotate", made["token_id"], "--grace", "0s"})["token"];
  EXPECT_TRUE(rotated.starts_with(made["id"].get<std::string>() + ":ck_"));
  EXPECT_NE(rotated, token);
  EXPECT_TRUE(must({"key", "list"}).empty());
}

TEST_F(command_line, a_client_without_credentials_and_a_revoked_one) {
  const auto made = must({"client", "create", "robot", "--no-credentials"});
  EXPECT_FALSE(made.contains("token"));
  EXPECT_TRUE(must({"token", "list"}).empty());
  const auto revoked = must({"client", "revoke", made["id"]});
  EXPECT_EQ(must({"client", "revoke", made["id"]})["revoked_at"], revoked["revoked_at"]);
  EXPECT_EQ(named(must({"client", "list"}), "robot")["state"], "revoked");
  expect_refused({"key", "create", "--label", "x", "--client", "robot"}, exit_code::failed, "is revoked");
  expect_refused({"client", "revoke", "cli_nobody"}, exit_code::not_found, "client list");
}

TEST_F(command_line, a_brands_limits_are_set_and_changed_one_by_one) {
  must({"brand", "create", "acme", "--budget-monthly", "100", "--tpm", "5000", "--no-pool"});
  const auto changed = must({"brand", "set", "acme", "--tpm", "7000", "--pool-access", "on"});
  EXPECT_EQ(changed["budget_monthly_usd"], 100);
  EXPECT_EQ(changed["tpm"], 7000);
  EXPECT_EQ(changed["pool_access"], true);
  EXPECT_EQ(must({"brand", "set", "acme", "--budget-monthly", "0"})["budget_monthly_usd"], json());
  EXPECT_EQ(named(must({"brand", "list"}), "acme"), must({"brand", "set", "acme"}));
}

TEST_F(command_line, only_the_brand_default_is_the_operators) {
  must({"key", "create", "--label", "x"});
  must({"brand", "create", "acme"});
  for (const auto& brand : must({"brand", "list"})) EXPECT_EQ(brand["is_operator"], brand["name"] == "default");
}

TEST_F(command_line, revoking_twice_keeps_the_first_time) {
  const std::string id = must({"key", "create", "--label", "x"})["id"];
  const auto first = must({"key", "revoke", id});
  EXPECT_EQ(must({"key", "revoke", id})["revoked_at"], first["revoked_at"]);
  EXPECT_EQ(must({"key", "show", id})["state"], "revoked");
  expect_refused({"key", "rotate", id}, exit_code::failed, "is revoked");
}

TEST_F(command_line, a_rotated_key_keeps_its_properties_and_the_old_one_ends_after_the_grace) {
  const auto old = must({"key", "create", "--label", "x", "--ip", "10.0.0.0/8", "--tpm", "5"});
  const auto made = must({"key", "rotate", old["id"], "--grace", "0s"});
  EXPECT_NE(made["key"], old["key"]);
  const auto shown = must({"key", "show", made["id"]});
  EXPECT_EQ(shown["ip"], json({"10.0.0.0/8"}));
  EXPECT_EQ(shown["tpm"], 5);
  const auto ended = must({"key", "show", old["id"]});
  EXPECT_EQ(ended["state"], "expired");
  EXPECT_EQ(ended["rotated_to"], made["id"]);
}

TEST_F(command_line, what_cannot_be_kept_or_makes_no_sense_is_refused) {
  for (const auto* wrong : {"-1", "a lot", "0.0000000001", "1e3", "9999999999999"})
    expect_refused({"key", "create", "--label", "x", "--budget-daily", wrong}, exit_code::usage, "--budget-daily");
  expect_refused({"key", "create", "--label", "x", "--rpd", "-2"}, exit_code::usage, "--rpd");
  expect_refused({"token", "create", "--label", "x", "--role", "king"}, exit_code::usage, "--role");
  expect_refused({"token", "create", "--label", "x", "--role", "viewer", "--scopes", "inference"}, exit_code::usage,
                 "cannot hold");
  expect_refused({"brand", "set", "default", "--pool-access", "maybe"}, exit_code::usage, "on or off");
  expect_refused({"brand", "set", "nobody", "--rpd", "1"}, exit_code::not_found, "no brand");
  expect_refused({"key", "create", "--label", "x", "--env", "test"}, exit_code::usage, "prod or dev");
  expect_refused({"key", "create", "--label", "x", "--ip", "10.0.0.0/99"}, exit_code::usage, "--ip");
  expect_refused({"key", "create", "--label", "x", "--expires", "soon"}, exit_code::usage, "--expires");
  expect_refused({"key", "create", "--label", "x", "--rate-limit", "many"}, exit_code::usage, "--help");
  expect_refused({"key", "create"}, exit_code::usage, "--label");
  expect_refused({"token", "create", "--label", "x", "--scopes", "root"}, exit_code::usage, "no scope 'root'");
  expect_refused({"key", "create", "--label", "x", "--brand", "defualt2"}, exit_code::not_found, "no brand");
}

TEST_F(command_line, brands_come_with_a_client_and_names_are_unique) {
  EXPECT_TRUE(must({"brand", "create", "acme"})["id"].get<std::string>().starts_with("brd_"));
  EXPECT_EQ(must({"client", "list", "--brand", "acme"})[0]["name"], "default");
  must({"client", "create", "robot", "--brand", "acme"});
  EXPECT_EQ(must({"token", "list", "--brand", "acme"})[0]["label"], "robot");
  expect_refused({"client", "create", "robot", "--brand", "acme"}, exit_code::failed, "already");
  expect_refused({"brand", "create", "acme"}, exit_code::failed, "already");
  EXPECT_EQ(must({"key", "create", "--label", "x", "--brand", "acme", "--client", "robot"})["brand"], "acme");
}

TEST_F(command_line, a_provider_key_comes_by_stdin_and_never_by_argument) {
  const auto added = must({"provider", "add", "tp", "--label", "a", "--daily-limit", "50", "--api-key-stdin"},
                          "pk-secret-value-77aa\n");
  EXPECT_TRUE(added["masked_key"].get<std::string>().ends_with("77aa"));
  EXPECT_EQ(added["scope"], "pool");
  const auto listed = must({"provider", "list"});
  EXPECT_EQ(listed[0]["daily_limit"], 50);
  EXPECT_EQ(listed.dump().find("pk-secret-value"), std::string::npos);
  EXPECT_EQ(must({"provider", "health"})[0]["health_status"], "healthy");
  expect_refused({"provider", "add", "tp", "--api-key", "pk-visible"}, exit_code::usage, "--api-key-stdin");
  expect_refused({"provider", "add", "tp", "--credential", "api_key=pk-visible"}, exit_code::usage, "--api-key-stdin");
  expect_refused({"provider", "add", "tp", "--label", "b", "--api-key-stdin"}, exit_code::usage, "stdin");
  EXPECT_EQ(cli({"provider", "add", "tp", "--label", "a", "--api-key-stdin"}, "pk-other-secret").code, 1);
  must({"provider", "remove", added["id"]});
  expect_refused({"provider", "remove", added["id"]}, exit_code::not_found, "provider list");
  EXPECT_TRUE(must({"provider", "list"}).empty());
}

TEST_F(command_line, a_provider_that_cannot_be_reached_has_an_exit_code_of_its_own) {
  must({"provider", "add", "tp", "--api-key-stdin"}, "pk-secret-value");
  const auto tested = cli({"provider", "test", "tp", "--json"});
  EXPECT_EQ(tested.code, static_cast<int>(exit_code::not_reachable)) << tested.out << tested.err;
  EXPECT_EQ(tested.parsed()[0]["ok"], false);
  const auto doctor = cli({"doctor", "--json"});
  EXPECT_EQ(doctor.code, 1);
  for (const auto& check : doctor.parsed()) EXPECT_EQ(check["ok"].get<bool>(), check["name"] != "provider tp") << check;
}

TEST_F(command_line, an_alias_shows_who_would_serve_and_why_not) {
  must({"provider", "add", "tp", "--api-key-stdin"}, "pk-secret-value");
  const auto chain = must({"alias", "show", "test/chain"})["chain"];
  ASSERT_EQ(chain.size(), 2U);
  EXPECT_EQ(chain[0]["candidate"], "tp/echo");
  EXPECT_EQ(chain[0]["standing"], "usable");
  EXPECT_EQ(chain[1]["standing"], "down");
  EXPECT_NE(chain[1]["reason"].get<std::string>().find("no key for groq"), std::string::npos);
}

TEST_F(command_line, an_alias_is_set_only_if_it_leads_somewhere) {
  must({"alias", "set", "my/a", "tp/echo", "test/chain"});
  must({"alias", "set", "my/b", "my/a"});
  expect_refused({"alias", "set", "my/a", "my/b"}, exit_code::failed, "leads back to itself");
  expect_refused({"alias", "set", "my/c", "nowhere/at-all"}, exit_code::not_found, "nowhere/at-all");
  expect_refused({"alias", "show", "my/c"}, exit_code::not_found, "There is no alias");
  EXPECT_EQ(must({"alias", "show", "my/b"})["chain"][0]["candidate"], "tp/echo");
}

TEST_F(command_line, the_catalogue_is_listed_by_provider) {
  EXPECT_GT(must({"models"}).size(), 5000U);
  const auto ours = must({"models", "--provider", "tp"});
  ASSERT_EQ(ours.size(), 1U);
  EXPECT_EQ(ours[0]["model"], "echo");
  expect_refused({"models", "--provider", "grok2"}, exit_code::not_found, "There is no provider");
}

TEST_F(command_line, an_empty_ledger_is_no_failure) {
  EXPECT_EQ(must({"usage"})[0]["requests"], 0);
  EXPECT_EQ(cli({"logs"}).out, "");
  expect_refused({"receipt", "req_nothing"}, exit_code::not_found, "There is no receipt");
  expect_refused({"usage", "--by", "modle"}, exit_code::usage, "Did you mean 'model'?");
}

TEST_F(command_line, the_master_key_is_rotated_with_every_key_readable) {
  must({"provider", "add", "tp", "--api-key-stdin"}, "pk-secret-value");
  expect_refused({"vault", "rotate-master"}, exit_code::failed, "vault.previous_keys");
  std::string old;
  std::ifstream(folder_ + "/data/master.key") >> old;
  const std::string fresh(64, 'a');
  std::ofstream(folder_ + "/c.yaml")
      << R"({"vault":{"encryption_key":")" << fresh << R"(","previous_keys":[")" << old
      << R"("]},"providers":{"tp":{"dialect":"openai","base_url":"http://127.0.0.1:9/v1"}}})";
  EXPECT_EQ(must({"vault", "rotate-master"})["rewrapped"], 1);
  std::ofstream(folder_ + "/c.yaml")
      << R"({"vault":{"encryption_key":")" << fresh
      << R"("},"providers":{"tp":{"dialect":"openai","base_url":"http://127.0.0.1:9/v1"}}})";
  for (const auto& check : cli({"doctor", "--json"}).parsed())
    if (check["name"] == "stored keys") EXPECT_EQ(check["ok"], true) << check;
}

TEST_F(command_line, a_misspelled_word_is_answered_with_the_nearest_known_one) {
  expect_refused({"serv"}, exit_code::usage, "Did you mean 'serve'?");
  expect_refused({"key", "craete"}, exit_code::usage, "Did you mean 'create'?");
  expect_refused({"key", "create", "--lable", "x"}, exit_code::usage, "Did you mean '--label'?");
  expect_refused({"key"}, exit_code::usage, "create, list");
  expect_refused({"completion", "tcsh"}, exit_code::usage, "completion --help");
  expect_refused({"provider", "remove", "a", "sk-a-key"}, exit_code::usage, "More was given");
}

TEST_F(command_line, serve_hands_its_flags_to_the_configuration) {
  EXPECT_EQ(cli({"serve", "--listen", "127.0.0.1:4999"}).code, 0);
  EXPECT_EQ(served_on_, "127.0.0.1:4999");
  EXPECT_EQ(cli({"start"}).code, 0);
  EXPECT_EQ(served_on_, "127.0.0.1:4080");
}

TEST_F(command_line, global_options_stand_before_or_behind_the_command) {
  EXPECT_EQ(run_words({"--json", "version"}).parsed(), run_words({"version", "--json"}).parsed());
  EXPECT_EQ(run_words({"--config", folder_ + "/c.yaml", "config", "check"}).code, 0);
  EXPECT_EQ(run_words({"--config", folder_ + "/none.yaml", "config", "check"}).code, 1);
}

void for_each_place(const command_node& node, std::vector<std::string> words,
                    const std::function<void(const command_node&, const std::vector<std::string>&)>& then) {
  then(node, words);
  for (const auto& child : node.children) {
    words.push_back(child.name);
    for_each_place(child, words, then);
    words.pop_back();
  }
}

TEST_F(command_line, every_command_has_help_and_is_in_every_completion_script) {
  std::istringstream nothing;
  const serve_function no_serving;
  const command_tree tree(no_serving, nothing);
  std::size_t commands = 0;
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto script = run_words({"completion", shell}).out;
    for_each_place(tree.nodes(), {}, [&](const command_node& node, const std::vector<std::string>&) {
      ++commands;
      EXPECT_NE(script.find(node.name), std::string::npos) << shell << " " << node.name;
      EXPECT_EQ(script.find("--api-key "), std::string::npos);
    });
  }
  EXPECT_GT(commands, 100U);
  for_each_place(tree.nodes(), {}, [&](const command_node&, std::vector<std::string> words) {
    words.emplace_back("--help");
    const auto help = run_words(words);
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.out, "");
  });
}

}  // namespace
}  // namespace spidergate::cli
