#include "limits_fixture.hpp"

#include <memory>
#include <thread>

namespace spidergate::limits {
namespace {

using model::api_errc;
using namespace std::chrono_literals;

constexpr money dollars(std::int64_t count) {
  return money{count * 1'000'000'000};
}
constexpr money cents(std::int64_t count) {
  return money{count * 10'000'000};
}

bool says(const limiter::admission& refused, std::string_view words) {
  const auto& message = refused.verdict.error().message;
  EXPECT_NE(message.find(words), std::string::npos) << message;
  return message.find(words) != std::string::npos;
}

// The manual clock stands at Thursday, 2026-01-01T12:00:00Z.
constexpr epoch_ms today = testing::manual_clock::noon - day_ms / 2;
constexpr epoch_ms monday = today - 3 * day_ms;

class budgets : public limits_fixture {};

TEST_F(budgets, what_is_spent_is_gone_until_the_window_ends) {
  who.token_limits.daily = dollars(10);
  for (int i = 0; i < 10; ++i) {
    auto said = spend(dollars(1));
    ASSERT_TRUE(said.verdict) << i;
    said.verdict->settle(100, dollars(1));
  }
  const auto said = spend(dollars(1));
  ASSERT_FALSE(said.verdict);
  const auto& error = said.verdict.error();
  EXPECT_EQ(error.code, api_errc::budget_exceeded);
  EXPECT_EQ(error.status(), 402);
  EXPECT_EQ(error.type(), "insufficient_quota");
  EXPECT_TRUE(error.retry_useless);
  EXPECT_EQ(error.retry_after, std::nullopt);
  EXPECT_TRUE(says(said, "daily budget of this API key is $10"));
  EXPECT_TRUE(says(said, "$10 are spent"));
  EXPECT_TRUE(says(said, "may cost $1."));
  EXPECT_TRUE(says(said, "ends at 2026-01-02T00:00:00.000Z"));
  time.advance(12h);
  EXPECT_TRUE(spend(dollars(1)).verdict) << "a new day";
}

TEST_F(budgets, running_requests_hold_their_worst_case) {
  who.token_limits.daily = dollars(10);
  auto first = spend(dollars(6));
  ASSERT_TRUE(first.verdict);
  EXPECT_EQ(first.verdict->granted(), dollars(6));
  EXPECT_FALSE(first.verdict->clamped());
  EXPECT_TRUE(first.verdict->draws_on_budgets());
  EXPECT_FALSE(spend(dollars(6)).verdict);
  first.verdict->settle(10, cents(1));
  first.verdict->settle(10, dollars(9));
  EXPECT_TRUE(spend(dollars(9)).verdict) << "settling twice counts once";
}

TEST_F(budgets, dropped_reservation_gives_its_money_back) {
  who.token_limits.daily = dollars(1);
  {
    const auto dropped = spend(dollars(1));
  }
  EXPECT_TRUE(spend(dollars(1)).verdict);
}

TEST_F(budgets, weeks_and_months_name_their_own_ends) {
  who.client_limits.weekly = dollars(2);
  const auto week = spend(dollars(3));
  ASSERT_FALSE(week.verdict);
  EXPECT_TRUE(says(week, "weekly budget of this client is $2"));
  EXPECT_TRUE(says(week, "ends at 2026-01-05T00:00:00.000Z"));
  who.client_limits = {};
  who.brand_limits.monthly = dollars(2);
  const auto month = spend(dollars(3));
  ASSERT_FALSE(month.verdict);
  EXPECT_TRUE(says(month, "monthly budget of this brand is $2"));
  EXPECT_TRUE(says(month, "ends at 2026-02-01T00:00:00.000Z"));
}

TEST_F(budgets, refused_request_moves_no_counter_of_any_level) {
  who.token_limits.rpm = 100;
  who.token_limits.daily = dollars(100);
  who.client_limits.weekly = dollars(100);
  who.brand_limits.monthly = dollars(1);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(spend(dollars(2)).verdict);
  who.brand_limits = {};
  auto said = spend(dollars(100));
  ASSERT_TRUE(said.verdict);
  EXPECT_EQ(said.state.remaining_requests, 99);
}

TEST_F(budgets, refusal_shows_the_rate_limits_all_the_same) {
  who.token_limits.rpm = 7;
  who.token_limits.daily = dollars(1);
  who.token_limits.per_request = dollars(3);
  EXPECT_EQ(spend(dollars(2)).state.limit_requests, 7);
  const auto dear = spend(dollars(4));
  EXPECT_FALSE(dear.verdict);
  EXPECT_EQ(dear.state.limit_requests, 7);
  EXPECT_EQ(dear.state.remaining_requests, 7);
}

TEST_F(budgets, elastic_request_gets_an_eighth_of_what_is_left) {
  who.token_limits.daily = dollars(8);
  auto said = spend(dollars(5), cents(10));
  ASSERT_TRUE(said.verdict);
  EXPECT_EQ(said.verdict->granted(), dollars(1));
  EXPECT_TRUE(said.verdict->clamped());
}

TEST_F(budgets, request_that_costs_nothing_passes_an_empty_purse) {
  who.token_limits.daily = cents(1);
  auto last = spend(cents(1));
  last.verdict->settle(1, cents(1));
  EXPECT_FALSE(spend(cents(1)).verdict);
  EXPECT_TRUE(spend({}).verdict);
}

TEST_F(budgets, request_may_cost_no_more_than_its_level_allows) {
  who.client_limits.per_request = cents(5);
  EXPECT_TRUE(spend(cents(5)).verdict);
  const auto said = spend(cents(6));
  ASSERT_FALSE(said.verdict);
  EXPECT_EQ(said.verdict.error().code, api_errc::budget_exceeded);
  EXPECT_TRUE(said.verdict.error().retry_useless);
  EXPECT_TRUE(says(said, "this client may spend $0.05 on one request, and this one may cost $0.06"));
  EXPECT_EQ(counters.stats().cells, 0U) << "judged without the store";
}

TEST_F(budgets, elastic_request_is_clamped_to_what_one_may_cost) {
  who.token_limits.per_request = cents(20);
  who.brand_limits.per_request = cents(10);
  who.brand_limits.daily = dollars(100);
  auto said = spend(dollars(1), cents(2));
  ASSERT_TRUE(said.verdict);
  EXPECT_EQ(said.verdict->granted(), cents(10));
  EXPECT_TRUE(said.verdict->clamped());
  const auto dear = spend(dollars(1), cents(11));
  ASSERT_FALSE(dear.verdict);
  EXPECT_TRUE(says(dear, "this brand may spend $0.1 on one request, and this one may cost at least $0.11"));
}

TEST_F(budgets, unknown_budgets_are_asked_for_once_each_and_then_known) {
  who.token_limits.daily = dollars(10);
  who.client_limits.weekly = dollars(10);
  who.brand_limits.monthly = dollars(10);
  ledger.sums[{who.client_id, monday}] = dollars(9);
  EXPECT_FALSE(spend(dollars(2)).verdict) << "the week's nine dollars were seen";
  ASSERT_EQ(ledger.asked.size(), 3U);
  EXPECT_EQ(ledger.asked[0].of, level::token);
  EXPECT_EQ(ledger.asked[0].since, today);
  EXPECT_EQ(ledger.asked[1].of, level::client);
  EXPECT_EQ(ledger.asked[1].owner, who.client_id);
  EXPECT_EQ(ledger.asked[1].since, monday);
  EXPECT_EQ(ledger.asked[2].of, level::brand);
  EXPECT_EQ(ledger.asked[2].since, today) << "the first of January";
  EXPECT_TRUE(spend(dollars(1)).verdict);
  EXPECT_EQ(ledger.asked.size(), 3U) << "known by now";
  time.advance(12h);
  EXPECT_TRUE(spend(cents(1)).verdict);
  ASSERT_EQ(ledger.asked.size(), 4U) << "only the day is new";
  EXPECT_EQ(ledger.asked[3].since, today + day_ms);
}

TEST_F(budgets, ledger_that_cannot_be_asked_is_a_503_within_three_seconds) {
  who.token_limits.rpm = 5;
  who.token_limits.daily = dollars(10);
  ledger.broken = true;
  const auto said = spend(dollars(1));
  ASSERT_FALSE(said.verdict);
  EXPECT_EQ(said.verdict.error().code, api_errc::store_unavailable);
  EXPECT_EQ(said.verdict.error().status(), 503);
  EXPECT_TRUE(said.verdict.error().retry_after.has_value());
  EXPECT_EQ(said.state.remaining_requests, 5) << "not counted";
  ASSERT_EQ(ledger.asked.size(), 1U);
  EXPECT_EQ(ledger.asked[0].deadline, time.steady_now() + 3s);
  ledger.broken = false;
  EXPECT_TRUE(spend(dollars(1)).verdict);
}

TEST_F(budgets, requests_that_cost_nothing_do_not_ask_the_ledger) {
  who.token_limits.daily = dollars(10);
  ledger.broken = true;
  EXPECT_TRUE(spend({}).verdict);
  EXPECT_TRUE(ledger.asked.empty());
}

awaitable<void> ask_for_a_cent(limiter& shared, runtime::worker& on, std::shared_ptr<const auth::principal> caller,
                               std::string holder, std::function<void(bool)> told) {
  const auto said = co_await shared.reserve(on, std::move(caller), std::move(holder), {0, cents(1), cents(1)});
  told(static_cast<bool>(said.verdict));
}

TEST_F(budgets, many_requests_that_find_a_budget_unknown_ask_once) {
  const auto& real = runtime::system_clock();
  runtime::worker own(0, real);
  limiter shared(counters, ledger, real);
  who.token_limits.daily = dollars(1000);
  runtime::wait_point answer(own);
  ledger.before_answer = [&]() -> awaitable<void> { (void)co_await answer.wait(testing::in(5s)); };
  const auto caller = std::make_shared<auth::principal>(who);
  int admitted = 0;
  for (int i = 0; i < 50; ++i) {
    own.spawn([&, i] {
      return ask_for_a_cent(shared, own, caller, "req_" + std::to_string(i),
                            [&](bool granted) { admitted += granted; });
    });
  }
  testing::run_until(own, [&] { return answer.waiting(); });
  testing::settle(own);
  EXPECT_EQ(admitted, 0);
  answer.release();
  testing::run_until(own, [&] { return admitted == 50; });
  EXPECT_EQ(ledger.asked.size(), 1U);
}

TEST_F(budgets, those_who_wait_on_other_workers_are_woken_and_share_the_failure) {
  const auto& real = runtime::system_clock();
  runtime::worker asking(0, real);
  runtime::worker waiting(1, real);
  limiter shared(counters, ledger, real);
  who.token_limits.daily = dollars(1000);
  ledger.broken = true;
  runtime::wait_point answer(asking);
  ledger.before_answer = [&]() -> awaitable<void> { (void)co_await answer.wait(testing::in(5s)); };
  const auto caller = std::make_shared<auth::principal>(who);
  const auto start = [&](runtime::worker& on, std::string holder, int& refused) {
    on.spawn([&, holder] {
      return ask_for_a_cent(shared, on, caller, holder, [&](bool granted) { refused += granted ? 0 : 1; });
    });
  };
  int refused_here = 0, refused_there = 0;
  start(asking, "req_a", refused_here);
  testing::run_until(asking, [&] { return answer.waiting(); });
  for (int i = 0; i < 20; ++i) start(waiting, "req_b" + std::to_string(i), refused_there);
  testing::settle(waiting);
  EXPECT_EQ(refused_there, 0) << "all wait for the one that asks";
  std::jthread other([&] { testing::run_until(waiting, [&] { return refused_there == 20; }); });
  answer.release();
  testing::run_until(asking, [&] { return refused_here == 1; });
  other.join();
  EXPECT_EQ(refused_there, 20);
  EXPECT_EQ(ledger.asked.size(), 1U);
}

TEST_F(budgets, when_the_asking_worker_stops_the_others_ask_for_themselves) {
  const auto& real = runtime::system_clock();
  runtime::worker waiting(1, real);
  limiter shared(counters, ledger, real);
  who.token_limits.daily = dollars(1000);
  const auto caller = std::make_shared<auth::principal>(who);
  int admitted = 0;
  {
    runtime::worker asking(0, real);
    runtime::wait_point never(asking);
    ledger.before_answer = [&]() -> awaitable<void> { (void)co_await never.wait(testing::in(60s)); };
    asking.spawn([&] { return ask_for_a_cent(shared, asking, caller, "req_a", [](bool) {}); });
    testing::run_until(asking, [&] { return never.waiting(); });
    waiting.spawn(
        [&] { return ask_for_a_cent(shared, waiting, caller, "req_b", [&](bool granted) { admitted += granted; }); });
    testing::settle(waiting);
    ledger.before_answer = nullptr;
  }
  testing::run_until(waiting, [&] { return admitted == 1; });
  EXPECT_EQ(ledger.asked.size(), 2U);
}

/// A store that never comes to know a budget.
class forgetful final : public kv::counter_store {
 public:
  explicit forgetful(testing::manual_clock& time) : time_(time) {}
  awaitable<result<kv::verdict>> admit(std::string_view, std::span<const kv::charge> charges, epoch_ms) override {
    time_.advance(100ms);
    ++asked;
    kv::verdict said;
    said.levels.resize(charges.size());
    if (charges.empty() || charges.front().kind != kv::window_kind::budget) co_return said;
    said.admitted = false;
    said.unseeded.push_back(0);
    said.seed_after_ms = 700;
    co_return said;
  }
  void settle(std::string_view, std::span<const kv::settlement>, epoch_ms, epoch_ms) noexcept override {}
  awaitable<result<void>> seed(const kv::charge&, std::int64_t, epoch_ms) override { co_return result<void>{}; }
  awaitable<result<kv::picked>> pick(std::span<const kv::pick_option>, epoch_ms) override { co_return kv::picked{}; }
  pick_counts counts(std::string_view, epoch_ms) const override { return {}; }
  void restore(std::string_view, std::int64_t, epoch_ms, epoch_ms) override {}

  int asked = 0;

 private:
  testing::manual_clock& time_;
};

TEST_F(budgets, budget_that_is_forgotten_again_and_again_is_given_up) {
  forgetful store(time);
  limiter patient(store, ledger, time);
  who.token_limits.daily = dollars(1);
  const auto begun = time.steady_now();
  const auto said = testing::run_coroutine(
      home, patient.reserve(home, std::make_shared<auth::principal>(who), "req", {0, cents(1), cents(1)}));
  ASSERT_FALSE(said.verdict);
  EXPECT_EQ(said.verdict.error().code, api_errc::store_unavailable);
  EXPECT_GE(time.steady_now() - begun, 3s);
  EXPECT_LE(time.steady_now() - begun, 4s);
  EXPECT_GT(store.asked, 10);
}

TEST_F(budgets, racing_requests_never_overshoot) {
  who.token_limits.daily = dollars(5);
  who.brand_limits.monthly = dollars(4);
  ledger.sums[{who.brand_id, today}] = dollars(1);
  (void)spend(cents(1));
  std::atomic<int> passed{0};
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        runtime::worker own(t + 1, time);
        for (int i = 0; i < 100; ++i) {
          auto said = reserve_on(own, {0, cents(1), cents(1)});
          if (!said.verdict) continue;
          ++passed;
          said.verdict->settle(1, cents(1));
        }
      });
    }
  }
  EXPECT_EQ(passed, 300) << "three dollars were left of the month";
}

}  // namespace
}  // namespace spidergate::limits
