#include "declaration.hpp"
#include "loading.hpp"

#include <fstream>
#include <set>
#include <sstream>

namespace spidergate::config {
namespace {

constexpr std::string_view some_key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

TEST(config_shown, every_value_has_its_origin) {
  const auto made =
      load_text("server: { threads: 2 }\n", {{"GATEWAY_PORT", "5000"}}, {{"--data-dir", "data_dir", "/d"}});
  const auto yaml = effective_yaml(*made);
  EXPECT_NE(yaml.find("data_dir: /d                                    # flag --data-dir\n"), std::string::npos)
      << yaml;
  EXPECT_NE(yaml.find("server:\n  listen: 127.0.0.1:5000                        # environment GATEWAY_PORT\n"),
            std::string::npos)
      << yaml;
  EXPECT_NE(yaml.find("/spidergate.yaml:1\n"), std::string::npos);
  EXPECT_NE(yaml.find("  tls:\n    cert_file: \"\"                               # default\n"), std::string::npos)
      << yaml;
  for (const auto& declared : declarations()) {
    const auto name = std::string(declared.key.substr(declared.key.rfind('.') + 1)) + ": ";
    EXPECT_NE(yaml.find(name), std::string::npos) << declared.key;
  }
}

TEST(config_shown, what_is_shown_can_be_read_again) {
  const auto made = load_text(
      "aliases: { a/b: [openai/gpt-4o] }\nserver: { trusted_proxies: [10.0.0.0/8, \"::1\"] }\nproviders:\n"
      "  v: { dialect: openai, base_url: \"http://h/v1\", models: [ { name: m, context: 5 } ] }\n");
  const auto again = load_text(effective_yaml(*made));
  ASSERT_TRUE(again) << faults_of(again)[0];
  EXPECT_EQ(again->values.server.trusted_proxies, made->values.server.trusted_proxies);
  EXPECT_EQ(again->catalogue->find_model("v", "m")->context, 5);
}

TEST(config_shown, secrets_and_passwords_are_not) {
  const auto made =
      load_text("vault: { encryption_key: " + std::string(some_key) + ", previous_keys: [" + std::string(some_key) +
                    "] }\nproviders: { openai: { base_url: \"https://me:hush@host/v1\" } }\n",
                {{"DATABASE_URL", "postgresql://u:hush@db/sg?sslmode=require"}, {"REDIS_URL", "redis://:hush@r:1"}});
  ASSERT_TRUE(made) << faults_of(made)[0];
  for (const auto& text : {effective_yaml(*made), effective_json(*made)}) {
    EXPECT_EQ(text.find("hush"), std::string::npos) << text;
    EXPECT_EQ(text.find(some_key), std::string::npos) << text;
    EXPECT_NE(text.find("postgresql://u:****@db/sg?sslmode=require"), std::string::npos) << text;
  }
}

TEST(config_shown, passwords_in_urls_are_masked_wherever_they_stand) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"redis://h:1", "redis://h:1"},
      {"redis://:p@h:1", "redis://:****@h:1"},
      {"postgresql://u@h/d", "postgresql://u@h/d"},
      {"postgresql://u:p/q@r@h/d", "postgresql://u:****@h/d"},
      {"postgresql://h/d?user=u&password=p&x=1", "postgresql://h/d?user=u&password=****&x=1"},
      {"plain", "plain"}};
  for (const auto& [url, shown] : cases) EXPECT_EQ(without_password(url), shown);
}

TEST(config_shown, json_has_value_and_origin) {
  const auto json = effective_json(*load_with({{"SPIDERGATE_SERVER_THREADS", "3"}}));
  EXPECT_NE(json.find(R"("server.threads":{"value":"3","origin":"environment SPIDERGATE_SERVER_THREADS"})"),
            std::string::npos)
      << json;
}

std::string shipped_file() {
  std::ifstream file(SPIDERGATE_SOURCE_DIR "/config/spidergate.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

TEST(config_documented, the_shipped_file_is_what_the_table_says) {
  EXPECT_EQ(shipped_file(), commented_defaults());
}

TEST(config_documented, the_shipped_file_changes_nothing) {
  const auto made = load_text(shipped_file());
  ASSERT_TRUE(made) << faults_of(made)[0];
  for (const auto& shown : made->effective) EXPECT_EQ(shown.origin, "default");
}

TEST(config_documented, every_line_of_the_shipped_file_can_be_uncommented) {
  std::istringstream lines(shipped_file());
  std::string yaml, line;
  while (std::getline(lines, line)) {
    const auto mark = line.find_first_not_of(' ');
    if (mark != std::string::npos && line[mark] == '#' && mark + 1 < line.size() && line[mark + 1] != ' ')
      line.erase(mark, 1);
    else if (mark != std::string::npos && line.substr(mark).starts_with("#  "))
      line.erase(mark, 1);
    yaml += line + '\n';
  }
  const auto made = load_text(yaml);
  ASSERT_TRUE(made) << faults_of(made)[0];
  const auto defaults = load_with({});
  for (std::size_t i = 0; i < declarations().size(); ++i) {
    EXPECT_NE(made->effective[i].origin, "default") << declarations()[i].key;
    EXPECT_EQ(made->effective[i].text, defaults->effective[i].text) << declarations()[i].key;
  }
  EXPECT_NE(made->catalogue->find_model("my-vllm", "qwen3"), nullptr);
}

TEST(config_documented, every_setting_has_a_meaning_a_sound_default_and_a_name_of_its_own) {
  std::set<std::string> names;
  for (const auto& declared : declarations()) {
    EXPECT_TRUE(declared.meaning.ends_with('.')) << declared.key;
    EXPECT_TRUE(read(declared, std::string(declared.fallback))) << declared.key;
    EXPECT_TRUE(names.insert(declared.env_name()).second) << declared.key;
    for (const auto& other : declared.envs) EXPECT_TRUE(names.insert(std::string(other.name)).second) << other.name;
    EXPECT_NE(settings_table().find("| `" + std::string(declared.key) + "` |"), std::string::npos);
  }
}

TEST(config_values, listen_addresses) {
  EXPECT_EQ(parse_listen_address("0.0.0.0:0"), (listen_address{"0.0.0.0", 0}));
  EXPECT_EQ(parse_listen_address("localhost:80"), (listen_address{"127.0.0.1", 80}));
  for (const auto* wrong : {"", ":80", "80", "host:80", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "::1:80",
                            "[1.2.3.4]:80", "[::1]", "[]:1"})
    EXPECT_FALSE(parse_listen_address(wrong)) << wrong;
}

}  // namespace
}  // namespace spidergate::config
