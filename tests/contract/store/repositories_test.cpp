#include "store_databases.hpp"

#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace spidergate::store {
namespace {

/// What the repositories promise on every database.
class repositories : public testing::store_suite {
 protected:
  void SetUp() override {
    ASSERT_TRUE(brands::insert(*on, brand("brd_1", "default", 10)));
    ASSERT_TRUE(clients::insert(*on, client("cli_1", "brd_1", "default", 11)));
    started_at = version();
  }

  static brand_record brand(const std::string& id, const std::string& name, epoch_ms at) {
    brand_record b;
    b.id = id, b.name = name, b.created_at = at;
    return b;
  }
  static client_record client(const std::string& id, const std::string& brand_id, const std::string& name,
                              epoch_ms at) {
    client_record c;
    c.id = id, c.brand_id = brand_id, c.name = name, c.created_at = at;
    return c;
  }
  /// Each value another one, so that no two columns can change places.
  static limit_set limits(std::int64_t from) {
    return {from, from + 1, from + 2, from + 3, money{from + 4}, money{from + 5}, money{from + 6}, money{from + 7}};
  }

  token_record token(const std::string& id, const std::string& hash) const {
    token_record t;
    t.id = id, t.brand_id = "brd_1", t.client_id = "cli_1", t.kind = "key", t.label = "CI", t.env = "prod";
    t.display = "sg_key_prod_ab12…wxyz", t.hash = hash, t.scopes = {"inference", "usage"};
    t.role = "member", t.limits = limits(70);
    t.allowed_models = {"openai/*", "a\"b"}, t.blocked_models = {}, t.allowed_cidrs = {"10.0.0.0/8", "::1/128"};
    t.expires_at = 5, t.created_at = 6, t.created_by = "cli";
    return t;
  }

  integration_record integration(const std::string& id, const std::string& brand, const std::string& label) const {
    integration_record i;
    i.id = id, i.brand_id = brand, i.provider = "openai", i.key_label = label;
    i.origin = "https://api.openai.com:443", i.sealed = std::string("\0\x01\xff", 3), i.masked_key = "sk-***9f2c";
    i.fingerprint = "00ff", i.source = "api", i.daily_limit = 7, i.minute_limit = 8, i.is_primary = true;
    i.priority = -2, i.prices = R"({"gpt-4o":{}})", i.created_at = 9, i.updated_at = 10;
    return i;
  }

  std::int64_t version() { return meta::config_version(*on).value(); }

