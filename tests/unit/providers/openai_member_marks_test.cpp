#include "openai/member_marks.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace spidergate::providers::openai {
namespace {

TEST(member_marks, hold_what_was_marked_however_late) {
  constexpr std::size_t count = 200;
  for (std::size_t marked = 0; marked < count; ++marked) {
    member_marks marks;
    EXPECT_FALSE(marks.any());
    marks.set(marked);
    EXPECT_TRUE(marks.any());
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(marks[i], i == marked) << i;
  }
}

TEST(member_marks, of_several_stand_side_by_side) {
  member_marks marks;
  for (const std::size_t i : {0u, 63u, 64u, 65u, 130u}) marks.set(i);
  for (const std::size_t i : {0u, 63u, 64u, 65u, 130u}) EXPECT_TRUE(marks[i]) << i;
  for (const std::size_t i : {1u, 62u, 66u, 129u, 131u, 1000u}) EXPECT_FALSE(marks[i]) << i;
}

}  // namespace
}  // namespace spidergate::providers::openai
