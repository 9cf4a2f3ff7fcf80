#include "lockout.hpp"
#include "token_table.hpp"

#include <spidergate/auth/authenticator.hpp>
#include <spidergate/auth/token.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace spidergate::auth {
namespace {

using model::api_errc;
using namespace std::chrono_literals;

constexpr epoch_ms noon = 1'767'268'800'000;
constexpr auto home = "192.0.2.1";

store::token_record record_of(const fresh_token& token, std::string id) {
  store::token_record record;
  record.id = std::move(id);
  record.brand_id = "brd_1";
  record.client_id = "cli_1";
  record.kind = token.secret_hash ? "triple" : "key";
  record.role = "member";
  record.hash.assign(token.hash.begin(), token.hash.end());
  if (token.secret_hash) record.secret_hash.assign(token.secret_hash->begin(), token.secret_hash->end());
  record.scopes = {"inference"};
  return record;
}

store::client_record client_of(std::string id, std::string brand_id) {
  store::client_record client;
  client.id = std::move(id), client.brand_id = std::move(brand_id), client.name = "main";
  return client;
}

store::brand_record brand_of(std::string id, std::string name) {
  store::brand_record brand;
  brand.id = std::move(id), brand.name = std::move(name), brand.pool_access = false;
  return brand;
}

class authentication : public ::testing::Test {
 protected:
  void publish() { tokens.publish(compile_tokens(records, clients, brands, 60)); }

  api_errc error_of(std::string_view credential, std::string_view address = home, epoch_ms now = noon) {
    const auto said = auth.identify(credential, address, now);
    EXPECT_TRUE(said.has_error());
    if (!said.has_error()) return api_errc::internal_error;
    EXPECT_EQ(said.error().message.find(credential.empty() ? "\n" : credential), std::string::npos)
        << "tells the token";
    return said.error().code;
  }