  std::int64_t started_at = 0;  // the version after SetUp
};

template <class Record>
std::string ids_of(const result<std::vector<Record>>& page) {
  std::string ids;
  for (const auto& one : page.value()) ids.append(ids.empty() ? "" : " ").append(one.id);
  return ids;
}

TEST_P(repositories, brands_have_unique_names) {
  EXPECT_EQ(brands::insert(*on, brand("brd_2", "default", 1)).error(), errc::already_exists);
  ASSERT_TRUE(brands::insert(*on, brand("brd_2", "other", 12)));
  EXPECT_EQ(ids_of(brands::list(*on)), "brd_1 brd_2") << "oldest first";
  EXPECT_EQ(brands::find_by_name(*on, "default").value()->id, "brd_1");
  EXPECT_EQ(brands::find_by_name(*on, "nobody").value(), std::nullopt);
  EXPECT_EQ(brands::find(*on, "brd_2").value()->name, "other");
  EXPECT_EQ(brands::find(*on, "brd_9").value(), std::nullopt);
  EXPECT_EQ(brands::update(*on, brand("brd_2", "default", 12)).error(), errc::already_exists);
}

TEST_P(repositories, a_brand_comes_back_whole_and_changes) {
  auto b = brand("brd_2", "other", 12);
  b.pool_access = false, b.is_operator = true, b.limits = limits(100), b.suspended_at = 13;
  b.prices = R"({"a/b":1})", b.preferences = R"({"order":[]})";
  ASSERT_TRUE(brands::insert(*on, b));
  EXPECT_EQ(brands::find(*on, "brd_2").value(), b);
  b.name = "new", b.pool_access = true, b.is_operator = false, b.limits = limits(200), b.suspended_at = 0;
  b.prices = b.preferences = "";
  EXPECT_TRUE(brands::update(*on, b).value());
  EXPECT_EQ(brands::find(*on, "brd_2").value(), b);
  b.id = "brd_9", b.name = "nobody";
  EXPECT_FALSE(brands::update(*on, b).value());
}

TEST_P(repositories, clients_belong_to_a_brand) {
  EXPECT_EQ(clients::insert(*on, client("cli_2", "brd_none", "x", 1)).error(), errc::constraint);
  EXPECT_EQ(clients::insert(*on, client("cli_2", "brd_1", "default", 1)).error(), errc::already_exists);
  ASSERT_TRUE(brands::insert(*on, brand("brd_2", "other", 12)));
  ASSERT_TRUE(clients::insert(*on, client("cli_2", "brd_2", "default", 13)));
  EXPECT_EQ(ids_of(clients::list(*on, "")), "cli_1 cli_2");
  EXPECT_EQ(ids_of(clients::list(*on, "brd_2")), "cli_2");
  EXPECT_EQ(clients::find_by_name(*on, "brd_2", "default").value()->id, "cli_2");
  EXPECT_EQ(clients::find(*on, "brd_2", "cli_2").value()->id, "cli_2");
  EXPECT_EQ(clients::find(*on, "brd_1", "cli_2").value(), std::nullopt) << "another brand's";
}

TEST_P(repositories, a_client_comes_back_whole_and_changes) {
  auto c = client("cli_2", "brd_1", "robot", 13);
  c.limits = limits(300);
  ASSERT_TRUE(clients::insert(*on, c));
  EXPECT_EQ(clients::find(*on, "brd_1", "cli_2").value(), c);
  c.name = "android", c.limits = limits(400), c.revoked_at = 14;
  EXPECT_TRUE(clients::update(*on, c).value());
  EXPECT_EQ(clients::find(*on, "brd_1", "cli_2").value(), c);
  c.revoked_at = 0;
  EXPECT_TRUE(clients::update(*on, c).value());
  EXPECT_EQ(clients::find(*on, "brd_1", "cli_2").value()->revoked_at, 14) << "who is revoked stays so";
  c.name = "default";
  EXPECT_EQ(clients::update(*on, c).error(), errc::already_exists);
}

TEST_P(repositories, pages_go_from_the_newest_to_the_oldest_and_stay_in_the_brand) {
  ASSERT_TRUE(brands::insert(*on, brand("brd_0", "older", 5)));
  ASSERT_TRUE(brands::insert(*on, brand("brd_2", "same time", 10)));
  EXPECT_EQ(ids_of(brands::page(*on, "", 2)), "brd_2 brd_1");
  EXPECT_EQ(ids_of(brands::page(*on, "brd_1", 2)), "brd_0");
  EXPECT_EQ(ids_of(brands::page(*on, "brd_0", 2)), "");
  EXPECT_EQ(ids_of(brands::page(*on, "brd_none", 2)), "");

  for (const auto* id : {"cli_a", "cli_b", "cli_c"}) ASSERT_TRUE(clients::insert(*on, client(id, "brd_2", id, 20)));
  EXPECT_EQ(ids_of(clients::page(*on, "brd_2", "", 2)), "cli_c cli_b");
  EXPECT_EQ(ids_of(clients::page(*on, "brd_2", "cli_b", 2)), "cli_a");
  EXPECT_EQ(ids_of(clients::page(*on, "brd_2", "cli_1", 2)), "") << "another brand's client begins no page";
  EXPECT_EQ(ids_of(clients::page(*on, "brd_1", "", 9)), "cli_1");
}

TEST_P(repositories, pages_of_tokens_are_of_the_kinds_that_were_asked_for) {
  ASSERT_TRUE(brands::insert(*on, brand("brd_2", "other", 12)));
  ASSERT_TRUE(clients::insert(*on, client("cli_2", "brd_2", "default", 13)));
  for (const auto& [id, kind, brand_id] :
       {std::tuple{"tok_1", "key", "brd_1"}, std::tuple{"tok_2", "pat", "brd_1"},
        std::tuple{"tok_3", "triple", "brd_1"}, std::tuple{"tok_4", "key", "brd_2"}}) {
    auto t = token(id, std::string("hash of ") + id);
    t.kind = kind, t.brand_id = brand_id, t.client_id = t.brand_id == "brd_1" ? "cli_1" : "cli_2";
    ASSERT_TRUE(tokens::insert(*on, t));
  }
  const auto page = [&](std::vector<std::string_view> kinds, std::string_view after, std::size_t limit) {
    return ids_of(tokens::page(*on, "brd_1", kinds, after, limit));
  };
  EXPECT_EQ(page({}, "", 9), "tok_3 tok_2 tok_1");
  EXPECT_EQ(page({}, "", 2), "tok_3 tok_2");
  EXPECT_EQ(page({}, "tok_2", 2), "tok_1");
  EXPECT_EQ(page({"key"}, "", 9), "tok_1");
  EXPECT_EQ(page({"triple", "pat"}, "", 9), "tok_3 tok_2");
  EXPECT_EQ(page({"key", "pat", "triple"}, "tok_3", 9), "tok_2 tok_1");
  EXPECT_EQ(page({}, "tok_4", 9), "") << "another brand's token begins no page";
}

TEST_P(repositories, a_token_comes_back_whole_and_changes) {
  auto t = token("tok_1", std::string("\0hash\xff", 6));
  t.secret_hash = std::string("\0\x01\xfe secret", 10);
  ASSERT_TRUE(tokens::insert(*on, t));
  EXPECT_EQ(tokens::find(*on, "tok_1").value(), t);
  EXPECT_EQ(tokens::insert(*on, token("tok_2", t.hash)).error(), errc::already_exists);
  t.label = "new", t.role = "owner", t.scopes = {"admin"}, t.limits = limits(500), t.allowed_models = {};
  t.blocked_models = {"x/*"}, t.allowed_cidrs = {"::/0"}, t.expires_at = 50;
  EXPECT_TRUE(tokens::update(*on, t).value());
  EXPECT_EQ(tokens::find(*on, "tok_1").value(), t);
  t.id = "tok_9";
  EXPECT_FALSE(tokens::update(*on, t).value());
}

TEST_P(repositories, writing_back_a_token_undoes_no_revocation_rotation_or_use) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  const auto read_before = tokens::find(*on, "tok_1").value().value();
  ASSERT_TRUE(tokens::set_expiry(*on, "tok_1", 4, "tok_2").value());
  ASSERT_TRUE(tokens::revoke(*on, "tok_1", 100).value());
  const std::vector<std::pair<std::string, epoch_ms>> used = {{"tok_1", 90}};
  ASSERT_TRUE(tokens::touch(*on, used));
  EXPECT_TRUE(tokens::update(*on, read_before).value());
  const auto back = tokens::find(*on, "tok_1").value().value();
  EXPECT_EQ(back.revoked_at, 100);
  EXPECT_EQ(back.rotated_to, "tok_2");
  EXPECT_EQ(back.expires_at, 4);
  EXPECT_EQ(back.last_used_at, 90);
}

