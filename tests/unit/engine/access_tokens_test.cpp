#include "access_tokens.hpp"

#include "../upstream/scripted_server.hpp"
#include "manual_clock.hpp"
#include "run_coroutine.hpp"

#include <spidergate/runtime/blocking_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace spidergate::engine {
namespace {

using namespace std::chrono_literals;

/// Exchanges "plain" for nothing, and any other key for what the endpoint answers.
class exchanging final : public providers::dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "exchanging"; }
  [[nodiscard]] bool serves(model::endpoint) const noexcept override { return true; }
  [[nodiscard]] boost::system::result<std::optional<providers::token_request>, providers::refusal> ask_token(
      const catalogue::provider& who, const providers::credential& secret, epoch_ms) const override {
    if (secret.key.reveal() == "plain") return std::optional<providers::token_request>();
    if (secret.key.reveal() == "unusable") return providers::refusal{"", "no private key in it"};
    providers::token_request request;
    request.url = elsewhere.empty() ? who.token_url : elsewhere;
    request.headers = "x-test: 1\r\n";
    request.body = "assertion=" + std::string(secret.key.reveal());
    return std::optional(std::move(request));
  }
  [[nodiscard]] boost::system::result<providers::access_token, providers::provider_error> read_token(
      int status, std::string_view body) const override {
    if (status == 200) return providers::access_token{secret_string(body), 100s};
    providers::provider_error error;
    error.status = status;
    error.kind = status == 503 ? providers::error_class::overloaded : providers::error_class::request_fault;
    error.message = std::string(body);
    return error;
  }
  [[nodiscard]] boost::system::result<providers::wire_request, providers::refusal> encode(
      const providers::encode_input&) const override {
    return providers::wire_request{};
  }
  [[nodiscard]] boost::system::result<std::variant<providers::client_answer, providers::follow_up>,
                                      providers::provider_error>
  decode(const providers::answer_input&, std::string_view, std::string_view) const override {
    return providers::provider_error{};
  }
  [[nodiscard]] std::unique_ptr<providers::stream_decoder> open_stream(const providers::answer_input&,
                                                                       std::string_view) const override {
    return nullptr;
  }
  [[nodiscard]] providers::provider_error decode_error(int, providers::header_fields, std::string_view) const override {
    return {};
  }
  std::string elsewhere;
};

