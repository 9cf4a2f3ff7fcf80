#include <spidergate/core/money.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace spidergate {
namespace {

TEST(money, reads_plain_decimals_exactly) {
  EXPECT_EQ(money::from_usd("12")->nano_usd, 12'000'000'000);
  EXPECT_EQ(money::from_usd("0.25")->nano_usd, 250'000'000);
  EXPECT_EQ(money::from_usd("-1.5")->nano_usd, -1'500'000'000);
  EXPECT_EQ(money::from_usd("0.000000001")->nano_usd, 1);
  EXPECT_EQ(money::from_usd("0.2500000000000")->nano_usd, 250'000'000);
}

TEST(money, refuses_what_is_malformed_too_fine_or_out_of_range) {
  for (const auto* text : {"", "-", ".", ".5", "5.", "1e3", "+1", " 1", "1 ", "1.2.3", "--1", "0x1", "1,5", "nan",
                           "0.0000000001", "9223372037", "99999999999999999999999999"}) {
    EXPECT_FALSE(money::from_usd(text)) << text;
  }
}

TEST(money, reads_back_the_extremes_it_writes) {
  for (const auto nano : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
                          std::int64_t{0}, std::int64_t{-1}, std::int64_t{150'000}}) {
    EXPECT_EQ(money::from_usd(money{nano}.to_usd()), money{nano});
  }
}

TEST(money, writes_the_shortest_exact_decimal) {
  EXPECT_EQ(money{0}.to_usd(), "0");
  EXPECT_EQ(money{150'000}.to_usd(), "0.00015");
  EXPECT_EQ(money{-1'500'000'000}.to_usd(), "-1.5");
  EXPECT_EQ(money{20'000'000'000}.to_usd(), "20");
}

TEST(unit_price, reads_dollars_per_million_and_writes_both_forms) {
  const auto price = unit_price::from_usd_per_million("0.15");
  ASSERT_TRUE(price);
  EXPECT_EQ(price->pico_usd, 150'000);
  EXPECT_EQ(price->to_usd_per_unit(), "0.00000015");
  EXPECT_EQ(price->to_usd_per_million(), "0.15");
}

TEST(unit_price, rounds_half_up_beyond_a_pico_dollar) {
  EXPECT_EQ(unit_price::from_usd_per_million("0.0000005")->pico_usd, 1);
  EXPECT_EQ(unit_price::from_usd_per_million("0.00000049")->pico_usd, 0);
}

TEST(unit_price, refuses_negative_prices) {
  EXPECT_FALSE(unit_price::from_usd_per_million("-0.1"));
}

TEST(cost_sum, does_not_depend_on_grouping) {
  const unit_price price{333};
  cost_sum whole;
  whole.add(3000, price);
  cost_sum parts;
  for (int i = 0; i < 3000; ++i) parts.add(1, price);
  EXPECT_EQ(whole.total(), parts.total());
  EXPECT_EQ(whole.total().nano_usd, 999);
}

TEST(cost_sum, rounds_once_half_up) {
  cost_sum sum;
  sum.add(1, unit_price{499});
  EXPECT_EQ(sum.total().nano_usd, 0);
  sum.add(1, unit_price{1});
  EXPECT_EQ(sum.total().nano_usd, 1);
  cost_sum negative;
  negative.add(money{-2});
  negative.add(1, unit_price{500});
  EXPECT_EQ(negative.total().nano_usd, -1);
  negative.add(-1, unit_price{1});
  EXPECT_EQ(negative.total().nano_usd, -2);
}

TEST(pixel_price, reads_and_writes_dollars_per_pixel) {
  EXPECT_EQ(pixel_price::from_usd("0.000000008056640625")->atto_usd, 8'056'640'625);
  EXPECT_EQ(pixel_price::from_usd("0.000000008056640625")->to_usd(), "0.000000008056640625");
  EXPECT_FALSE(pixel_price::from_usd("-1"));
  EXPECT_FALSE(pixel_price::from_usd("10"));
  EXPECT_EQ(unit_price::from_usd_per_unit("0.000015")->pico_usd, 15'000'000);
  EXPECT_FALSE(unit_price::from_usd_per_unit("-0.1"));
}

TEST(cost_sum, parts_of_a_pico_dollar_are_kept) {
  cost_sum sum;
  // A thousand pixels of 0.4995 nano-dollars each; one by one each would be rounded off.
  for (int i = 0; i < 1000; ++i) sum.add_pixels(1, pixel_price{499'500'000});
  EXPECT_EQ(sum.total().nano_usd, 500) << "499.5, half up";
  cost_sum seconds;
  for (int i = 0; i < 1000; ++i) seconds.add_milliseconds(1, unit_price{1'499});
  EXPECT_EQ(seconds.total().nano_usd, 1) << "a second of 1.499 nano-dollars";
  cost_sum back;
  back.add_pixels(-3, pixel_price{1});
  back.add_pixels(3, pixel_price{1});
  EXPECT_EQ(back.total().nano_usd, 0);
}

TEST(cost_sum, saturates) {
  cost_sum sum;
  sum.add(std::numeric_limits<std::int64_t>::max(), unit_price{std::numeric_limits<std::int64_t>::max()});
  EXPECT_EQ(sum.total().nano_usd, std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace spidergate