TEST_P(repositories, a_token_is_replaced_once) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  EXPECT_TRUE(tokens::set_expiry(*on, "tok_1", 500, "tok_2").value());
  EXPECT_FALSE(tokens::set_expiry(*on, "tok_1", 900, "tok_3").value());
  EXPECT_EQ(tokens::find(*on, "tok_1").value()->rotated_to, "tok_2");
}

TEST_P(repositories, a_revoked_token_is_not_replaced) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  ASSERT_TRUE(tokens::revoke(*on, "tok_1", 100).value());
  EXPECT_FALSE(tokens::set_expiry(*on, "tok_1", 500, "tok_2").value());
}

TEST_P(repositories, a_secret_hash_that_was_broken_by_hand_is_corrupt) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  for (const auto* wrong : {"abc", "zz", "AB"}) {
    ASSERT_TRUE(on->exec("UPDATE tokens SET secret_hash = $1", {std::string(wrong)}));
    EXPECT_EQ(tokens::find(*on, "tok_1").error(), errc::corrupt) << wrong;
  }
}

TEST_P(repositories, a_token_cannot_join_another_brands_client) {
  ASSERT_TRUE(brands::insert(*on, brand("brd_2", "other", 12)));
  auto t = token("tok_1", "h");
  t.brand_id = "brd_2";
  EXPECT_EQ(tokens::insert(*on, t).error(), errc::constraint);
}

