#include <spidergate/core/secret_string.hpp>

#include <gtest/gtest.h>

#include <type_traits>
#include <utility>

namespace spidergate {
namespace {

static_assert(!std::is_convertible_v<secret_string, std::string_view>);
static_assert(!std::is_convertible_v<std::string_view, secret_string>);

TEST(secret_string, reveals_what_it_was_given) {
  const secret_string secret("hunter2");
  EXPECT_EQ(secret.reveal(), "hunter2");
  EXPECT_EQ(secret.size(), 7U);
  EXPECT_TRUE(secret_string().empty());
}

TEST(secret_string, copies_are_independent_and_moves_leave_nothing) {
  secret_string first("one");
  secret_string copy(first);
  secret_string moved(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
  first = secret_string("two");
  copy = first;
  EXPECT_EQ(copy.reveal(), "two");
  EXPECT_EQ(moved.reveal(), "one");
  auto& same = copy;
  copy = same;
  EXPECT_EQ(copy.reveal(), "two");
}

TEST(equal_constant_time, compares_contents_and_lengths) {
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "abcd"));
}

}  // namespace
}  // namespace spidergate
