#include <spidergate/crypto/record_id.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace spidergate::crypto {
namespace {

constexpr std::int64_t now_us = 1'801'396'800'000'000;

TEST(record_id, sorts_by_the_microsecond_it_was_made_in) {
  std::string last;
  for (const auto later_us : {0, 1, 2, 61, 62, 63, 999, 1'000, 1'000'000}) {
    const auto id = record_id(system_random(), "tok_", now_us + later_us);
    EXPECT_LT(last, id) << later_us;
    last = id;
  }
}

TEST(record_id, of_one_moment_differs) {
  EXPECT_NE(record_id(system_random(), "tok_", now_us), record_id(system_random(), "tok_", now_us));
}

TEST(record_id, is_the_prefix_and_sixteen_letters_and_digits) {
  const auto id = record_id(system_random(), "cli_", now_us);
  ASSERT_EQ(id.size(), 20U);
  EXPECT_TRUE(id.starts_with("cli_"));
  EXPECT_TRUE(std::all_of(id.begin() + 4, id.end(), [](unsigned char c) { return std::isalnum(c) != 0; }));
}

}  // namespace
}  // namespace spidergate::crypto
