#include <spidergate/http/field_text.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace spidergate::http {
namespace {

using std::chrono::microseconds;

std::string milliseconds(std::int64_t us) {
  return std::string(field_text<32>().milliseconds(microseconds(us)).view());
}

TEST(field_text, milliseconds_have_three_digits_behind_the_point) {
  EXPECT_EQ(milliseconds(0), "0.000");
  EXPECT_EQ(milliseconds(7), "0.007");
  EXPECT_EQ(milliseconds(40), "0.040");
  EXPECT_EQ(milliseconds(12'300), "12.300");
  EXPECT_EQ(milliseconds(123'456'789), "123456.789");
  EXPECT_EQ(milliseconds(-1'002), "-1.002");
}

TEST(field_text, pieces_follow_each_other) {
  field_text<32> made;
  made.text("a=").number(-5).text(", b=").number(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(made.view(), "a=-5, b=9223372036854775807");
}

TEST(field_text, what_does_not_fit_is_cut_off) {
  field_text<4> made;
  EXPECT_EQ(made.text("abc").text("def").text("g").view(), "abcd");
}

}  // namespace
}  // namespace spidergate::http
