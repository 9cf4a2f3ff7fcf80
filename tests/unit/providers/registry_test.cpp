#include <spidergate/providers/dialect.hpp>

#include <gtest/gtest.h>

namespace spidergate::providers {
namespace {

TEST(registry, finds_each_dialect_under_the_name_that_it_gives_itself) {
  ASSERT_FALSE(known_dialects().empty());
  for (const auto name : known_dialects()) {
    const auto* found = find_dialect(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->name(), name);
  }
}

TEST(registry, knows_no_other_name) {
  for (const auto* name : {"", "openai ", "OpenAI", "opena", "azure_openai"}) EXPECT_EQ(find_dialect(name), nullptr);
}

}  // namespace
}  // namespace spidergate::providers
