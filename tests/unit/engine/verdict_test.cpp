#include "verdict.hpp"

#include <spidergate/upstream/errc.hpp>

#include <gtest/gtest.h>

namespace spidergate::engine {
namespace {

using namespace std::chrono_literals;
using providers::error_class;

failure said(error_class kind, int status, std::optional<std::chrono::milliseconds> retry_after = {}) {
  providers::provider_error e;
  e.kind = kind;
  e.status = status;
  e.message = "because";
  e.retry_after = retry_after;
  return *from_provider(e);
}

const std::vector<model::attempt> one_attempt{{.provider = "p", .model = "m", .error = "503 because"}};

TEST(failure, names_the_clock_that_fired) {
  EXPECT_EQ(from_transport(upstream::errc::connect_timeout, "first_content")->label, "clock connect");
  EXPECT_EQ(from_transport(upstream::errc::tls_timeout, "")->label, "clock tls");
  EXPECT_EQ(from_transport(upstream::errc::head_timeout, "")->label, "clock response_head");
  EXPECT_EQ(from_transport(upstream::errc::read_timeout, "stream_idle")->label, "clock stream_idle");
}

TEST(failure, blames_key_provider_or_request) {
  EXPECT_EQ(said(error_class::invalid_credentials, 401).key, vault::key_outcome::invalid_credentials);
  EXPECT_EQ(said(error_class::rate_limited, 429).key, vault::key_outcome::rate_limited);
  EXPECT_FALSE(said(error_class::rate_limited, 429).counts_for_breaker);
  EXPECT_TRUE(said(error_class::overloaded, 529).counts_for_breaker);
  EXPECT_EQ(said(error_class::overloaded, 529).key, vault::key_outcome::neutral);
  EXPECT_FALSE(said(error_class::failed, 409).counts_for_breaker);
  EXPECT_EQ(said(error_class::request_fault, 422).next, next_step::give_up);
  EXPECT_TRUE(from_transport(upstream::errc::connect_failed, "")->counts_for_breaker);
}

TEST(verdict, keeps_the_providers_own_refusal) {
  const auto error = verdict_on({said(error_class::request_fault, 422)}, one_attempt, false, 1s);
  EXPECT_EQ(error.status(), 422);
  EXPECT_TRUE(error.from_provider);
  EXPECT_EQ(error.message, "because");
}

TEST(verdict, a_question_that_nobody_can_put_is_unsupported) {
  const auto error = verdict_on({*cannot_say({"tools[0]", "no tools there"}), *cannot_say({"n", "one answer only"})},
                                one_attempt, false, 1s);
  EXPECT_EQ(error.status(), 400);
  EXPECT_EQ(error.code, model::api_errc::unsupported_by_model);
  EXPECT_EQ(error.param, "tools[0]") << "the first choice is what the client asked for";
  EXPECT_EQ(error.message, "no tools there");
}

TEST(verdict, those_who_were_not_asked_say_nothing_about_those_who_were) {
  const auto refused = *cannot_say({"n", "one answer only"});
  const auto limited = said(error_class::rate_limited, 429, 7000ms);
  const auto waits = verdict_on({refused, limited, refused}, one_attempt, false, 1s);
  EXPECT_EQ(waits.code, model::api_errc::provider_rate_limited);
  EXPECT_EQ(waits.retry_after, 7000ms);
  const auto longer = verdict_on({said(error_class::context_length, 400), refused}, one_attempt, false, 1s);
  EXPECT_EQ(longer.code, model::api_errc::provider_refused) << "the prompt is too long, whatever the larger one lacks";
}

TEST(failure, strict_params_names_everything_that_would_be_left_out) {
  const auto f = *would_drop("p/m", {"logit_bias", "seed"});
  EXPECT_TRUE(f.unsupported);
  EXPECT_EQ(f.to_client.param, "logit_bias");
  EXPECT_NE(f.to_client.message.find("'logit_bias', 'seed'"), std::string::npos) << f.to_client.message;
}

TEST(verdict, key_that_cannot_be_counted_is_the_gateways_own_trouble) {
  const auto error = keys_not_counted();
  EXPECT_EQ(error.code, model::api_errc::store_unavailable);
  EXPECT_FALSE(error.from_provider);
  EXPECT_TRUE(error.retry_after.has_value());
}

TEST(verdict, says_when_the_total_clock_ran_out) {
  const auto error = verdict_on({said(error_class::failed, 500)}, one_attempt, true, 1500ms);
  EXPECT_EQ(error.code, model::api_errc::deadline_exceeded);
  EXPECT_EQ(error.status(), 504);
  EXPECT_NE(error.message.find("total"), std::string::npos);
}

TEST(verdict, lists_all_attempts_and_forbids_the_retry) {
  const auto error =
      verdict_on({said(error_class::failed, 500), said(error_class::overloaded, 503)}, one_attempt, false, 1s);
  EXPECT_EQ(error.code, model::api_errc::provider_error);
  EXPECT_EQ(error.provider_status, 503);
  EXPECT_TRUE(error.retry_useless);
  EXPECT_NE(error.message.find("p/m: 503 because"), std::string::npos);
}

TEST(verdict, carries_the_shortest_wait_when_all_were_rate_limited) {
  const auto error = verdict_on({said(error_class::rate_limited, 429, 20s), said(error_class::rate_limited, 429, 7s)},
                                one_attempt, false, 1s);
  EXPECT_EQ(error.code, model::api_errc::provider_rate_limited);
  EXPECT_EQ(error.retry_after, 7s);
  EXPECT_EQ(verdict_on({said(error_class::invalid_credentials, 401)}, one_attempt, false, 1s).code,
            model::api_errc::provider_auth_failed);
  EXPECT_EQ(verdict_on({}, {}, false, 1s).code, model::api_errc::no_available_key);
}

}  // namespace
}  // namespace spidergate::engine
