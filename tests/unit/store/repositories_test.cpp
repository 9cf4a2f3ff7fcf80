#include "json_list.hpp"
#include "store_fixture.hpp"

#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spidergate::store {
namespace {

class repositories : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(brands::insert(*on, {"brd_1", "default", true, 10}));
    ASSERT_TRUE(clients::insert(*on, {"cli_1", "brd_1", "default", 11}));
  }

  token_record token(const std::string& id, const std::string& hash) const {
    token_record t;
    t.id = id, t.brand_id = "brd_1", t.client_id = "cli_1", t.kind = "key", t.label = "CI", t.env = "prod";
    t.display = "sg_key_prod_ab12…wxyz", t.hash = hash, t.scopes = {"inference", "usage"};
    t.rpm = -1, t.rpd = 2, t.tpm = 3, t.max_parallel = 4;
    t.allowed_models = {"openai/*", "a\"b"}, t.blocked_models = {}, t.allowed_cidrs = {"10.0.0.0/8", "::1/128"};
    t.expires_at = 5, t.created_at = 6, t.created_by = "cli";
    return t;
  }

  integration_record integration(const std::string& id, const std::string& brand, const std::string& label) const {
    integration_record i;
    i.id = id, i.brand_id = brand, i.provider = "openai", i.key_label = label;
    i.origin = "https://api.openai.com:443", i.sealed = std::string("\0\x01\xff", 3), i.masked_key = "sk-***9f2c";
    i.fingerprint = "00ff", i.source = "api", i.daily_limit = 7, i.minute_limit = 8, i.is_primary = true;
    i.priority = -2, i.created_at = 9, i.updated_at = 10;
    return i;
  }

  std::int64_t version() { return meta::config_version(*on).value(); }

  testing::embedded_database database;
  std::unique_ptr<sql::connection> on = database.open();
};

TEST_F(repositories, brands_have_unique_names) {
  EXPECT_EQ(brands::insert(*on, {"brd_2", "default", true, 1}).error(), errc::already_exists);
  ASSERT_TRUE(brands::insert(*on, {"brd_2", "other", false, 12}));
  const auto all = brands::list(*on).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].name, "other");
  EXPECT_FALSE(all[1].pool_access);
  EXPECT_EQ(brands::find_by_name(*on, "default").value()->id, "brd_1");
  EXPECT_EQ(brands::find_by_name(*on, "nobody").value(), std::nullopt);
}

TEST_F(repositories, clients_belong_to_a_brand) {
  EXPECT_EQ(clients::insert(*on, {"cli_2", "brd_none", "x", 1}).error(), errc::constraint);
  EXPECT_EQ(clients::insert(*on, {"cli_2", "brd_1", "default", 1}).error(), errc::already_exists);
  ASSERT_TRUE(brands::insert(*on, {"brd_2", "other", true, 12}));
  ASSERT_TRUE(clients::insert(*on, {"cli_2", "brd_2", "default", 13}));
  EXPECT_EQ(clients::list(*on, "").value().size(), 2U);
  EXPECT_EQ(clients::list(*on, "brd_2").value().at(0).id, "cli_2");
  EXPECT_EQ(clients::find_by_name(*on, "brd_2", "default").value()->id, "cli_2");
}

TEST_F(repositories, a_token_comes_back_whole) {
  const auto t = token("tok_1", std::string("\0hash\xff", 6));
  ASSERT_TRUE(tokens::insert(*on, t));
  const auto back = tokens::find(*on, "tok_1").value().value();
  EXPECT_EQ(back.hash, t.hash);
  EXPECT_EQ(back.display, t.display);
  EXPECT_EQ(back.scopes, t.scopes);
  EXPECT_EQ(back.allowed_models, t.allowed_models);
  EXPECT_EQ(back.blocked_models, t.blocked_models);
  EXPECT_EQ(back.allowed_cidrs, t.allowed_cidrs);
  EXPECT_EQ(std::vector({back.rpm, back.rpd, back.tpm, back.max_parallel}), std::vector<std::int64_t>({-1, 2, 3, 4}));
  EXPECT_EQ(std::vector({back.expires_at, back.revoked_at, back.last_used_at, back.created_at}),
            std::vector<epoch_ms>({5, 0, 0, 6}));
  EXPECT_EQ(back.created_by + back.kind + back.env + back.label, "clikeyprodCI");
  EXPECT_EQ(tokens::insert(*on, token("tok_2", t.hash)).error(), errc::already_exists);
}