  std::vector<store::client_record> clients{client_of("cli_1", "brd_1"), client_of("cli_2", "brd_1")};
  std::vector<store::brand_record> brands{brand_of("brd_1", "Acme")};
  fresh_token good = make_key(crypto::system_random(), "prod");
  std::vector<store::token_record> records{record_of(good, "tok_1")};
  runtime::published<token_table> tokens{compile_tokens(records, clients, brands, 60)};
  std::shared_ptr<lockout> failures = make_lockout(20, 5min);
  authenticator auth{tokens, failures};
};

TEST_F(authentication, known_token_is_its_principal) {
  const auto who = auth.identify(good.text.reveal(), home, noon).value();
  EXPECT_EQ(who->token_id, "tok_1");
  EXPECT_EQ(who->brand_name, "Acme");
  EXPECT_EQ(who->role, "member");
  EXPECT_FALSE(who->pool_access);
  EXPECT_FALSE(who->of_operator_brand);
  EXPECT_EQ(who->token_limits.rpm, 60) << "the configured default";
  EXPECT_TRUE(who->has(scope::inference));
  EXPECT_FALSE(who->has(scope::vault));
}

TEST_F(authentication, minus_one_is_unlimited_and_own_limits_win) {
  records[0].limits.rpm = -1;
  records[0].limits.rpd = -1;
  records[0].limits.tpm = 5000;
  publish();
  const auto who = auth.identify(good.text.reveal(), home, noon).value();
  EXPECT_EQ(who->token_limits.rpm, 0);
  EXPECT_EQ(who->token_limits.rpd, 0);
  EXPECT_EQ(who->token_limits.tpm, 5000);
}

TEST_F(authentication, principal_carries_the_limits_of_all_three_levels) {
  records[0].limits.daily = money{1};
  clients[0].limits.rpd = 2, clients[0].limits.weekly = money{3};
  brands[0].limits.max_parallel = 4, brands[0].limits.monthly = money{5}, brands[0].is_operator = true;
  publish();
  const auto who = auth.identify(good.text.reveal(), home, noon).value();
  store::limit_set token, client, brand;
  token.rpm = 60, token.daily = money{1};
  client.rpd = 2, client.weekly = money{3};
  brand.max_parallel = 4, brand.monthly = money{5};
  EXPECT_EQ(who->token_limits, token);
  EXPECT_EQ(who->client_limits, client) << "the configured default is for tokens alone";
  EXPECT_EQ(who->brand_limits, brand);
  EXPECT_TRUE(who->of_operator_brand);
}

TEST_F(authentication, revoked_client_and_suspended_brand_take_their_tokens_along) {
  clients[1].revoked_at = noon - 1;
  publish();
  EXPECT_TRUE(auth.identify(good.text.reveal(), home, noon)) << "of another client";
  clients[0].revoked_at = noon - 1;
  publish();
  EXPECT_EQ(error_of(good.text.reveal()), api_errc::revoked_api_key);
  clients[0].revoked_at = 0, brands[0].suspended_at = noon - 1;
  publish();
  EXPECT_EQ(error_of(good.text.reveal()), api_errc::revoked_api_key);
  brands[0].suspended_at = 0;
  publish();
  EXPECT_TRUE(auth.identify(good.text.reveal(), home, noon)) << "a suspension ends";
}

TEST_F(authentication, each_fault_has_its_own_code) {
  EXPECT_EQ(error_of(""), api_errc::missing_api_key);
  EXPECT_EQ(error_of("sk-proj-1234"), api_errc::invalid_api_key);
  EXPECT_EQ(error_of("cli_1:key:secret"), api_errc::invalid_api_key);
  EXPECT_EQ(error_of(make_key(crypto::system_random(), "prod").text.reveal()), api_errc::invalid_api_key);

  records[0].expires_at = noon;
  publish();
  EXPECT_EQ(error_of(good.text.reveal()), api_errc::expired_api_key);
  EXPECT_TRUE(auth.identify(good.text.reveal(), home, noon - 1)) << "not before its time";

  records[0].revoked_at = noon - 5;
  publish();
  EXPECT_EQ(error_of(good.text.reveal()), api_errc::revoked_api_key);
}

TEST_F(authentication, token_is_bound_to_its_networks) {
  records[0].allowed_cidrs = {"192.0.2.0/24", "2001:db8::/32"};
  publish();
  EXPECT_TRUE(auth.identify(good.text.reveal(), "192.0.2.200", noon));
  EXPECT_TRUE(auth.identify(good.text.reveal(), "::ffff:192.0.2.200", noon));
  EXPECT_TRUE(auth.identify(good.text.reveal(), "2001:db8::7", noon));
  EXPECT_EQ(error_of(good.text.reveal(), "198.51.100.1"), api_errc::ip_not_allowed);
  records[0].allowed_cidrs = {"nonsense"};
  publish();
  EXPECT_EQ(error_of(good.text.reveal(), "192.0.2.200"), api_errc::ip_not_allowed);
}

TEST_F(authentication, change_takes_effect_with_its_publication) {
  ASSERT_TRUE(auth.identify(good.text.reveal(), home, noon));
  records.clear();
  publish();
  EXPECT_EQ(error_of(good.text.reveal()), api_errc::invalid_api_key);
}

TEST_F(authentication, rows_that_do_not_fit_together_never_authenticate) {
  for (const auto field :
       {&store::token_record::brand_id, &store::token_record::client_id, &store::token_record::hash}) {
    records = {record_of(good, "tok_1")};
    records[0].*field = "other";
    publish();
    EXPECT_EQ(error_of(good.text.reveal()), api_errc::invalid_api_key);
  }
}

TEST_F(authentication, token_of_an_unknown_role_may_do_nothing) {
  records[0].role = "emperor", records[0].scopes = {"admin"};
  publish();
  EXPECT_EQ(auth.identify(good.text.reveal(), home, noon).value()->scopes, 0);
}

TEST_F(authentication, nobody_is_judged_by_a_memory_that_is_too_old) {
  std::atomic<bool> too_old{true};
  authenticator late(tokens, failures, &too_old);
  const auto unknown = make_key(crypto::system_random(), "prod");
  for (int i = 0; i < 50; ++i) {
    for (const auto& one : {good.text, unknown.text}) {
      const auto said = late.identify(one.reveal(), home, noon);
      ASSERT_TRUE(said.has_error());
      EXPECT_EQ(said.error().code, api_errc::store_unavailable);
      EXPECT_EQ(said.error().status(), 503);
      EXPECT_TRUE(said.error().retry_after);
    }
  }
  EXPECT_TRUE(late.take_last_used().empty());
  EXPECT_EQ(late.identify("typo", home, noon).error().code, api_errc::invalid_api_key) << "what can be no key is none";
  too_old = false;
  EXPECT_TRUE(late.identify(good.text.reveal(), home, noon)) << "and the outage has locked nobody out";
  EXPECT_EQ(late.identify(unknown.text.reveal(), home, noon).error().code, api_errc::invalid_api_key);
}

class triples : public authentication {
 protected:
  /// The triple with one of its parts from another, complete one.
  static std::string mixed(const fresh_token& of, const fresh_token& from, int part) {
    const auto own = *triple_of(of.text.reveal());
    const auto other = *triple_of(from.text.reveal());
    const auto text = [](std::string_view one, std::string_view two, std::string_view three) {
      return std::string(one) + ":" + std::string(two) + ":" + std::string(three);
    };
    if (part == 0) return text(other.client_id, own.api_key, own.api_secret);
    if (part == 1) return text(own.client_id, other.api_key, own.api_secret);
    return text(own.client_id, own.api_key, other.api_secret);
  }