class access_tokens_of_a_worker : public ::testing::Test {
 protected:
  /// Answers every request with the status and a body that counts: "token-1", "token-2", …
  testing::scripted_server::script counting(int status = 200) {
    return [this, status](testing::peer& client) { return count(*this, client, status); };
  }
  static awaitable<void> count(access_tokens_of_a_worker& self, testing::peer& client, int status) {
    while (true) {
      const auto request = co_await client.read_request();
      if (request.empty()) co_return;
      self.last_request = request;
      const auto body = "token-" + std::to_string(++self.requests);
      co_await client.send("HTTP/1.1 " + std::to_string(status) +
                           " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  }

  access_tokens_of_a_worker() { who.id = "vertex"; }
  void listen(testing::scripted_server::script script) {
    server.emplace(home, std::vector{std::move(script)});
    who.token_url = "http://127.0.0.1:" + std::to_string(server->port()) + "/token";
  }

  access_tokens::asking asking(const std::string& key, runtime::stop_signal& until) {
    auto& one = keys.emplace_back();
    one.lease.integration_id = "int_1";
    one.lease.credentials = secret_string("{\"api_key\":\"" + key + "\"}");
    one.secret.key = secret_string(key);
    return {.issuer = speaks,
            .who = who,
            .secret = one.secret,
            .key = one.lease,
            .clocks = {.connect = 5s, .tls = 5s, .head = 5s, .total = time.steady_now() + 60s},
            .stop = until};
  }
  access_tokens::outcome get(const std::string& key = "k") {
    return testing::run_coroutine(home, tokens.get(asking(key, stop)));
  }
  std::string token(const std::string& key = "k") {
    auto got = get(key);
    return got.token ? std::string(got.token->token.reveal()) : got.why ? "failed: " + got.why->message : "";
  }

  static awaitable<void> wait_for(access_tokens_of_a_worker& self, runtime::stop_signal& until,
                                  std::optional<access_tokens::outcome>& out) {
    out = co_await self.tokens.get(self.asking("k", until));
  }

  struct stored {
    vault::lease lease;
    providers::credential secret;
  };
  testing::manual_clock time;
  runtime::worker home{0, time};
  runtime::blocking_pool resolver{1, 1};
  upstream::client providers_{home, resolver, nullptr, {}};
  exchanging speaks;
  catalogue::provider who;
  runtime::stop_signal stop;
  std::deque<stored> keys;
  int requests = 0;
  std::string last_request;
  std::optional<testing::scripted_server> server;
  access_tokens tokens{home, providers_};
};

TEST_F(access_tokens_of_a_worker, a_credential_that_is_sent_as_it_is_is_not_exchanged) {
  listen(counting());
  EXPECT_EQ(token("plain"), "");
  who.token_url.clear();
  EXPECT_EQ(token("plain"), "");
  EXPECT_EQ(requests, 0);
  EXPECT_EQ(tokens.size(), 0u);
}

TEST_F(access_tokens_of_a_worker, a_token_is_asked_for_once_and_kept) {
  listen(counting());
  auto first = get();
  ASSERT_TRUE(first.token);
  EXPECT_TRUE(first.token->fresh);
  EXPECT_EQ(first.token->token.reveal(), "token-1");
  EXPECT_NE(last_request.find("POST /token HTTP/1.1"), std::string::npos) << last_request;
  EXPECT_NE(last_request.find("content-type: application/x-www-form-urlencoded"), std::string::npos) << last_request;
  EXPECT_NE(last_request.find("x-test: 1"), std::string::npos) << last_request;
  EXPECT_NE(last_request.find("assertion=k"), std::string::npos) << last_request;
  auto second = get();
  ASSERT_TRUE(second.token);
  EXPECT_FALSE(second.token->fresh);
  EXPECT_EQ(second.token->token.reveal(), "token-1");
  EXPECT_EQ(requests, 1);
}

TEST_F(access_tokens_of_a_worker, a_changed_credential_gets_its_own) {
  listen(counting());
  EXPECT_EQ(token("k"), "token-1");
  EXPECT_EQ(token("changed"), "token-2");
  EXPECT_EQ(token("k"), "token-1");
}

TEST_F(access_tokens_of_a_worker, many_who_wait_share_one_exchange) {
  listen(counting());
  std::vector<std::optional<access_tokens::outcome>> came(20);
  for (auto& one : came) home.spawn([this, &one] { return wait_for(*this, stop, one); });
  testing::run_until(
      home, [&] { return std::all_of(came.begin(), came.end(), [](const auto& one) { return one.has_value(); }); });
  for (const auto& one : came)
    EXPECT_TRUE(one->token && one->token->token.reveal() == "token-1")
        << (one->why ? one->why->label + ": " + one->why->message : "");
  EXPECT_EQ(requests, 1);
}

TEST_F(access_tokens_of_a_worker, it_is_renewed_in_the_background_while_the_old_one_serves) {
  listen(counting());
  EXPECT_EQ(token(), "token-1");
  time.advance(89s);
  EXPECT_EQ(token(), "token-1");
  EXPECT_EQ(requests, 1) << "a tenth of its life is left at 90 s";
  time.advance(1s);
  EXPECT_EQ(token(), "token-1") << "nobody waits for the renewal";
  testing::run_until(home, [&] { return requests == 2 && token() == "token-2"; });
}

TEST_F(access_tokens_of_a_worker, an_expired_one_is_waited_for) {
  listen(counting());
  EXPECT_EQ(token(), "token-1");
  time.advance(95s);
  EXPECT_EQ(token(), "token-2");
}

TEST_F(access_tokens_of_a_worker, a_dropped_token_is_replaced_and_a_renewed_one_stays) {
  listen(counting());
  const auto first = get();
  tokens.drop(*first.token);
  EXPECT_EQ(token(), "token-2");
  tokens.drop(*first.token);
  EXPECT_EQ(token(), "token-2") << "somebody else's late word about the old one";
}

TEST_F(access_tokens_of_a_worker, an_endpoint_that_refuses_blames_the_key) {
  listen(counting(400));
  const auto got = get();
  ASSERT_TRUE(got.why);
  EXPECT_EQ(got.why->next, next_step::other_key);
  EXPECT_EQ(got.why->key, vault::key_outcome::invalid_credentials);
  EXPECT_TRUE(got.why->credentials_refused);
  EXPECT_EQ(got.why->label, "access token 400");
  EXPECT_FALSE(got.why->counts_for_breaker);
}

TEST_F(access_tokens_of_a_worker, an_endpoint_that_is_unwell_blames_the_provider) {
  listen(counting(503));
  const auto got = get();
  ASSERT_TRUE(got.why);
  EXPECT_EQ(got.why->next, next_step::same_candidate);
  EXPECT_EQ(got.why->key, vault::key_outcome::neutral);
  EXPECT_TRUE(got.why->counts_for_breaker);
}

TEST_F(access_tokens_of_a_worker, a_credential_goes_to_the_providers_own_endpoint_alone) {
  listen(counting());
  for (const std::string_view url : {"http://127.0.0.1:1/token", "https://127.0.0.1/token", "nonsense", ""}) {
    speaks.elsewhere = url.empty() ? "http://localhost:" + std::to_string(server->port()) + "/token" : std::string(url);
    const auto got = get();
    ASSERT_TRUE(got.why) << url;
    EXPECT_NE(got.why->message.find("another token endpoint"), std::string::npos) << got.why->message;
    EXPECT_EQ(got.why->key, vault::key_outcome::invalid_credentials);
  }
  who.token_url.clear();
  EXPECT_TRUE(get().why);
  EXPECT_EQ(token("unusable"), "failed: no private key in it");
  EXPECT_EQ(requests, 0);
}

TEST_F(access_tokens_of_a_worker, who_leaves_does_not_take_the_exchange_along) {
  listen(counting());
  runtime::stop_signal mine;
  std::optional<access_tokens::outcome> left;
  home.spawn([&] { return wait_for(*this, mine, left); });
  home.post([&] { mine.stop(runtime::stop_signal::reason::client_gone); });
  testing::run_until(home, [&] { return left.has_value(); });
  ASSERT_TRUE(left->why);
  EXPECT_EQ(left->why->next, next_step::stop);
  EXPECT_EQ(token(), "token-1");
  EXPECT_EQ(requests, 1);
}

TEST_F(access_tokens_of_a_worker, there_are_never_more_than_the_capacity) {
  listen(counting());
  for (std::size_t i = 0; i < access_tokens::capacity + 5; ++i) {
    time.advance(1ms);
    (void)token("key " + std::to_string(i));
  }
  EXPECT_EQ(tokens.size(), access_tokens::capacity);
  EXPECT_EQ(token("key 7"), "token-8");
  EXPECT_NE(token("key 0"), "token-1") << "the longest unused went first";
}

}  // namespace
}  // namespace spidergate::engine
