#include <spidergate/router/preferences.hpp>

#include <gtest/gtest.h>

namespace spidergate::router {
namespace {

const catalogue::catalogue& data() {
  static const auto built = catalogue::catalogue::build({});
  return **built;
}

resolution chain(std::initializer_list<std::string_view> names) {
  resolution made{{}, "alias", {}};
  for (const auto name : names) {
    auto one = resolve(data(), {}, name, {});
    made.chain.push_back(one->chain.front());
  }
  return made;
}

std::vector<std::string> after(resolution of, const preferences& wanted) {
  apply_preferences(of, wanted, data(), {});
  std::vector<std::string> names;
  for (const auto& c : of.chain) names.push_back(c.name());
  return names;
}

using names = std::vector<std::string>;

TEST(preferences_text, every_member_is_read) {
  const auto read = read_preferences(
      R"({"allowed_providers":["openai","gr*"],"blocked_providers":["x"],"allowed_models":["a"],"blocked_models":["b"],)"
      R"("fallback_enabled":false,"fallback_chain":["openai/gpt-4o"],"default_priority":"cost","quality_threshold":0.75,)"
      R"("max_latency_ms":2000})");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->allowed_providers, (names{"openai", "gr*"}));
  EXPECT_EQ(read->blocked_providers, names{"x"});
  EXPECT_EQ(read->allowed_models, names{"a"});
  EXPECT_EQ(read->blocked_models, names{"b"});
  EXPECT_FALSE(read->fallback_enabled);
  EXPECT_EQ(read->fallback_chain, names{"openai/gpt-4o"});
  EXPECT_EQ(read->default_priority, "cost");
  EXPECT_EQ(read->quality_threshold, 0.75);
  EXPECT_EQ(read->max_latency_ms, 2000);
}

TEST(preferences_text, nothing_and_nulls_are_no_preferences) {
  for (const std::string_view text : {"", "{}", R"({"fallback_enabled":null,"allowed_models":null})"}) {
    const auto read = read_preferences(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, preferences{}) << text;
  }
}

TEST(preferences_text, faults_name_their_member) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"allowed_providers":"openai"})", "'allowed_providers'"},
      {R"({"blocked_models":[""]})", "'blocked_models'"},
      {R"({"blocked_models":[1]})", "'blocked_models'"},
      {R"({"fallback_enabled":1})", "'fallback_enabled'"},
      {R"({"default_priority":"speed"})", "'default_priority'"},
      {R"({"quality_threshold":-1})", "'quality_threshold'"},
      {R"({"quality_threshold":"1"})", "'quality_threshold'"},
      {R"({"quality_threshold":1e999})", "'quality_threshold'"},
      {R"({"max_latency_ms":0})", "'max_latency_ms'"},
      {R"({"alowed_models":[]})", "'alowed_models'"},
      {R"([])", "object"},
      {R"({)", "JSON"},
  };
  for (const auto& [text, word] : cases) {
    const auto read = read_preferences(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().find(word), std::string::npos) << read.error();
  }
}

TEST(preferences_applied, what_is_not_allowed_leaves_the_chain) {
  const auto three = chain({"openai/gpt-4o", "groq/llama-3.1-8b-instant", "mistral/mistral-small-latest"});
  preferences wanted;
  wanted.allowed_providers = {"openai", "gr*"};
  EXPECT_EQ(after(three, wanted), (names{"openai/gpt-4o", "groq/llama-3.1-8b-instant"}));
  wanted.blocked_models = {"gpt-*"};
  EXPECT_EQ(after(three, wanted), names{"groq/llama-3.1-8b-instant"});
  wanted.blocked_providers = {"groq"};
  EXPECT_TRUE(after(three, wanted).empty());
  wanted = {};
  wanted.allowed_models = {"mistral/*", "gpt-4o"};
  EXPECT_EQ(after(three, wanted), (names{"openai/gpt-4o", "mistral/mistral-small-latest"}));
}

TEST(preferences_applied, fallback_chain_comes_last_and_only_once) {
  preferences wanted;
  wanted.fallback_chain = {"openai/gpt-4o", "no-such-model-at-all", "groq/llama-3.1-8b-instant"};
  EXPECT_EQ(after(chain({"mistral/mistral-small-latest", "openai/gpt-4o"}), wanted),
            (names{"mistral/mistral-small-latest", "openai/gpt-4o", "groq/llama-3.1-8b-instant"}));
  wanted.blocked_providers = {"groq"};
  EXPECT_EQ(after(chain({"openai/gpt-4o"}), wanted), names{"openai/gpt-4o"}) << "fallbacks are filtered too";
}

TEST(preferences_applied, chain_that_the_client_wrote_is_not_extended) {
  preferences wanted;
  wanted.fallback_chain = {"groq/llama-3.1-8b-instant"};
  auto own = chain({"openai/gpt-4o"});
  own.strategy = "fallback_chain";
  EXPECT_EQ(after(own, wanted), names{"openai/gpt-4o"});
}

}  // namespace
}  // namespace spidergate::router
