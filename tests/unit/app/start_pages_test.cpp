#include "start_pages.hpp"

#include "memory_watch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace spidergate::app {
namespace {

constexpr std::array<int, 20'000> constants = [] {
  std::array<int, 20'000> made{};
  std::iota(made.begin(), made.end(), 1);
  return made;
}();

TEST(start_pages, leave_the_resident_set_and_come_back_as_they_were) {
  const auto sum = std::accumulate(constants.begin(), constants.end(), 0);
  const auto before = resident_bytes();
  let_go_of_start_pages();
  EXPECT_LT(resident_bytes(), before);
  EXPECT_EQ(std::accumulate(constants.begin(), constants.end(), 0), sum);
  EXPECT_TRUE(std::ranges::is_sorted(constants));
}

}  // namespace
}  // namespace spidergate::app