  void SetUp() override {
    records = {record_of(good, "tok_1"), record_of(ours, "tok_2"), record_of(theirs, "tok_3")};
    records[2].client_id = "cli_2";
    publish();
  }

  fresh_token ours = make_triple(crypto::system_random(), "cli_1");
  fresh_token theirs = make_triple(crypto::system_random(), "cli_2");
  fresh_token strange = make_triple(crypto::system_random(), "cli_2");
};

TEST_F(triples, are_known_wherever_a_credential_may_stand) {
  const std::string text(ours.text.reveal());
  const auto header = "Bearer " + text;
  EXPECT_EQ(credential_from(header, "", ""), text);
  EXPECT_EQ(credential_from("", text, ""), text);
  EXPECT_EQ(credential_from("", "", text), text);
  const auto who = auth.identify(text, home, noon).value();
  EXPECT_EQ(who->token_id, "tok_2");
  EXPECT_EQ(who->client_id, "cli_1");
  EXPECT_EQ(auth.identify(theirs.text.reveal(), home, noon).value()->client_id, "cli_2");
}

TEST_F(triples, are_right_as_a_whole_or_not_at_all) {
  for (const auto& other : {theirs, strange})
    for (int part = 0; part < 3; ++part)
      EXPECT_EQ(error_of(mixed(ours, other, part)), api_errc::invalid_api_key) << part;
  EXPECT_EQ(error_of(triple_of(ours.text.reveal())->api_key), api_errc::invalid_api_key);
}

TEST_F(triples, of_a_revoked_client_are_revoked_and_named_by_their_display_form) {
  clients[0].revoked_at = noon - 1;
  publish();
  const auto said = auth.identify(ours.text.reveal(), home, noon);
  ASSERT_TRUE(said.has_error());
  EXPECT_EQ(said.error().code, api_errc::revoked_api_key);
  EXPECT_NE(said.error().message.find(ours.display), std::string::npos) << said.error().message;
  EXPECT_EQ(said.error().message.find(triple_of(ours.text.reveal())->api_secret), std::string::npos);
}

TEST_F(triples, cost_the_same_hashes_whatever_is_wrong) {
  const auto table = compile_tokens(records, clients, brands, 60);
  const auto hashed_for = [&](std::string_view credential, bool known) {
    std::vector<std::size_t> lengths;
    const auto who = table->find_by(credential, [&](std::string_view bytes) {
      lengths.push_back(bytes.size());
      return crypto::sha256(bytes);
    });
    EXPECT_EQ(who != nullptr, known);
    return lengths;
  };
  const auto right = hashed_for(ours.text.reveal(), true);
  EXPECT_EQ(right.size(), 4U) << "api_key, api_secret, the two client ids";
  for (int part = 0; part < 3; ++part) EXPECT_EQ(hashed_for(mixed(ours, theirs, part), false), right) << part;
  const auto unknown = hashed_for(strange.text.reveal(), false);
  EXPECT_EQ(unknown.size(), right.size());
  EXPECT_LT(unknown.back(), 56U) << "one block of SHA-256, as every client's id";
  EXPECT_EQ(hashed_for(good.text.reveal(), true).size(), 1U);
  EXPECT_EQ(hashed_for(make_key(crypto::system_random(), "prod").text.reveal(), false).size(), 1U);
}

TEST_F(triples, whose_rows_are_incomplete_never_authenticate) {
  records[1].secret_hash.clear();
  records[2].kind = "key";
  publish();
  EXPECT_EQ(error_of(ours.text.reveal()), api_errc::invalid_api_key);
  EXPECT_EQ(error_of(theirs.text.reveal()), api_errc::invalid_api_key);
}

TEST_F(authentication, twenty_failures_in_a_minute_lock_the_address_for_five_minutes) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(error_of("wrong", home, noon + i), api_errc::invalid_api_key) << i;
  EXPECT_EQ(error_of("wrong", home, noon + 20), api_errc::too_many_auth_failures);
  EXPECT_EQ(error_of("", home, noon + 20), api_errc::too_many_auth_failures);
  const auto said = auth.identify("wrong", home, noon + 60'019);
  EXPECT_EQ(said.error().retry_after, 240s);
  EXPECT_EQ(error_of("wrong", "192.0.2.2", noon + 20), api_errc::invalid_api_key) << "another address is heard";
  EXPECT_TRUE(auth.identify(good.text.reveal(), home, noon + 20)) << "a valid token passes";
  EXPECT_EQ(error_of("wrong", home, noon + 300'018), api_errc::too_many_auth_failures);
  EXPECT_EQ(error_of("wrong", home, noon + 300'019), api_errc::invalid_api_key);
}

TEST_F(authentication, slow_failures_and_missing_keys_never_lock) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(error_of("wrong", home, noon + i * 3158), api_errc::invalid_api_key) << i;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(error_of("", "192.0.2.9", noon), api_errc::missing_api_key);
}

TEST_F(authentication, failures_straddling_a_minute_count_together) {
  for (int i = 0; i < 19; ++i) std::ignore = auth.identify("wrong", home, noon + 59'900);
  EXPECT_EQ(error_of("wrong", home, noon + 60'100), api_errc::invalid_api_key);
  EXPECT_EQ(error_of("wrong", home, noon + 60'200), api_errc::too_many_auth_failures);
}

TEST_F(authentication, ipv6_is_counted_by_its_64) {
  for (int i = 0; i < 20; ++i) std::ignore = auth.identify("wrong", "2001:db8:0:1::" + std::to_string(i), noon);
  EXPECT_EQ(error_of("wrong", "2001:db8:0:1:ffff::1"), api_errc::too_many_auth_failures);
  EXPECT_EQ(error_of("wrong", "2001:db8:0:2::1"), api_errc::invalid_api_key);
}

TEST_F(authentication, last_use_is_told_once) {
  std::ignore = auth.identify(good.text.reveal(), home, noon);
  std::ignore = auth.identify(good.text.reveal(), home, noon + 7);
  std::ignore = auth.identify("wrong", home, noon + 8);
  const auto used = auth.take_last_used();
  ASSERT_EQ(used.size(), 1U);
  EXPECT_EQ(used[0], (std::pair<std::string, epoch_ms>("tok_1", noon + 7)));
  EXPECT_TRUE(auth.take_last_used().empty());
}

TEST_F(authentication, hundred_thousand_tokens_are_found) {
  const std::size_t count = 100'000;
  std::vector<fresh_token> many;
  for (std::size_t i = 0; i < count; ++i) {
    many.push_back(make_pat(crypto::system_random()));
    records.push_back(record_of(many.back(), "tok_" + std::to_string(i)));
  }
  publish();
  for (std::size_t i = 0; i < count; i += 997) {
    EXPECT_EQ(auth.identify(many[i].text.reveal(), home, noon).value()->token_id, "tok_" + std::to_string(i));
  }
}

TEST_F(authentication, workers_share_the_lockout_and_see_publications) {
  std::atomic<int> passed{0}, locked{0};
  {
    std::vector<std::jthread> workers;
    for (int w = 0; w < 4; ++w) {
      workers.emplace_back([&] {
        authenticator own(tokens, failures);
        for (int i = 0; i < 500; ++i) {
          passed += own.identify(good.text.reveal(), home, noon).has_value() ? 1 : 0;
          const auto said = own.identify("wrong", "203.0.113.5", noon);
          locked += said.error().code == api_errc::too_many_auth_failures ? 1 : 0;
        }
      });
    }
    for (int i = 0; i < 50; ++i) publish();
  }
  EXPECT_EQ(passed, 2000);
  EXPECT_EQ(locked, 1980);
}

TEST(lockout, table_is_bounded_and_the_oldest_is_dropped) {
  lockout table(1, 5min, 160);
  for (int i = 0; i < 5000; ++i) {
    std::ignore = table.note_failure("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), noon + i);
  }
  EXPECT_LE(table.size(), 160U);
  EXPECT_TRUE(table.locked_for("10.0.19.249", noon + 5000)) << "the newest is still locked out";
  EXPECT_FALSE(table.locked_for("10.0.0.0", noon + 5000));
}

TEST(lockout, of_zero_failures_is_off) {
  lockout off(0, 5min);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(off.note_failure("10.0.0.1", noon));
}

TEST(principal, model_globs_meet_every_name_a_model_goes_by) {
  principal who;
  EXPECT_TRUE(who.may_use("anything"));
  who.allowed_models = {"spideriq/*", "openai/gpt-4o*", "claude-*"};
  EXPECT_TRUE(who.may_use("spideriq/coding", "groq/llama-3.1-70b")) << "allowed by the alias that was asked for";
  EXPECT_TRUE(who.may_use("gpt-4o-mini", "openai/gpt-4o-mini"));
  EXPECT_TRUE(who.may_use("best", "anthropic/claude-sonnet-4")) << "by the bare name";
  EXPECT_FALSE(who.may_use("gpt-4", "openai/gpt-4"));
  who.blocked_models = {"*/llama-*"};
  EXPECT_FALSE(who.may_use("spideriq/coding", "groq/llama-3.1-70b")) << "blocked comes first";
  EXPECT_FALSE(who.may_use("groq/llama-3.1-70b"));
}

}  // namespace
}  // namespace spidergate::auth
