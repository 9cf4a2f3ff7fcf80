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
  record.hash.assign(token.hash.begin(), token.hash.end());
  record.scopes = {"inference"};
  return record;
}

const std::vector<store::client_record> clients{{"cli_1", "brd_1", "main", 0}};
const std::vector<store::brand_record> brands{{"brd_1", "Acme", false, 0}};

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
  EXPECT_FALSE(who->pool_access);
  EXPECT_EQ(who->rpm, 60) << "the configured default";
  EXPECT_TRUE(who->has(scope::inference));
  EXPECT_FALSE(who->has(scope::vault));
}

TEST_F(authentication, minus_one_is_unlimited_and_own_limits_win) {
  records[0].rpm = -1;
  records[0].rpd = -1;
  records[0].tpm = 5000;
  publish();
  const auto who = auth.identify(good.text.reveal(), home, noon).value();
  EXPECT_EQ(who->rpm, 0);
  EXPECT_EQ(who->rpd, 0);
  EXPECT_EQ(who->tpm, 5000);
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

TEST(principal, admin_implies_every_scope) {
  principal who;
  who.scopes = static_cast<std::uint8_t>(scope::admin);
  EXPECT_TRUE(who.has(scope::inference));
  EXPECT_TRUE(who.has(scope::vault));
  EXPECT_FALSE(principal{}.has(scope::usage));
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
