#include <spidergate/flow/machine_prices.hpp>
#include <spidergate/flow/serve.hpp>

#include <gtest/gtest.h>

namespace spidergate::flow {
namespace {

constexpr money hour{3'600'000'000};  ///< 3.60 dollars, a tenth of a cent a second

TEST(price_of_token, is_what_the_machine_costs_while_it_makes_one) {
  // 1000 tokens a second for 0.001 dollars a second: a dollar a million tokens.
  EXPECT_EQ(price_of_token(hour, 1000, 1000).to_usd_per_million(), "1");
  EXPECT_EQ(price_of_token(hour, 5000, 2000).to_usd_per_million(), "0.4");
  EXPECT_EQ(price_of_token({}, 1, 1000).pico_usd, 0);
  EXPECT_EQ(price_of_token(money{INT64_MAX}, 1e-9, 1e12).pico_usd, 1'000'000'000'000'000) << "bounded";
}

TEST(throughput, says_nothing_before_a_busy_second) {
  throughput speed;
  EXPECT_FALSE(speed.price(hour));
  speed.add(0, 999, 5000);
  EXPECT_FALSE(speed.price(hour));
  speed.add(5000, 10, 0);
  EXPECT_TRUE(speed.price(hour));
  throughput silent;
  silent.add(0, 60'000, 0);
  EXPECT_FALSE(silent.price(hour)) << "no tokens";
}

TEST(throughput, requests_beside_each_other_share_their_seconds) {
  throughput one_by_one, batch;
  for (int i = 0; i < 8; ++i) one_by_one.add(i * 2000, 2000, 1000);
  for (int i = 0; i < 8; ++i) batch.add(i, 2000, 1000);
  const auto dear = one_by_one.price(hour), cheap = batch.price(hour);
  ASSERT_TRUE(dear && cheap);
  EXPECT_NEAR(static_cast<double>(dear->pico_usd), 2e6, 3e4) << "500 tokens a second";
  EXPECT_NEAR(static_cast<double>(cheap->pico_usd), 2e6 / 8, 5e3);
}

TEST(throughput, idle_time_costs_nothing_and_the_order_of_ends_does_not_matter) {
  throughput speed;
  // A long request ends after two short ones that ran within it.
  speed.add(4000, 1000, 100);
  speed.add(6000, 1000, 100);
  speed.add(0, 10'000, 800);
  EXPECT_NEAR(static_cast<double>(speed.price(hour)->pico_usd), 1e7, 2e5) << "1000 tokens in 10 busy seconds";
  speed.add(100'000'000, 10'000, 1000);
  EXPECT_NEAR(static_cast<double>(speed.price(hour)->pico_usd), 1e7, 2e5) << "after a day without requests";
}

TEST(throughput, what_was_measured_long_ago_weighs_less) {
  throughput speed;
  epoch_ms at = 0;
  for (int i = 0; i < 600; ++i, at += 1000) speed.add(at, 1000, 100);
  for (int i = 0; i < 3600; ++i, at += 1000) speed.add(at, 1000, 1000);
  EXPECT_NEAR(static_cast<double>(speed.price(hour)->pico_usd), 1e6, 3e4) << "an hour at 1000 tokens a second";
}

TEST(throughput, what_makes_no_sense_is_not_measured) {
  throughput speed;
  speed.add(0, 0, 100);
  speed.add(0, -5, 100);
  speed.add(0, 2000, -1);
  EXPECT_FALSE(speed.price(hour));
}

TEST(machine_prices, hold_where_nobody_names_a_price) {
  catalogue::provider own;
  own.id = "my-vllm";
  own.gpu_hour = hour;
  routing_snapshot routing;
  routing.machines = std::make_shared<machine_prices>();
  const router::candidate who{.provider = &own, .entry = nullptr, .model = "qwen3"};
  const auto price_of = [&routing](const router::candidate& candidate) {
    model::price room;
    return routing.price_of(candidate, "brd", {}, room);
  };
  EXPECT_FALSE(price_of(who).known()) << "nothing measured yet";
  routing.machines->note("my-vllm", 0, 2000, 2000);
  const auto rates = price_of(who);
  EXPECT_TRUE(rates.estimated);
  EXPECT_EQ(rates.input->to_usd_per_million(), "1");
  EXPECT_EQ(rates.output, rates.input);

  model::price nothing;
  nothing.input = unit_price{};
  catalogue::model_entry free;
  free.price = nothing;
  EXPECT_FALSE(price_of({.provider = &own, .entry = &free, .model = "m"}).estimated) << "a price of nothing is a price";
  own.gpu_hour.reset();
  EXPECT_FALSE(price_of(who).known());
}

}  // namespace
}  // namespace spidergate::flow