TEST_F(repositories, a_token_cannot_join_another_brands_client) {
  ASSERT_TRUE(brands::insert(*on, {"brd_2", "other", true, 12}));
  auto t = token("tok_1", "h");
  t.brand_id = "brd_2";
  EXPECT_EQ(tokens::insert(*on, t).error(), errc::constraint);
}

TEST_F(repositories, revoking_keeps_the_first_time) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  EXPECT_TRUE(tokens::revoke(*on, "tok_1", 100).value());
  EXPECT_TRUE(tokens::revoke(*on, "tok_1", 200).value());
  EXPECT_FALSE(tokens::revoke(*on, "tok_9", 200).value());
  EXPECT_EQ(tokens::find(*on, "tok_1").value()->revoked_at, 100);
}

TEST_F(repositories, a_rotated_token_knows_its_successor) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  EXPECT_TRUE(tokens::set_expiry(*on, "tok_1", 500, "tok_2").value());
  const auto back = tokens::find(*on, "tok_1").value().value();
  EXPECT_EQ(back.expires_at, 500);
  EXPECT_EQ(back.rotated_to, "tok_2");
}

TEST_F(repositories, last_use_never_goes_back_and_raises_no_version) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  const auto before = version();
  const std::vector<std::pair<std::string, epoch_ms>> uses = {{"tok_1", 50}, {"tok_none", 60}, {"tok_1", 40}};
  ASSERT_TRUE(tokens::touch(*on, uses));
  EXPECT_EQ(tokens::find(*on, "tok_1").value()->last_used_at, 50);
  EXPECT_EQ(version(), before);
}

TEST_F(repositories, a_broken_list_is_corrupt_and_not_empty) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  ASSERT_TRUE(on->exec("UPDATE tokens SET allowed_models = '[\"gpt'"));
  EXPECT_EQ(tokens::list(*on).error(), errc::corrupt);
}

TEST_F(repositories, an_integration_comes_back_whole_and_changes) {
  auto i = integration("int_1", "", "main");
  ASSERT_TRUE(integrations::insert(*on, i));
  auto back = integrations::find(*on, "int_1").value().value();
  EXPECT_EQ(back.sealed, i.sealed);
  EXPECT_EQ(back.brand_id, "");
  EXPECT_EQ(back.origin, i.origin);
  EXPECT_EQ(back.priority, -2);
  EXPECT_TRUE(back.is_primary && back.is_active);
  i.is_active = false, i.key_label = "spare", i.updated_at = 99;
  EXPECT_TRUE(integrations::update(*on, i).value());
  back = integrations::find(*on, "int_1").value().value();
  EXPECT_FALSE(back.is_active);
  EXPECT_EQ(back.key_label, "spare");
  i.id = "int_9", i.key_label = "third";
  EXPECT_FALSE(integrations::update(*on, i).value());
}

TEST_F(repositories, labels_are_unique_in_the_pool_and_in_each_brand) {
  ASSERT_TRUE(integrations::insert(*on, integration("int_1", "", "main")));
  EXPECT_EQ(integrations::insert(*on, integration("int_2", "", "main")).error(), errc::already_exists);
  ASSERT_TRUE(integrations::insert(*on, integration("int_3", "brd_1", "main")));
  EXPECT_EQ(integrations::insert(*on, integration("int_4", "brd_1", "main")).error(), errc::already_exists);
  EXPECT_EQ(integrations::insert(*on, integration("int_5", "brd_none", "main")).error(), errc::constraint);
  EXPECT_EQ(integrations::list(*on).value().size(), 2U);
}