TEST_P(repositories, revoking_keeps_the_first_time) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  EXPECT_TRUE(tokens::revoke(*on, "tok_1", 100).value());
  EXPECT_TRUE(tokens::revoke(*on, "tok_1", 200).value());
  EXPECT_FALSE(tokens::revoke(*on, "tok_9", 200).value());
  EXPECT_EQ(tokens::find(*on, "tok_1").value()->revoked_at, 100);
}

TEST_P(repositories, a_rotated_token_knows_its_successor) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  EXPECT_TRUE(tokens::set_expiry(*on, "tok_1", 500, "tok_2").value());
  const auto back = tokens::find(*on, "tok_1").value().value();
  EXPECT_EQ(back.expires_at, 500);
  EXPECT_EQ(back.rotated_to, "tok_2");
}

TEST_P(repositories, last_use_never_goes_back_and_raises_no_version) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  const auto before = version();
  const std::vector<std::pair<std::string, epoch_ms>> uses = {{"tok_1", 50}, {"tok_none", 60}, {"tok_1", 40}};
  ASSERT_TRUE(tokens::touch(*on, uses));
  EXPECT_EQ(tokens::find(*on, "tok_1").value()->last_used_at, 50);
  EXPECT_EQ(version(), before);
}

TEST_P(repositories, a_broken_list_is_corrupt_and_not_empty) {
  ASSERT_TRUE(tokens::insert(*on, token("tok_1", "h")));
  ASSERT_TRUE(on->exec("UPDATE tokens SET allowed_models = '[\"gpt'"));
  EXPECT_EQ(tokens::list(*on).error(), errc::corrupt);
}

TEST_P(repositories, an_integration_comes_back_whole_and_changes) {
  auto i = integration("int_1", "", "main");
  ASSERT_TRUE(integrations::insert(*on, i));
  EXPECT_EQ(integrations::find(*on, "int_1").value(), i);
  i.is_active = false, i.key_label = "spare", i.updated_at = 99, i.prices = "", i.brand_id = "brd_1";
  i.base_url = "https://x", i.expires_at = 98;
  EXPECT_TRUE(integrations::update(*on, i).value());
  EXPECT_EQ(integrations::find(*on, "int_1").value(), i);
  i.id = "int_9", i.key_label = "third";
  EXPECT_FALSE(integrations::update(*on, i).value());
}

TEST_P(repositories, labels_are_unique_in_the_pool_and_in_each_brand) {
  ASSERT_TRUE(integrations::insert(*on, integration("int_1", "", "main")));
  EXPECT_EQ(integrations::insert(*on, integration("int_2", "", "main")).error(), errc::already_exists);
  ASSERT_TRUE(integrations::insert(*on, integration("int_3", "brd_1", "main")));
  EXPECT_EQ(integrations::insert(*on, integration("int_4", "brd_1", "main")).error(), errc::already_exists);
  EXPECT_EQ(integrations::insert(*on, integration("int_5", "brd_none", "main")).error(), errc::constraint);
  EXPECT_EQ(integrations::list(*on).value().size(), 2U);
}

