#include "limits_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace spidergate::limits {
namespace {

using model::api_errc;
using namespace std::chrono_literals;

class limiting : public limits_fixture {};

TEST_F(limiting, token_without_limits_passes_and_shows_none) {
  const auto said = reserve(1'000'000);
  ASSERT_TRUE(said.verdict);
  EXPECT_EQ(said.state.limit_requests, 0);
  EXPECT_EQ(counters.stats().cells, 0U) << "nothing to count";
}

TEST_F(limiting, requests_per_minute_are_exact_and_the_refusal_says_when) {
  who.token_limits.rpm = 3;
  for (int i = 0; i < 3; ++i) {
    const auto said = reserve();
    ASSERT_TRUE(said.verdict);
    EXPECT_EQ(said.state.limit_requests, 3);
    EXPECT_EQ(said.state.remaining_requests, 2 - i);
    EXPECT_EQ(said.verdict->state().remaining_requests, 2 - i);
    time.advance(10s);
  }
  const auto said = reserve();
  ASSERT_FALSE(said.verdict);
  const auto& error = said.verdict.error();
  EXPECT_EQ(error.code, api_errc::rate_limit_exceeded);
  EXPECT_EQ(error.retry_after, 30s);
  EXPECT_FALSE(error.retry_useless);
  EXPECT_NE(error.message.find("3 requests per minute"), std::string::npos) << error.message;
  EXPECT_EQ(said.state.remaining_requests, 0);
  EXPECT_EQ(said.state.requests_reset_at, time.epoch_now() + 30'000);
  time.advance(30s);
  EXPECT_TRUE(reserve().verdict);
}

TEST_F(limiting, requests_per_day_end_at_midnight_and_are_not_worth_a_retry) {
  who.token_limits.rpm = 100;
  who.token_limits.rpd = 2;
  ASSERT_TRUE(reserve().verdict);
  ASSERT_TRUE(reserve().verdict);
  const auto said = reserve();
  ASSERT_FALSE(said.verdict);
  EXPECT_EQ(said.verdict.error().retry_after, 12h);
  EXPECT_TRUE(said.verdict.error().retry_useless);
  EXPECT_EQ(said.state.limit_requests, 2) << "the tighter of the two";
  EXPECT_EQ(said.state.requests_reset_at, start_of_day(time.epoch_now()) + day_ms);
  time.advance(12h);
  EXPECT_TRUE(reserve().verdict);
}

TEST_F(limiting, settle_returns_unused_tokens) {
  who.token_limits.tpm = 1000;
  auto first = reserve(900);
  ASSERT_TRUE(first.verdict);
  EXPECT_EQ(first.state.remaining_tokens, 100);
  EXPECT_FALSE(reserve(200).verdict);
  first.verdict->settle(300, {});
  first.verdict->settle(0, {});
  EXPECT_EQ(reserve(0).state.remaining_tokens, 700) << "settling twice counts once";
}

TEST_F(limiting, settle_charges_what_was_underestimated) {
  who.token_limits.tpm = 1000;
  auto first = reserve(100);
  first.verdict->settle(1500, {});
  const auto said = reserve(1);
  ASSERT_FALSE(said.verdict);
  EXPECT_EQ(said.state.remaining_tokens, 0);
  EXPECT_NE(said.verdict.error().message.find("tokens per minute"), std::string::npos);
}

TEST_F(limiting, unsettled_reservation_gives_back_all_but_the_request) {
  who.token_limits.rpm = 10;
  who.token_limits.tpm = 1000;
  who.token_limits.max_parallel = 1;
  {
    const auto dropped = reserve(900);
  }
  const auto said = reserve(1000);
  ASSERT_TRUE(said.verdict);
  EXPECT_EQ(said.state.remaining_requests, 8);
}

TEST_F(limiting, moved_reservation_ends_once) {
  who.token_limits.max_parallel = 2;
  auto first = reserve();
  reservation held = std::move(*first.verdict);
  held = reservation{};
  auto second = reserve();
  auto third = reserve();
  EXPECT_TRUE(third.verdict);
  EXPECT_FALSE(reserve().verdict);
}

TEST_F(limiting, request_larger_than_the_limit_is_told_that_it_never_fits) {
  who.token_limits.rpm = 10;
  who.token_limits.tpm = 1000;
  const auto said = reserve(1001);
  ASSERT_FALSE(said.verdict);
  EXPECT_EQ(said.verdict.error().code, api_errc::rate_limit_exceeded);
  EXPECT_TRUE(said.verdict.error().retry_useless);
  EXPECT_EQ(said.verdict.error().retry_after, std::nullopt);
  EXPECT_NE(said.verdict.error().message.find("never fit"), std::string::npos);
  EXPECT_EQ(reserve(1).state.remaining_requests, 9) << "the refusal moved no counter";
}

TEST_F(limiting, parallel_requests_are_places_that_come_back) {
  who.token_limits.max_parallel = 2;
  auto first = reserve();
  auto second = reserve();
  const auto said = reserve();
  ASSERT_FALSE(said.verdict);
  EXPECT_EQ(said.verdict.error().code, api_errc::concurrency_limit_exceeded);
  EXPECT_EQ(said.verdict.error().retry_after, 1s);
  first.verdict->settle(0, {});
  EXPECT_TRUE(reserve().verdict);
}

TEST_F(limiting, lost_place_expires_after_a_quarter_of_an_hour) {
  who.token_limits.max_parallel = 1;
  auto lost = reserve();
  time.advance(15min - 1ms);
  EXPECT_FALSE(reserve().verdict);
  time.advance(1ms);
  EXPECT_TRUE(reserve().verdict);
}

TEST_F(limiting, refused_request_takes_no_place_and_no_count) {
  who.token_limits.rpm = 5;
  who.token_limits.rpd = 5;
  who.token_limits.max_parallel = 1;
  auto running = reserve();
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(reserve().verdict);
  running.verdict->settle(0, {});
  EXPECT_EQ(reserve().state.remaining_requests, 3);
}

TEST_F(limiting, tokens_have_counters_of_their_own) {
  who.token_limits.rpm = 1;
  ASSERT_TRUE(reserve().verdict);
  who.token_id = "tok_other";
  EXPECT_TRUE(reserve().verdict);
}

TEST_F(limiting, full_counter_store_is_a_503_and_not_a_pass) {
  kv::memory_counters tiny(1);
  limiter strict(tiny, ledger, time);
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    auto other = named("tok_" + std::to_string(i));
    other.token_limits.rpm = 5;
    const auto said =
        testing::run_coroutine(home, strict.reserve(home, std::make_shared<auth::principal>(other), "req", {}));
    if (said.verdict) continue;
    ++refused;
    EXPECT_EQ(said.verdict.error().code, api_errc::store_unavailable);
  }
  EXPECT_GE(refused, 136);
}

TEST_F(limiting, racing_requests_pass_exactly_to_the_limit) {
  who.token_limits.rpm = 500;
  who.token_limits.tpm = 1'000'000;
  who.token_limits.max_parallel = 100;
  std::atomic<int> passed{0};
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        runtime::worker own(t + 1, time);
        for (int i = 0; i < 100; ++i)
          passed += reserve_on(own, {.tokens = 10, .worst = {}, .least = {}}).verdict ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(passed, 500);
  EXPECT_EQ(reserve(0).state.remaining_tokens, 1'000'000) << "all were given back";
}

TEST_F(limiting, every_level_has_limits_and_the_refusal_names_whose) {
  who.token_limits.rpm = 5;
  who.client_limits.rpm = 4;
  who.brand_limits.rpm = 3;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reserve().verdict);
  const auto said = reserve();
  ASSERT_FALSE(said.verdict);
  EXPECT_NE(said.verdict.error().message.find("this brand may make 3 requests per minute"), std::string::npos)
      << said.verdict.error().message;
  EXPECT_EQ(said.state.limit_requests, 3) << "the tightest of the levels";
  who.brand_limits = {};
  ASSERT_TRUE(reserve().verdict) << "the refusal was not counted by token and client";
  EXPECT_NE(reserve().verdict.error().message.find("this client may make 4"), std::string::npos);
}

