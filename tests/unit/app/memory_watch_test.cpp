#include "memory_watch.hpp"

#include <gtest/gtest.h>

namespace spidergate::app {
namespace {

TEST(memory_watch, sheds_at_85_and_92_percent_of_the_limit) {
  constexpr std::size_t limit = 1'000'000;
  EXPECT_EQ(level_of(849'999, limit), memory_level::fine);
  EXPECT_EQ(level_of(850'000, limit), memory_level::tight);
  EXPECT_EQ(level_of(919'999, limit), memory_level::tight);
  EXPECT_EQ(level_of(920'000, limit), memory_level::short_of);
  EXPECT_EQ(level_of(5'000'000, limit), memory_level::short_of);
}

TEST(memory_watch, without_a_limit_never_sheds) {
  EXPECT_EQ(level_of(std::size_t{1} << 50U, 0), memory_level::fine);
}

TEST(memory_watch, knows_what_this_process_uses) {
  EXPECT_GT(resident_bytes(), 100'000U);
}

}  // namespace
}  // namespace spidergate::app
