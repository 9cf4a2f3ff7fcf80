#include "loading.hpp"

namespace spidergate::config {
namespace {

using namespace std::chrono_literals;
using texts = std::vector<std::string>;

constexpr std::string_view some_key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

TEST(config, without_anything_the_defaults_of_the_spec_hold) {
  const auto made = load_with({});
  ASSERT_TRUE(made) << faults_of(made)[0];
  const auto& s = made->values;
  EXPECT_EQ(s.data_dir, "/home/ann/.spidergate");
  EXPECT_EQ(s.server.listen.text(), "127.0.0.1:4080");
  EXPECT_EQ(s.server.admin_listen.text(), "127.0.0.1:4081");
  EXPECT_EQ(s.server.threads, 0);
  EXPECT_EQ(s.server.max_body_bytes, 33'554'432U);
  EXPECT_EQ(s.server.max_header_bytes, 16'384U);
  EXPECT_EQ(s.server.header_timeout, 10s);
  EXPECT_EQ(s.server.body_timeout, 60s);
  EXPECT_EQ(s.server.idle_timeout, 75s);
  EXPECT_EQ(s.server.drain_timeout, 30s);
  EXPECT_EQ(s.server.max_connections, 20'000U);
  EXPECT_TRUE(s.server.trusted_proxies.empty());
  EXPECT_EQ(s.database.url.reveal(), "sqlite:///home/ann/.spidergate/spidergate.db");
  EXPECT_EQ(s.database.kind, database_kind::sqlite);
  EXPECT_EQ(s.database.sqlite_path, "/home/ann/.spidergate/spidergate.db");
  EXPECT_EQ(s.database.pool_size, 8);
  EXPECT_TRUE(s.redis.url.empty());
  EXPECT_EQ(s.redis.key_prefix, "sg:");
  EXPECT_EQ(s.redis.on_unavailable, redis_lost::local);
  EXPECT_EQ(s.redis.timeout, 50ms);
  EXPECT_EQ(s.redis.connect_timeout, 1s);
  EXPECT_EQ(s.database.connect_timeout, 2s);
  EXPECT_EQ(s.database.statement_timeout, 5s);
  EXPECT_TRUE(s.vault.encryption_key.empty());
  EXPECT_FALSE(s.vault.allow_private_base_urls);
  EXPECT_EQ(s.engine.timeout, 120s);
  EXPECT_EQ(s.engine.connect_timeout, 5s);
  EXPECT_EQ(s.engine.first_byte_timeout, 60s);
  EXPECT_EQ(s.engine.stream_idle_timeout, 120s);
  EXPECT_EQ(s.engine.stream_keep_alive, 15s);
  EXPECT_EQ(s.engine.retry_count, 1);
  EXPECT_EQ(s.engine.max_attempts, 8);
  EXPECT_EQ(s.breaker.failures, 5);
  EXPECT_EQ(s.breaker.window, 60s);
  EXPECT_EQ(s.breaker.cooldown, 30s);
  EXPECT_EQ(s.breaker.half_open_requests, 1);
  EXPECT_EQ(s.limits.default_rpm, 60);
  EXPECT_EQ(s.limits.auth_failures_per_ip, 20);
  EXPECT_EQ(s.limits.auth_lockout, 5min);
  EXPECT_EQ(s.limits.auth_cache_stale, 10min);
  EXPECT_FALSE(s.cache.enabled);
  EXPECT_EQ(s.cache.ttl, 1h);
  EXPECT_EQ(s.cache.max_bytes, 268'435'456U);
  EXPECT_DOUBLE_EQ(s.cache.semantic.threshold, 0.95);
  EXPECT_EQ(s.ledger.retention, 30 * 24h);
  EXPECT_EQ(s.ledger.content, kept_content::none);
  EXPECT_NE(made->catalogue, nullptr);
  EXPECT_EQ(made->config_path, "");
}

TEST(config, a_file_is_read_whole) {
  const auto made = load_text(R"(
server:
  listen: "[::1]:0"
  max_body_bytes: 1MiB
  trusted_proxies: [10.0.0.0/8, "fd00::/8", 192.0.2.1]
  tls: { cert_file: ~/cert.pem, key_file: /etc/key.pem }
engine: { timeout: 90, forward_headers: [X-Team, x-user] }
redis: { url: "redis://:hush@cache:6379", on_unavailable: deny }
cache: { enabled: yes, semantic: { enabled: true, threshold: 0.99, embedding_model: text-embedding-3-small } }
ledger: { content: brand }
vault:
  previous_keys:
    - 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
)");
  ASSERT_TRUE(made) << faults_of(made)[0];
  const auto& s = made->values;
  EXPECT_EQ(s.server.listen, (listen_address{"::1", 0}));
  EXPECT_EQ(s.server.listen.text(), "[::1]:0");
  EXPECT_EQ(s.server.max_body_bytes, 1'048'576U);
  EXPECT_EQ(s.server.trusted_proxies, (texts{"10.0.0.0/8", "fd00::/8", "192.0.2.1"}));
  EXPECT_EQ(s.server.tls.cert_file, "/home/ann/cert.pem");
  EXPECT_EQ(s.engine.timeout, 90s);
  EXPECT_EQ(s.engine.forward_headers, (texts{"x-team", "x-user"}));
  EXPECT_EQ(s.redis.url.reveal(), "redis://:hush@cache:6379");
  EXPECT_EQ(s.redis.on_unavailable, redis_lost::deny);
  EXPECT_TRUE(s.cache.enabled && s.cache.semantic.enabled);
  EXPECT_DOUBLE_EQ(s.cache.semantic.threshold, 0.99);
  EXPECT_EQ(s.ledger.content, kept_content::brand);
  ASSERT_EQ(s.vault.previous_keys.size(), 1U);
  EXPECT_EQ(s.vault.previous_keys[0].reveal(), some_key);
}

TEST(config, flag_beats_environment_beats_file_beats_default) {
  const std::string file = "server: { threads: 2, max_connections: 7 }\n";
  const variables env = {{"SPIDERGATE_SERVER_THREADS", "3"}};
  auto made = load_text(file, env, {{"--threads", "server.threads", "4"}});
  EXPECT_EQ(made->values.server.threads, 4);
  EXPECT_EQ(effective_of(*made, {"server", "threads"}).origin, "flag --threads");
  made = load_text(file, env);
  EXPECT_EQ(made->values.server.threads, 3);
  EXPECT_EQ(effective_of(*made, {"server", "threads"}).origin, "environment SPIDERGATE_SERVER_THREADS");
  made = load_text(file);
  EXPECT_EQ(made->values.server.threads, 2);
  EXPECT_TRUE(effective_of(*made, {"server", "max_connections"}).origin.ends_with("/spidergate.yaml:1"));
  EXPECT_EQ(effective_of(*made, {"server", "idle_timeout"}).origin, "default");
}

TEST(config, nested_keys_are_environment_variables_too) {
  const auto made = load_with({{"SPIDERGATE_CACHE_SEMANTIC_ENABLED", "true"},
                               {"SPIDERGATE_CACHE_SEMANTIC_EMBEDDING_MODEL", "m"},
                               {"SPIDERGATE_SERVER_TLS_CERT_FILE", "/c"},
                               {"SPIDERGATE_SERVER_TLS_KEY_FILE", "/k"},
                               {"SPIDERGATE_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1"},
                               {"SPIDERGATE_DATA_DIR", "/data"}});
  ASSERT_TRUE(made) << faults_of(made)[0];
  EXPECT_TRUE(made->values.cache.semantic.enabled);
  EXPECT_EQ(made->values.server.tls.cert_file, "/c");
  EXPECT_EQ(made->values.server.trusted_proxies, (texts{"10.0.0.0/8", "127.0.0.1"}));
  EXPECT_EQ(made->values.database.sqlite_path, "/data/spidergate.db");
}

TEST(config, the_other_names_of_the_spec_are_understood) {
  const auto made = load_with({{"GATEWAY_PORT", "5000"},
                               {"GATEWAY_ADMIN_PORT", "5001"},
                               {"GATEWAY_ENCRYPTION_KEY", std::string(some_key)},
                               {"GATEWAY_DATA_DIR", "/var/sg"},
                               {"GATEWAY_REDIS_URL", "redis://r"},
                               {"GATEWAY_CACHE_ENABLED", "1"},
                               {"GATEWAY_CACHE_TTL", "90"},
                               {"GATEWAY_RATE_LIMIT_RPM", "120"},
                               {"GATEWAY_LOG_RETENTION", "7"},
                               {"GATEWAY_DEV", "1"},
                               {"DATABASE_URL", "postgresql://u:p@db/sg"},
                               {"GATEWAY_OF_SOMEBODY_ELSE", "x"}});
  ASSERT_TRUE(made) << faults_of(made)[0];
  const auto& s = made->values;
  EXPECT_EQ(s.server.listen.text(), "127.0.0.1:5000");
  EXPECT_EQ(s.server.admin_listen.text(), "127.0.0.1:5001");
  EXPECT_EQ(s.vault.encryption_key.reveal(), some_key);
  EXPECT_EQ(s.data_dir, "/var/sg");
  EXPECT_EQ(s.redis.url.reveal(), "redis://r");
  EXPECT_TRUE(s.cache.enabled);
  EXPECT_EQ(s.cache.ttl, 90s);
  EXPECT_EQ(s.limits.default_rpm, 120);
  EXPECT_EQ(s.ledger.retention, 7 * 24h);
  EXPECT_TRUE(s.server.dev);
  EXPECT_EQ(s.database.kind, database_kind::postgresql);
  EXPECT_EQ(s.database.url.reveal(), "postgresql://u:p@db/sg");
  EXPECT_EQ(effective_of(*made, {"server", "listen"}).origin, "environment GATEWAY_PORT");
}

TEST(config, a_port_alone_keeps_the_host_of_the_file) {
  EXPECT_EQ(load_text("server: { listen: 0.0.0.0:80 }\n", {{"GATEWAY_PORT", "81"}})->values.server.listen.text(),
            "0.0.0.0:81");
}

TEST(config, our_own_name_beats_the_other_ones) {
  const auto made = load_with({{"SPIDERGATE_REDIS_URL", "redis://a"}, {"REDIS_URL", "redis://b"}});
  EXPECT_EQ(made->values.redis.url.reveal(), "redis://a");
}

TEST(config, secrets_come_from_files) {
  const temporary_file key(std::string(some_key) + "\n", "key");
  const temporary_file keys(std::string(some_key) + "\n" + std::string(some_key) + "\n", "keys");
  const temporary_file url("postgresql://u:p@db/sg\n", "url");
  for (const std::string name : {"SPIDERGATE_VAULT_ENCRYPTION_KEY_FILE", "GATEWAY_ENCRYPTION_KEY_FILE"}) {
    const auto made = load_with({{name, key.path()}});
    ASSERT_TRUE(made) << faults_of(made)[0];
    EXPECT_EQ(made->values.vault.encryption_key.reveal(), some_key);
    EXPECT_EQ(effective_of(*made, {"vault", "encryption_key"}).origin, "environment " + name);
  }
  const auto made =
      load_with({{"DATABASE_URL_FILE", url.path()}, {"SPIDERGATE_VAULT_PREVIOUS_KEYS_FILE", keys.path()}});
  ASSERT_TRUE(made) << faults_of(made)[0];
  EXPECT_EQ(made->values.database.url.reveal(), "postgresql://u:p@db/sg");
  EXPECT_EQ(made->values.vault.previous_keys.size(), 2U);
}

TEST(config, an_empty_variable_is_not_set) {
  const auto made = load_with({{"SPIDERGATE_SERVER_THREADS", ""}, {"DATABASE_URL", ""}, {"DATABASE_URL_FILE", ""}});
  ASSERT_TRUE(made) << faults_of(made)[0];
  EXPECT_EQ(effective_of(*made, {"server", "threads"}).origin, "default");
}

TEST(config, variables_of_tools_and_of_kubernetes_are_let_be) {
  const auto made = load_with({{"SPIDERGATE_WIRE_DIR", "x"},
                               {"SPIDERGATE_BIN", "x"},
                               {"SPIDERGATE_TEST_SEED", "1"},
                               {"SPIDERGATE_API_KEY", "k"},
                               {"SPIDERGATE_SERVICE_HOST", "10.0.0.1"},
                               {"SPIDERGATE_PORT", "tcp://10.0.0.1:80"},
                               {"SPIDERGATE_PORT_80_TCP_ADDR", "10.0.0.1"}});
  EXPECT_EQ(faults_of(made), texts{"no fault"});
}

TEST(config, the_environment_names_the_file_where_no_flag_does) {
  const temporary_file file("server: { threads: 9 }\n");
  EXPECT_EQ(load_with({{"SPIDERGATE_CONFIG", file.path()}})->values.server.threads, 9);
  const temporary_file other("server: { threads: 8 }\n");
  const auto made = load({other.path(), {{"SPIDERGATE_CONFIG", file.path()}, {"HOME", "/h"}}, {}, ""});
  EXPECT_EQ(made->values.server.threads, 8);
  EXPECT_EQ(made->config_path, other.path());
}

TEST(config, the_usual_file_is_taken_when_it_is_there) {
  const temporary_file file("server: { threads: 9 }\n");
  EXPECT_EQ(load({std::nullopt, {{"HOME", "/h"}}, {}, file.path()})->values.server.threads, 9);
  EXPECT_EQ(load({std::nullopt, {{"HOME", "/h"}}, {}, file.path() + ".not"})->values.server.threads, 0);
}

TEST(config, providers_aliases_and_rules_reach_the_catalogue) {
  const auto made = load_text(R"(
providers:
  openai: { base_url: "http://127.0.0.1:9/v1", priority: 3, on_disconnect: drain }
  my-vllm:
    dialect: openai
    base_url: http://10.0.0.5:8000/v1
    auth: none
    models:
      - { name: qwen3, input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.333333, context: 32768, max_output: 4096, mode: chat }
      - { name: sound, cache_write_per_mtok_usd: 1, reasoning_per_mtok_usd: 2, audio_input_per_mtok_usd: 3, audio_output_per_mtok_usd: 4, image_usd: 0.04, per_request_usd: 0.005 }
aliases:
  spideriq/coding: [my-vllm/qwen3, spideriq/fast]
rules:
  - { match: "gpt-4*", provider: openai }
)");
  ASSERT_TRUE(made) << faults_of(made)[0];
  const auto& data = *made->catalogue;
  EXPECT_TRUE(data.find_provider("openai")->from_config);
  EXPECT_EQ(data.find_provider("openai")->disconnect, catalogue::on_disconnect::drain);
  const auto* model = data.find_model("my-vllm", "qwen3");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->price->input->to_usd_per_million(), "0.1");
  EXPECT_EQ(model->price->output->to_usd_per_million(), "0.333333");
  EXPECT_EQ(model->max_output, 4096);
  const auto& price = *data.find_model("my-vllm", "sound")->price;
  EXPECT_EQ(price.cache_write->to_usd_per_million(), "1");
  EXPECT_EQ(price.reasoning->to_usd_per_million(), "2");
  EXPECT_EQ(price.audio_input->to_usd_per_million(), "3");
  EXPECT_EQ(price.audio_output->to_usd_per_million(), "4");
  EXPECT_EQ(price.per_image->to_usd(), "0.04");
  EXPECT_EQ(price.per_request->to_usd(), "0.005");
  EXPECT_EQ(data.find_alias("spideriq/coding")->chain[0], "my-vllm/qwen3");
  EXPECT_EQ(data.config_rules()[0].match, "gpt-4*");
  EXPECT_TRUE(effective_of(*made, {"providers", "my-vllm", "auth"}).origin.ends_with(":7"));
  EXPECT_EQ(effective_of(*made, {"aliases", "spideriq/coding"}).text, "[my-vllm/qwen3, spideriq/fast]");
}

TEST(config, a_reload_tells_what_it_cannot_change) {
  const auto before =
      load_text("server: { threads: 2, idle_timeout: 5s }\ndatabase: { url: \"postgresql://u:a@h/d\" }\n");
  const auto after =
      load_text("server: { threads: 3, idle_timeout: 6s }\ndatabase: { url: \"postgresql://u:b@h/d\" }\n");
  EXPECT_EQ(changes_needing_restart(*before, *after), (texts{"server.threads", "database.url"}));
  EXPECT_TRUE(changes_needing_restart(*before, *before).empty());
}

}  // namespace
}  // namespace spidergate::config
