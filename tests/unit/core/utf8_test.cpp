#include <spidergate/core/utf8.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace spidergate {
namespace {

TEST(utf8, knows_how_long_a_character_is_and_what_is_none) {
  for (const std::string_view good :
       {"a", "\xc3\xa4", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(utf8_sequence_length(good), good.size()) << good;
  }
  for (const std::string_view bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                                     "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82"}) {
    EXPECT_EQ(utf8_sequence_length(bad), 0U);
  }
}

}  // namespace
}  // namespace spidergate