TEST_F(repositories, states_follow_their_integration) {
  ASSERT_TRUE(integrations::insert(*on, integration("int_1", "", "main")));
  const auto before = version();
  std::vector<integration_state_record> states = {{"int_1", 86'400'000, 3, "healthy", "", 0, "", 70, 0},
                                                  {"int_gone", 0, 1, "healthy", "", 0, "", 0, 0}};
  ASSERT_TRUE(integrations::save_states(*on, states));
  states[0].daily_count = 4, states[0].health = "degraded", states[0].last_error = "429";
  ASSERT_TRUE(integrations::save_states(*on, states));
  auto back = integrations::list_states(*on).value();
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].daily_count, 4);
  EXPECT_EQ(back[0].health + back[0].last_error, "degraded429");
  EXPECT_EQ(version(), before);
  EXPECT_TRUE(integrations::remove(*on, "int_1").value());
  EXPECT_FALSE(integrations::remove(*on, "int_1").value());
  EXPECT_TRUE(integrations::list_states(*on).value().empty());
}

TEST_F(repositories, aliases_are_replaced_by_brand_and_name) {
  ASSERT_TRUE(routing::set_alias(*on, {"", "agent/chat", {"openai/gpt-4o"}, 1}));
  ASSERT_TRUE(routing::set_alias(*on, {"", "agent/chat", {"a/b", "c/d"}, 2}));
  ASSERT_TRUE(routing::set_alias(*on, {"brd_1", "agent/chat", {"e/f"}, 3}));
  const auto all = routing::list_aliases(*on).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].chain, (std::vector<std::string>{"a/b", "c/d"}));
  EXPECT_EQ(all[1].brand_id, "brd_1");
  EXPECT_TRUE(routing::remove_alias(*on, "", "agent/chat").value());
  EXPECT_FALSE(routing::remove_alias(*on, "", "agent/chat").value());
}

TEST_F(repositories, rules_come_in_their_order) {
  ASSERT_TRUE(on->exec("INSERT INTO rules VALUES (NULL, 2, 'b*', 'two'), (NULL, 1, 'a*', 'one')"));
  const auto all = routing::list_rules(*on).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].match + all[0].provider, "a*one");
}

TEST_F(repositories, meta_values_are_replaced) {
  EXPECT_EQ(meta::get(*on, "salt").value(), std::nullopt);
  ASSERT_TRUE(meta::put(*on, "salt", "a"));
  ASSERT_TRUE(meta::put(*on, "salt", "b"));
  EXPECT_EQ(meta::get(*on, "salt").value(), "b");
}

TEST_F(repositories, every_change_raises_the_version_and_nothing_else_does) {
  auto last = version();
  const auto raised = [&] { return std::exchange(last, version()) < last; };
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(tokens::revoke(*on, "tok_1", 1).value());
  EXPECT_TRUE(raised());
  ASSERT_FALSE(tokens::revoke(*on, "tok_9", 1).value());
  EXPECT_FALSE(raised());
  ASSERT_TRUE(integrations::insert(*on, integration("int_1", "", "a")));
  EXPECT_TRUE(raised());
  EXPECT_FALSE(integrations::insert(*on, integration("int_2", "", "a")));
  EXPECT_FALSE(raised());
  ASSERT_TRUE(routing::set_alias(*on, {"", "x", {}, 1}));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(meta::put(*on, "a", "b"));
  EXPECT_FALSE(raised());
}

TEST_F(repositories, several_changes_fit_into_one_transaction) {
  {
    auto scope = sql::transaction::begin(*on);
    ASSERT_TRUE(scope);
    ASSERT_TRUE(brands::insert(*on, {"brd_2", "second", true, 1}));
    ASSERT_TRUE(clients::insert(*on, {"cli_2", "brd_2", "second", 1}));
  }
  EXPECT_EQ(brands::list(*on).value().size(), 1U);
}

TEST(json_list, reads_what_it_writes_and_refuses_the_rest) {
  const std::vector<std::string> odd = {"", "a,b", "\"\\/\b\n\t\x01", "ä€😀", "]"};
  EXPECT_EQ(from_json_list(to_json_list(odd)), odd);
  EXPECT_EQ(from_json_list("[]")->size(), 0U);
  EXPECT_EQ(from_json_list(R"( [ "\u00e4\uD83D\uDE00" , "b" ] )"), (std::vector<std::string>{"ä😀", "b"}));
  for (const auto* wrong : {"", "[", "[\"a\"", "[\"a\",]", "[1]", "{}", "[\"a\"]x", "[\"\\x\"]", "[\"\\u12\"]",
                            "[\"\\uD83D\"]", "[\"a\" \"b\"]"}) {
    EXPECT_EQ(from_json_list(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace spidergate::store
