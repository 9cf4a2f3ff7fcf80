#include <spidergate/flow/meanings.hpp>
#include <spidergate/flow/serve.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace spidergate::flow {
namespace {

class known_names : public ::testing::Test {
 protected:
  /// A snapshot in which the brand's alias "mine" means `chain`.
  static std::shared_ptr<routing_snapshot> meaning_of_mine(std::vector<std::string> chain) {
    auto made = std::make_shared<routing_snapshot>();
    made->data = *catalogue::catalogue::build({});
    made->brands["brd"].aliases.push_back({.name = "mine", .chain = std::move(chain)});
    return made;
  }

  meanings names;
};

TEST_F(known_names, are_resolved_once_for_a_snapshot_and_brand) {
  const auto routing = meaning_of_mine({"openai/gpt-4o", "mistral/mistral-small-latest"});
  const auto found = names.find(routing, "brd", "mine");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->names, (std::vector<std::string>{"openai/gpt-4o", "mistral/mistral-small-latest"}));
  ASSERT_EQ(found->order.size(), 2U);
  EXPECT_EQ(found->order[1].what.model, "mistral-small-latest");
  EXPECT_EQ(found->order[1].reason, "number 2 of the chain");
  EXPECT_EQ(found->resolved.alias, "mine");
  EXPECT_EQ(names.find(routing, "brd", "mine"), found);
  EXPECT_EQ(names.find(routing, "another", "mine"), nullptr) << "an alias of one brand is none of another's";
}

TEST_F(known_names, are_forgotten_with_their_snapshot) {
  const auto before = meaning_of_mine({"openai/gpt-4o"}), after = meaning_of_mine({"mistral/mistral-small-latest"});
  ASSERT_NE(names.find(before, "brd", "mine"), nullptr);
  ASSERT_NE(names.find(before, "brd", "openai/gpt-4o"), nullptr);
  EXPECT_EQ(names.size(), 2U);
  EXPECT_EQ(names.find(after, "brd", "mine")->names.front(), "mistral/mistral-small-latest");
  EXPECT_EQ(names.size(), 1U);
}

TEST_F(known_names, are_bounded) {
  const auto routing = meaning_of_mine({"openai/gpt-4o"});
  for (std::size_t i = 0; i < 3 * meanings::most_kept; ++i) {
    ASSERT_NE(names.find(routing, "brd", "openai/made-up-" + std::to_string(i)), nullptr);
    ASSERT_LE(names.size(), meanings::most_kept);
  }
  const auto kept = names.size();
  EXPECT_NE(names.find(routing, "brd", "openai/" + std::string(meanings::longest_name, 'x')), nullptr);
  EXPECT_EQ(names.find(routing, "brd", "no-such-model-anywhere"), nullptr);
  EXPECT_EQ(names.size(), kept) << "neither long names nor unknown ones take a place";
}

TEST_F(known_names, hold_to_the_brands_preferences) {
  const auto routing = meaning_of_mine({"openai/gpt-4o", "mistral/mistral-small-latest"});
  auto& wanted = routing->preferences["brd"];
  wanted.blocked_providers = {"openai"};
  wanted.fallback_chain = {"groq/llama-3.3-70b-versatile"};
  const auto found = names.find(routing, "brd", "mine");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->names, (std::vector<std::string>{"mistral/mistral-small-latest", "groq/llama-3.3-70b-versatile"}));
  EXPECT_EQ(found->without_preferences, (std::vector<std::string>{"openai/gpt-4o", "mistral/mistral-small-latest"}));

  const auto alone = meaning_of_mine({"openai/gpt-4o"});
  alone->preferences["brd"].fallback_enabled = false;
  EXPECT_EQ(names.find(alone, "brd", "mine"), nullptr) << "which one serves follows from the keys";
  const auto none = meaning_of_mine({"openai/gpt-4o"});
  none->preferences["brd"].blocked_providers = {"*"};
  EXPECT_EQ(names.find(none, "brd", "mine"), nullptr);
}

}  // namespace
}  // namespace spidergate::flow