TEST_P(repositories, states_follow_their_integration) {
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
  // Another server has seen less of the same day, then a third one is a day behind.
  states[0].daily_count = 2, states[0].last_used_at = 60;
  ASSERT_TRUE(integrations::save_states(*on, states));
  states[0].day = 0, states[0].daily_count = 900;
  ASSERT_TRUE(integrations::save_states(*on, states));
  back = integrations::list_states(*on).value();
  EXPECT_EQ(back[0].day, 86'400'000);
  EXPECT_EQ(back[0].daily_count, 4) << "lowered";
  EXPECT_EQ(back[0].last_used_at, 70) << "lowered";
  states[0].day = 2 * 86'400'000, states[0].daily_count = 1;
  ASSERT_TRUE(integrations::save_states(*on, states));
  EXPECT_EQ(integrations::list_states(*on).value()[0].daily_count, 1) << "a new day";
  EXPECT_TRUE(integrations::remove(*on, "int_1").value());
  EXPECT_FALSE(integrations::remove(*on, "int_1").value());
  EXPECT_TRUE(integrations::list_states(*on).value().empty());
}

TEST_P(repositories, aliases_are_replaced_by_brand_and_name) {
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

TEST_P(repositories, rules_are_replaced_as_a_whole_and_come_in_their_order) {
  const std::vector<rule_record> pool = {{"", 2, "b*", "two"}, {"", 1, "a*", "one"}};
  const std::vector<rule_record> own = {{"brd_1", 1, "c*", "three"}};
  ASSERT_TRUE(routing::set_rules(*on, "", pool));
  ASSERT_TRUE(routing::set_rules(*on, "brd_1", own));
  EXPECT_EQ(routing::list_rules(*on).value(), (std::vector<rule_record>{pool[1], pool[0], own[0]}));
  ASSERT_TRUE(routing::set_rules(*on, "", {}));
  EXPECT_EQ(routing::list_rules(*on).value(), own);
  const std::vector<rule_record> twice = {{"brd_1", 1, "d*", "x"}, {"brd_1", 1, "e*", "y"}};
  EXPECT_EQ(routing::set_rules(*on, "brd_1", twice).error(), errc::already_exists);
  EXPECT_EQ(routing::list_rules(*on).value(), own) << "all or nothing";
}

TEST_P(repositories, an_idempotency_key_is_used_once_by_each_token) {
  const idempotency_record r{"brd_1", "tok_1", "k", "print", std::string("\0sealed\xff", 8), 100};
  auto other = r;
  other.token_id = "tok_2", other.created_at = 200;
  ASSERT_TRUE(idempotency::insert(*on, r));
  ASSERT_TRUE(idempotency::insert(*on, other));
  EXPECT_EQ(idempotency::find(*on, "brd_1", "tok_1", "k").value(), r);
  EXPECT_EQ(idempotency::find(*on, "brd_2", "tok_1", "k").value(), std::nullopt);
  ASSERT_TRUE(idempotency::remove_older(*on, 200));
  EXPECT_EQ(idempotency::find(*on, "brd_1", "tok_1", "k").value(), std::nullopt);
  EXPECT_EQ(idempotency::find(*on, "brd_1", "tok_2", "k").value(), other);
}

TEST_P(repositories, a_used_idempotency_key_leaves_the_transaction_usable) {
  const idempotency_record r{"brd_1", "tok_1", "k", "print", "sealed", 100};
  ASSERT_TRUE(idempotency::insert(*on, r));
  auto scope = sql::transaction::begin(*on);
  EXPECT_EQ(idempotency::insert(*on, r).error(), errc::already_exists);
  ASSERT_TRUE(brands::insert(*on, brand("brd_2", "second", 1)));
  ASSERT_TRUE(scope->commit());
  EXPECT_TRUE(brands::find(*on, "brd_2").value());
}

TEST_P(repositories, meta_values_are_replaced) {
  EXPECT_EQ(meta::get(*on, "salt").value(), std::nullopt);
  ASSERT_TRUE(meta::put(*on, "salt", "a"));
  ASSERT_TRUE(meta::put(*on, "salt", "b"));
  EXPECT_EQ(meta::get(*on, "salt").value(), "b");
}

TEST_P(repositories, every_change_raises_the_version_and_nothing_else_does) {
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
  auto b = brand("brd_2", "other", 1);
  ASSERT_TRUE(brands::insert(*on, b));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(brands::update(*on, b).value());
  EXPECT_TRUE(raised());
  b.id = "brd_9", b.name = "nobody";
  ASSERT_FALSE(brands::update(*on, b).value());
  EXPECT_FALSE(raised());
  ASSERT_TRUE(clients::update(*on, client("cli_1", "brd_1", "main", 1)).value());
  EXPECT_TRUE(raised());
  ASSERT_TRUE(tokens::update(*on, token("tok_1", "h")).value());
  EXPECT_TRUE(raised());
  ASSERT_TRUE(routing::set_rules(*on, "brd_1", {}));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(idempotency::insert(*on, {"brd_1", "tok_1", "k", "print", "sealed", 100}));
  ASSERT_TRUE(meta::put(*on, "a", "b"));
  EXPECT_FALSE(raised());
}

TEST_P(repositories, several_changes_fit_into_one_transaction) {
  {
    auto scope = sql::transaction::begin(*on);
    ASSERT_TRUE(scope);
    ASSERT_TRUE(brands::insert(*on, brand("brd_2", "second", 1)));
    ASSERT_TRUE(clients::insert(*on, client("cli_2", "brd_2", "second", 1)));
  }
  EXPECT_EQ(brands::list(*on).value().size(), 1U);
}

TEST_P(repositories, writers_of_the_same_rows_in_any_order_all_get_through) {
  std::vector<std::pair<std::string, epoch_ms>> uses;
  std::vector<integration_state_record> states;
  for (int i = 0; i < 20; ++i) {
    const auto n = std::to_string(i);
    ASSERT_TRUE(tokens::insert(*on, token("tok_" + n, "hash" + n)));
    ASSERT_TRUE(integrations::insert(*on, integration("int_" + n, "", "label" + n)));
    uses.emplace_back("tok_" + n, 0);
    states.push_back({"int_" + n, 0, 1, "healthy", "", 0, "", 0, 0});
  }
  {
    std::vector<std::jthread> writers;
    for (int w = 0; w < 8; ++w) {
      writers.emplace_back([this, w, uses, states]() mutable {
        const auto mine = database->open();
        if (w % 2 == 1) std::reverse(uses.begin(), uses.end()), std::reverse(states.begin(), states.end());
        for (int round = 1; round <= 10; ++round) {
          for (auto& one : uses) one.second = round * 10 + w;
          EXPECT_TRUE(tokens::touch(*mine, uses)) << mine->last_message();
          EXPECT_TRUE(integrations::save_states(*mine, states)) << mine->last_message();
          auto scope = sql::transaction::begin(*mine);
          const auto revoke = [&] { EXPECT_TRUE(tokens::revoke(*mine, "tok_1", round)) << mine->last_message(); };
          if (w % 2 == 1) revoke();
          EXPECT_TRUE(routing::set_alias(*mine, {"", "x", {}, round})) << mine->last_message();
          if (w % 2 == 0) revoke();
          EXPECT_TRUE(scope->commit()) << mine->last_message();
        }
      });
    }
  }
  for (const auto& t : tokens::list(*on).value()) EXPECT_EQ(t.last_used_at, 107) << t.id;
  EXPECT_EQ(version(), started_at + 40 + 8 * 10 * 2) << "every change is counted once";
}

INSTANTIATE_TEST_SUITE_P(databases, repositories, testing::all_databases(), testing::name_of_database());

}  // namespace
}  // namespace spidergate::store
