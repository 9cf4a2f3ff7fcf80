#include "store_state.hpp"

#include <spidergate/kv/memory_counters.hpp>

#include <gtest/gtest.h>

namespace spidergate::app {
namespace {

class state : public testing::Test {
 protected:
  static std::shared_ptr<const catalogue::catalogue> built_in() {
    static const auto data = *catalogue::catalogue::build({});
    return data;
  }
  static stored_rows one_brand(std::string preferences, std::string prices = {}) {
    stored_rows rows;
    rows.brands.push_back(
        {.id = "brd_1", .name = "b", .prices = std::move(prices), .preferences = std::move(preferences)});
    return rows;
  }
  [[nodiscard]] router::preferences preferences() const { return state_.routing().load()->preferences_of("brd_1"); }

  kv::memory_counters counters_;
  vault::vault keys_{{.current = vault::master_key::generate(crypto::system_random()), .previous = {}},
                     counters_,
                     runtime::system_clock()};
  store_state state_{built_in(), 60, keys_};
};

TEST_F(state, publishes_what_brands_prefer_and_pay) {
  auto rows = one_brand(R"({"blocked_providers":["groq"]})", R"({"openai/*":{"input_per_mtok_usd":"9"}})");
  rows.integrations.push_back({.id = "int_1", .provider = "groq", .prices = R"({"*":{"per_request_usd":"0.01"}})"});
  rows.integrations.push_back({.id = "int_2", .provider = "groq"});
  state_.use(std::move(rows));
  const auto routing = state_.routing().load();
  EXPECT_EQ(preferences().blocked_providers, std::vector<std::string>{"groq"});
  ASSERT_TRUE(routing->prices.contains("brd_1"));
  EXPECT_NE(routing->prices.at("brd_1").find("openai", "gpt-4o"), nullptr);
  ASSERT_EQ(routing->key_prices.at("groq").size(), 1U);
  EXPECT_EQ(routing->key_prices.at("groq")[0].integration_id, "int_1");
}

TEST_F(state, keeps_to_the_last_preferences_that_could_be_read) {
  state_.use(one_brand(R"({"allowed_providers":["openai"]})"));
  state_.use(one_brand("{ not JSON"));
  EXPECT_EQ(preferences().allowed_providers, std::vector<std::string>{"openai"});
}

TEST_F(state, allows_a_brand_nothing_while_its_preferences_were_never_read) {
  state_.use(one_brand(R"({"unheard_of":1})"));
  EXPECT_EQ(preferences().blocked_providers, std::vector<std::string>{"*"});
}

TEST_F(state, charges_list_prices_while_overrides_cannot_be_read) {
  state_.use(one_brand("", "[]"));
  EXPECT_FALSE(state_.routing().load()->prices.contains("brd_1"));
}

TEST_F(state, keeps_what_servers_list_across_a_reload_while_they_are_to_be_asked) {
  catalogue::overlay changes;
  auto& server = changes.providers.emplace_back();
  server.id = "my-vllm", server.dialect = "openai", server.base_url = "http://10.0.0.5:8000/v1";
  const auto configured = *catalogue::catalogue::build(changes);
  state_.reconfigure(configured, 60);
  catalogue::model_entry listed;
  listed.provider = "my-vllm", listed.id = "qwen3";
  const auto known = [&] { return state_.routing().load()->data->find_model("my-vllm", "qwen3") != nullptr; };
  EXPECT_FALSE(known());
  state_.discovered("my-vllm", {listed});
  EXPECT_TRUE(known());
  const auto before = state_.routing().load();
  state_.discovered("my-vllm", {listed});
  EXPECT_EQ(state_.routing().load(), before) << "nothing new";
  state_.reconfigure(configured, 60);
  EXPECT_TRUE(known());
  state_.discovered("my-vllm", {});
  EXPECT_FALSE(known()) << "it lists it no more";
  state_.discovered("my-vllm", {listed});
  state_.reconfigure(built_in(), 60);
  EXPECT_FALSE(known()) << "the provider has gone";
}

TEST_F(state, gives_a_new_object_with_each_change_of_the_rows) {
  const auto before = state_.rows();
  state_.reconfigure(built_in(), 5);
  EXPECT_EQ(state_.rows(), before);
  state_.use(one_brand(""));
  EXPECT_NE(state_.rows(), before);
  EXPECT_EQ(state_.rows()->brands.size(), 1U);
}

}  // namespace
}  // namespace spidergate::app
