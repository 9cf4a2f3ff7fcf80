#include <spidergate/json/name_table.hpp>
#include <spidergate/json/reader.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace spidergate::json {
namespace {

constexpr name_table fruit(std::to_array<std::string_view>({"apple", "pear", "plum", "p", "quince_of_the_west"}));

TEST(name_table, knows_each_name_by_its_place) {
  static_assert(fruit["plum"] == 2);
  EXPECT_EQ(fruit.place("apple"), 0u);
  EXPECT_EQ(fruit.place("pear"), 1u);
  EXPECT_EQ(fruit.place("plum"), 2u);
  EXPECT_EQ(fruit.place("p"), 3u);
  EXPECT_EQ(fruit.place("quince_of_the_west"), 4u);
}

TEST(name_table, takes_nothing_else_for_a_name) {
  for (const std::string_view other : {"", "a", "Apple", "appLe", "axple", "pearl", "pea", "quince_of_the_east",
                                       "qXXXXXXXX_XXXXXXXt", "\xff", "\xff\xff\xff"}) {
    EXPECT_EQ(fruit.place(other), fruit.none) << other;
  }
}

TEST(name_table, tells_every_single_byte_apart) {
  for (int byte = 0; byte < 256; ++byte) {
    const char one = static_cast<char>(byte);
    EXPECT_EQ(fruit.place({&one, 1}), one == 'p' ? 3u : fruit.none) << byte;
  }
}

TEST(picked, holds_the_last_member_of_each_name) {
  const std::string text = R"({"plum":1,"pear":2,"nut":3,"plum":4,"":5,"pe\u0061r":6,"apple":null})";
  reader read;
  ASSERT_TRUE(read.read(text));
  const picked<fruit> found(read.root());
  EXPECT_TRUE(found["apple"].is_null());
  EXPECT_EQ(found["pear"].raw(), "2");
  EXPECT_EQ(found["plum"].raw(), "4");
  EXPECT_FALSE(found["p"].exists());
}

TEST(picked, holds_nothing_of_what_is_no_object) {
  const std::string text = R"(["apple"])";
  reader read;
  ASSERT_TRUE(read.read(text));
  EXPECT_FALSE(picked<fruit>(read.root())["apple"].exists());
  EXPECT_FALSE(picked<fruit>(value())["apple"].exists());
}

}  // namespace
}  // namespace spidergate::json