TEST_F(limiting, tokens_of_one_client_share_its_limits) {
  who.client_limits.max_parallel = 1;
  auto first = reserve();
  who.token_id = "tok_sibling";
  const auto said = reserve();
  ASSERT_FALSE(said.verdict);
  EXPECT_EQ(said.verdict.error().code, api_errc::concurrency_limit_exceeded);
  EXPECT_NE(said.verdict.error().message.find("this client may run 1"), std::string::npos);
  who.client_id = "cli_other";
  EXPECT_TRUE(reserve().verdict);
}

TEST_F(limiting, strictest_token_limit_is_shown) {
  who.token_limits.tpm = 1000;
  who.brand_limits.tpm = 500;
  const auto said = reserve(100);
  EXPECT_EQ(said.state.limit_tokens, 500);
  EXPECT_EQ(said.state.remaining_tokens, 400);
  EXPECT_NE(reserve(600).verdict.error().message.find("this brand may use 500 tokens per minute: it can never fit"),
            std::string::npos);
}

TEST_F(limiting, minus_one_is_expressly_no_limit) {
  who.token_limits.rpm = -1;
  who.brand_limits.max_parallel = -1;
  const auto said = reserve(10);
  ASSERT_TRUE(said.verdict);
  EXPECT_EQ(said.state.limit_requests, 0);
}

TEST_F(limiting, what_is_reserved_at_once_counts_and_settles_like_what_is_awaited) {
  who.token_limits.rpm = 3;
  who.token_limits.max_parallel = 1;
  {
    auto first = limits.reserve_now(who, "req_a", {.tokens = 5, .worst = {}, .least = {}});
    ASSERT_TRUE(first && first->verdict);
    EXPECT_EQ(first->state.remaining_requests, 2);
    const auto second = limits.reserve_now(who, "req_b", {});
    ASSERT_TRUE(second && !second->verdict);
    EXPECT_EQ(second->verdict.error().code, api_errc::concurrency_limit_exceeded);
    first->verdict->settle(5, {});
  }
  for (int i = 0; i < 40; ++i) {
    const auto unsettled = limits.reserve_now(who, "req_" + std::to_string(i), {});
    ASSERT_TRUE(unsettled);
    EXPECT_EQ(unsettled->verdict.has_value(), i < 2) << "a place that is given up is free again, a request was made";
  }
  EXPECT_EQ(reserve().verdict.error().code, api_errc::rate_limit_exceeded);
}

TEST_F(limiting, budget_that_must_be_asked_for_first_is_not_reserved_at_once) {
  who.token_limits.daily = money{1000};
  const demand dear{.tokens = 0, .worst = money{10}, .least = money{10}};
  EXPECT_FALSE(limits.reserve_now(who, "req_a", dear));
  EXPECT_TRUE(ledger.asked.empty());
  ASSERT_TRUE(spend(money{10}).verdict);
  const auto known = limits.reserve_now(who, "req_b", dear);
  ASSERT_TRUE(known && known->verdict);
  EXPECT_EQ(known->verdict->granted(), money{10});
  who.token_limits.per_request = money{5};
  EXPECT_FALSE(limits.reserve_now(who, "req_c", dear)) << "the refusal shows where the limits stand: that is awaited";
}

}  // namespace
}  // namespace spidergate::limits
