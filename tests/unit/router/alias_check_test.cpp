#include <spidergate/router/alias_check.hpp>

#include <gtest/gtest.h>

namespace spidergate::router {
namespace {

class alias_check : public ::testing::Test {
 protected:
  std::shared_ptr<const catalogue::catalogue> data_ = *catalogue::catalogue::build({});
  brand_overrides brand_;

  [[nodiscard]] std::optional<alias_fault> fault(std::string_view name, const std::vector<std::string>& chain) const {
    return fault_in_alias(*data_, brand_, name, chain);
  }
};

TEST_F(alias_check, models_and_other_aliases_are_fine) {
  EXPECT_FALSE(fault("team/chat", {"openai/gpt-4o", "spideriq/chat"}));
  brand_.aliases.push_back({.name = "team/fast", .chain = {"groq/llama-3.1-8b-instant"}});
  EXPECT_FALSE(fault("team/chat", {"team/fast"}));
  EXPECT_FALSE(fault("team/fast", {"openai/gpt-4o"})) << "an alias may be replaced";
}

TEST_F(alias_check, the_entry_at_fault_is_named) {
  const auto found = fault("team/chat", {"openai/gpt-4o", "no-such-thing"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->entry, std::optional<std::size_t>(1));
  EXPECT_NE(found->message.find("no-such-thing"), std::string::npos);
}

TEST_F(alias_check, a_chain_that_leads_back_is_refused_at_every_length) {
  EXPECT_TRUE(fault("a", {"a"}));
  EXPECT_TRUE(fault("a", {"openai/gpt-4o", "a"}));
  brand_.aliases.push_back({.name = "b", .chain = {"a", "openai/gpt-4o"}});
  brand_.aliases.push_back({.name = "c", .chain = {"b", "openai/gpt-4o"}});
  brand_.aliases.push_back({.name = "a", .chain = {"openai/gpt-4o"}});
  EXPECT_FALSE(fault("a", {"groq/llama-3.1-8b-instant"}));
  EXPECT_TRUE(fault("a", {"openai/gpt-4o", "c"}));
}

TEST_F(alias_check, a_name_is_one_word) {
  for (const auto* name : {"", "auto", "two words", "line\nbreak"}) EXPECT_TRUE(fault(name, {"openai/gpt-4o"})) << name;
  EXPECT_TRUE(fault(std::string(101, 'a'), {"openai/gpt-4o"}));
  EXPECT_TRUE(fault("team/chat", {}));
}

}  // namespace
}  // namespace spidergate::router
