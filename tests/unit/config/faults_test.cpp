#include "loading.hpp"

namespace spidergate::config {
namespace {

using texts = std::vector<std::string>;

struct bad_file {
  std::string_view claim;
  std::string yaml;
  texts faults;
};

class refuses : public testing::TestWithParam<bad_file> {};

TEST_P(refuses, and_says_where_and_what_is_allowed) {
  EXPECT_EQ(faults_of(load_text(GetParam().yaml)), GetParam().faults) << GetParam().claim;
}

INSTANTIATE_TEST_SUITE_P(
    files, refuses,
    testing::Values(
        bad_file{"unknown key",
                 "server:\n  thread: 2\n",
                 {"spidergate.yaml:2: server.thread unknown key; did you mean 'server.threads'?"}},
        bad_file{"unknown section",
                 "sever:\n  threads: 2\n",
                 {"spidergate.yaml:1: sever unknown key; did you mean 'server'?"}},
        bad_file{"nothing near",
                 "redis: { zzzzzzzz: 1 }\n",
                 {"spidergate.yaml:1: redis.zzzzzzzz unknown key; allowed here are url, key_prefix, on_unavailable, "
                  "timeout, connect_timeout, ca_file"}},
        bad_file{"a path is no name",
                 "server.threads: 2\n",
                 {"spidergate.yaml:1: server.threads is a path: write its parts as sections below one another"}},
        bad_file{"nested unknown key",
                 "server:\n  tls:\n    cert: x\n",
                 {"spidergate.yaml:3: server.tls.cert unknown key; did you mean 'server.tls.cert_file'?"}},
        bad_file{
            "a pool that PostgreSQL cannot be served with",
            "database:\n  url: postgresql://h/d\n  pool_size: 3\n",
            {"spidergate.yaml:3: database.pool_size is too small for PostgreSQL: at least 4 connections are needed, "
             "for the change watch, the ledger's loader, the writer and one reader"}},
        bad_file{"word for a number",
                 "\nserver: { threads: many }\n",
                 {"spidergate.yaml:2: server.threads is 'many'; allowed is an integer from 0 to 1024"}},
        bad_file{"too large",
                 "engine: { retry_count: 6 }\n",
                 {"spidergate.yaml:1: engine.retry_count is '6'; allowed is an integer from 0 to 5"}},
        bad_file{"negative",
                 "database: { pool_size: -1 }\n",
                 {"spidergate.yaml:1: database.pool_size is '-1'; allowed is an integer from 1 to 256"}},
        bad_file{"odd duration",
                 "server: { idle_timeout: 5 minutes }\n",
                 {"spidergate.yaml:1: server.idle_timeout is '5 minutes'; allowed is a duration like 250ms, 10s, 5m, "
                  "24h or 90d, "
                  "from 100ms to 1h"}},
        bad_file{"no such choice",
                 "redis: { on_unavailable: panic }\n",
                 {"spidergate.yaml:1: redis.on_unavailable is 'panic'; allowed is one of local, deny"}},
        bad_file{"no truth",
                 "cache: { enabled: maybe }\n",
                 {"spidergate.yaml:1: cache.enabled is 'maybe'; allowed is true or false"}},
        bad_file{"ratio out of bounds",
                 "cache: { semantic: { threshold: 0.991 } }\n",
                 {"spidergate.yaml:1: cache.semantic.threshold is '0.991'; allowed is a decimal from 0.9 to 0.99"}},
        bad_file{"address without port",
                 "server: { listen: 127.0.0.1 }\n",
                 {"spidergate.yaml:1: server.listen is '127.0.0.1'; allowed is address:port, like 127.0.0.1:4080 or "
                  "[::1]:4080"}},
        bad_file{
            "no network",
            "server: { trusted_proxies: [10.0.0.0/33] }\n",
            {"spidergate.yaml:1: server.trusted_proxies is not what is allowed: a list of networks like 10.0.0.0/8"}},
        bad_file{"scalar for a list",
                 "server: { trusted_proxies: 10.0.0.0/8 }\n",
                 {"spidergate.yaml:1: server.trusted_proxies must be a list in brackets; allowed is a list of networks "
                  "like 10.0.0.0/8"}},
        bad_file{"list for a scalar",
                 "server: { threads: [1] }\n",
                 {"spidergate.yaml:1: server.threads is a list; allowed is an integer from 0 to 1024"}},
        bad_file{"section for a scalar",
                 "server:\n  threads:\n    n: 1\n",
                 {"spidergate.yaml:2: server.threads is a section; allowed is an integer from 0 to 1024"}},
        bad_file{"scalar for a section",
                 "server: 5\n",
                 {"spidergate.yaml:1: server must be a section of `name: value` lines"}},
        bad_file{"no value",
                 "server:\n  threads:\n",
                 {"spidergate.yaml:2: server.threads has no value; allowed is an integer from 0 to 1024"}},
        bad_file{
            "key twice", "server:\n  threads: 1\n  threads: 2\n", {"spidergate.yaml:3: server.threads is given twice"}},
        bad_file{"section twice", "cache: {}\nserver: {}\ncache: {}\n", {"spidergate.yaml:3: cache is given twice"}},
        bad_file{
            "tab", "server:\n\tthreads: 1\n", {"spidergate.yaml:2: a tab indents this line; YAML takes spaces only"}},
        bad_file{"not YAML", "server: [1\n", {"spidergate.yaml:2: this is not YAML: end of sequence flow not found"}},
        bad_file{"a list at the top", "- 1\n", {"spidergate.yaml:1: must be a section of `name: value` lines"}},
        bad_file{"two documents",
                 "server: {}\n---\ncache: {}\n",
                 {"spidergate.yaml:3: the file holds more than one YAML document"}},
        bad_file{"half of TLS",
                 "server: { tls: { cert_file: /c } }\n",
                 {"spidergate.yaml:1: server.tls.cert_file cert_file and key_file go together: give both or neither"}},
        bad_file{"the same listener twice",
                 "server: { admin_listen: 127.0.0.1:4080 }\n",
                 {"spidergate.yaml:1: server.admin_listen is the same as server.listen"}},
        bad_file{"semantic cache without model",
                 "cache: { semantic: { enabled: true } }\n",
                 {"spidergate.yaml:1: cache.semantic.enabled needs cache.semantic.embedding_model"}},
        bad_file{"all at once",
                 "server: { threads: x }\ncache: { ttl: x }\nx: 1\n",
                 {"spidergate.yaml:3: x unknown key; allowed here are data_dir, server, database, redis, vault, "
                  "ledger, engine, breaker, "
                  "limits, cache, providers, aliases, rules",
                  "spidergate.yaml:1: server.threads is 'x'; allowed is an integer from 0 to 1024",
                  "spidergate.yaml:2: cache.ttl is 'x'; allowed is a duration like 250ms, 10s, 5m, 24h or 90d, from 1s "
                  "to 365d"}}));

INSTANTIATE_TEST_SUITE_P(
    catalogues, refuses,
    testing::Values(
        bad_file{"unknown provider field",
                 "providers:\n  openai:\n    url: http://x\n",
                 {"spidergate.yaml:3: providers.openai.url unknown key; did you mean 'providers.openai.base_url'?"}},
        bad_file{"half a provider",
                 "providers:\n  my-vllm:\n    auth: none\n",
                 {"spidergate.yaml:2: providers.my-vllm: no built-in provider has this name (did you mean 'vllm'?), "
                  "and a new one needs "
                  "dialect and base_url"}},
        bad_file{"odd URL",
                 "providers:\n  openai:\n    priority: 1\n    base_url: x\n",
                 {"spidergate.yaml:4: providers.openai.base_url: 'x' is not a URL like https://host/v1 (no query, no "
                  "fragment)"}},
        bad_file{"odd price",
                 "providers:\n  openai:\n    models:\n      - { name: gpt-4o,\n          input_per_mtok_usd: 1e3 }\n",
                 {"spidergate.yaml:5: providers.openai.models.gpt-4o.input_per_mtok_usd: '1e3' is not a price in "
                  "dollars per million "
                  "tokens, like 0.15"}},
        bad_file{"odd amount",
                 "providers:\n  openai:\n    models:\n      - { name: gpt-4o,\n          per_request_usd: cheap }\n",
                 {"spidergate.yaml:5: providers.openai.models.gpt-4o.per_request_usd: 'cheap' is not an amount of "
                  "dollars, like 0.005, with at most 9 decimals"}},
        bad_file{"misspelt price",
                 "providers:\n  openai:\n    models:\n      - { name: gpt-4o, audio_input_per_mtok: 1 }\n",
                 {"spidergate.yaml:4: providers.openai.models.gpt-4o.audio_input_per_mtok unknown key; did you mean "
                  "'providers.openai.models.gpt-4o.audio_input_per_mtok_usd'?"}},
        bad_file{"nameless model",
                 "providers:\n  openai:\n    models:\n      - { context: 1 }\n",
                 {"spidergate.yaml:4: providers.openai.models a model is { name: …, input_per_mtok_usd: …, "
                  "output_per_mtok_usd: … }, the name "
                  "at least"}},
        bad_file{"negative context",
                 "providers: { openai: { models: [ { name: a, context: -1 } ] } }\n",
                 {"spidergate.yaml:1: providers.openai.models.a.context is '-1'; allowed is an integer, not negative"}},
        bad_file{"alias to nowhere",
                 "aliases:\n  a: [opnai/gpt-4o]\n",
                 {"spidergate.yaml:2: aliases.a: 'opnai/gpt-4o' names no alias, and no provider 'opnai' exists (did "
                  "you mean 'openai'?)"}},
        bad_file{"alias cycle",
                 "aliases:\n  b: [a]\n  a: [b]\n",
                 {"spidergate.yaml:2: aliases.b: leads back to itself: b -> a -> b"}},
        bad_file{"alias that is no list",
                 "aliases:\n  a: openai/gpt-4o\n",
                 {"spidergate.yaml:2: aliases.a must be a list in brackets; allowed is a list of provider/model and "
                  "other aliases"}},
        bad_file{"rule without provider",
                 "rules:\n  - { match: \"gpt-*\" }\n",
                 {"spidergate.yaml:2: rules[0] needs both match and provider",
                  "spidergate.yaml:2: rules: 'gpt-*' names the provider '', which does not exist"}},
        bad_file{"rule with a stranger",
                 "rules:\n  - { match: \"gpt-*\", provider: openia }\n",
                 {"spidergate.yaml:2: rules: 'gpt-*' names the provider 'openia', which does not exist (did you mean "
                  "'openai'?)"}}));

TEST(config_faults, an_unknown_variable_names_the_nearest) {
  EXPECT_EQ(
      faults_of(load_with({{"SPIDERGATE_SERVER_THREAD", "2"}})),
      texts{"environment SPIDERGATE_SERVER_THREAD: there is no such setting; did you mean SPIDERGATE_SERVER_THREADS?"});
}

TEST(config_faults, a_bad_variable_and_a_bad_flag_are_named) {
  EXPECT_EQ(faults_of(load_with({{"SPIDERGATE_SERVER_THREADS", "x"}, {"GATEWAY_PORT", "99999"}},
                                {{"--port", "server.listen", "y"}})),
            (texts{"environment GATEWAY_PORT: server.listen is '127.0.0.1:99999'; allowed is address:port, like "
                   "127.0.0.1:4080 or [::1]:4080",
                   "environment SPIDERGATE_SERVER_THREADS: server.threads is 'x'; allowed is an integer from 0 to 1024",
                   "flag --port: server.listen is 'y'; allowed is address:port, like 127.0.0.1:4080 or [::1]:4080"}));
}

TEST(config_faults, no_fault_repeats_a_secret) {
  const std::string secret = "hushhushhush";
  const temporary_file file(secret, "key");
  for (const auto& result :
       {load_with({{"SPIDERGATE_VAULT_ENCRYPTION_KEY", secret}}),
        load_with({{"GATEWAY_ENCRYPTION_KEY_FILE", file.path()}}),
        load_with({{"DATABASE_URL", "mysql://u:" + secret + "@h/d"}}), load_with({{"REDIS_URL", "redis:/" + secret}}),
        load_text("vault: { previous_keys: [" + secret + "] }\n"),
        load_text("vault: { encryption_key: " + secret + " }\n")}) {
    ASSERT_FALSE(result);
    for (const auto& text : faults_of(result)) EXPECT_EQ(text.find(secret), std::string::npos) << text;
  }
}

TEST(config_faults, a_secret_given_twice_or_in_a_missing_file_is_a_fault) {
  EXPECT_EQ(faults_of(load_with({{"DATABASE_URL", "sqlite://x"}, {"DATABASE_URL_FILE", "/nowhere"}})),
            (texts{"environment DATABASE_URL: database.url is given, and DATABASE_URL_FILE as well: give one of them",
                   "environment DATABASE_URL_FILE: database.url names the file '/nowhere', which cannot be read"}));
}

TEST(config_faults, a_config_file_that_is_asked_for_must_be_there) {
  EXPECT_EQ(faults_of(load({"/nowhere.yaml", {{"HOME", "/h"}}, {}, ""})),
            texts{"flag --config: the config file '/nowhere.yaml' cannot be read"});
  EXPECT_EQ(faults_of(load_with({{"SPIDERGATE_CONFIG", "/"}})),
            texts{"environment SPIDERGATE_CONFIG: the config file '/' cannot be read"});
}

TEST(config_faults, a_home_folder_that_nobody_knows_is_a_fault) {
  EXPECT_EQ(faults_of(load({std::nullopt, {}, {}, ""})), texts{"default: data_dir begins with ~, and HOME is not set"});
  EXPECT_TRUE(load({std::nullopt, {{"SPIDERGATE_DATA_DIR", "/d"}}, {}, ""}));
}

}  // namespace
}  // namespace spidergate::config
