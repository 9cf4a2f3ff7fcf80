#include <spidergate/router/router.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace spidergate::router {
namespace {

using names = std::vector<std::string>;

catalogue::overlay test_overlay() {
  catalogue::overlay changes;
  catalogue::overlay::provider_change server;
  server.id = "my-vllm";
  server.dialect = "openai";
  server.base_url = "http://10.0.0.5:8000/v1";
  server.models = {{.name = "qwen3", .mode = ""}};
  changes.providers = {server};
  changes.aliases = {{"team/own", {"my-vllm/qwen3", "openai/gpt-4o"}, false}};
  changes.rules = {{"house-*", "my-vllm"}, {"gpt-4-vision*", "azure-openai"}};
  return changes;
}

const catalogue::catalogue& data() {
  static const auto built = catalogue::catalogue::build(test_overlay());
  return **built;
}

brand_overrides brand() {
  brand_overrides own;
  own.aliases = {{"spideriq/chat", {"openai/gpt-4o-mini"}, false},
                 {"ours", {"spideriq/fast", "theirs", "openai/gpt-4o"}, false},
                 {"theirs", {"openai/gpt-4o", "claude-sonnet-4-6"}, false},
                 {"auto", {"groq/llama-3.1-8b-instant"}, false},
                 {"loop", {"loop-b"}, false},
                 {"loop-b", {"loop"}, false},
                 {"half-gone", {"gone/model", "openai/gpt-4o"}, false},
                 {"all-gone", {"gone/model"}, false}};
  own.rules = {{"house-special", "groq"}, {"x-*", "gone"}, {"x-*", "mistral"}};
  return own;
}

names chain_of(const resolution& found) {
  names chain;
  for (const auto& candidate : found.chain) chain.push_back(candidate.name());
  return chain;
}

model::outcome<resolution> resolved(std::string_view name, model::routing_options options = {}) {
  return resolve(data(), brand(), name, options);
}

struct expectation {
  std::string_view name;
  std::string_view strategy;
  std::string_view alias;
  names chain;  ///< its beginning
};

class resolves : public testing::TestWithParam<expectation> {};

TEST_P(resolves, as_documented) {
  const auto& expected = GetParam();
  const auto found = resolved(expected.name);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->strategy, expected.strategy);
  EXPECT_EQ(found->alias, expected.alias);
  auto chain = chain_of(*found);
  ASSERT_GE(chain.size(), expected.chain.size());
  chain.resize(expected.chain.size());
  EXPECT_EQ(chain, expected.chain);
}

INSTANTIATE_TEST_SUITE_P(
    order, resolves,
    testing::Values(
        // The brand's alias beats the built-in one of that name, and even `auto`.
        expectation{"spideriq/chat", "alias", "spideriq/chat", {"openai/gpt-4o-mini"}},
        expectation{"auto", "alias", "auto", {"groq/llama-3.1-8b-instant"}},
        // Aliases that name aliases, built-in ones among them; nothing twice.
        expectation{"ours",
                    "alias",
                    "ours",
                    {"groq/llama-3.1-8b-instant", "cerebras/llama3.1-8b", "gemini/gemini-2.5-flash-lite",
                     "groq/openai/gpt-oss-20b", "openai/gpt-4o", "anthropic/claude-sonnet-4-6"}},
        expectation{"half-gone", "alias", "half-gone", {"openai/gpt-4o"}},
        // Built-in and config's aliases.
        expectation{
            "spideriq/coding", "alias", "spideriq/coding", {"anthropic/claude-sonnet-5", "mistral/codestral-latest"}},
        expectation{"team/own", "alias", "team/own", {"my-vllm/qwen3", "openai/gpt-4o"}},
        // provider/model, where the model may hold slashes of its own.
        expectation{"openai/gpt-4o", "explicit", "", {"openai/gpt-4o"}},
        expectation{"groq/openai/gpt-oss-20b", "explicit", "", {"groq/openai/gpt-oss-20b"}},
        expectation{"groq/brand-new", "explicit", "", {"groq/brand-new"}},
        expectation{
            "openrouter/meta-llama/llama-3-70b:free", "explicit", "", {"openrouter/meta-llama/llama-3-70b:free"}},
        expectation{"anthropic/claude-sonnet-4.5", "explicit", "", {"anthropic/claude-sonnet-4-5"}},
        expectation{"my-vllm/openai/gpt-oss-120b", "explicit", "", {"my-vllm/openai/gpt-oss-120b"}},
        // Rules: the brand's before the config's, those of vanished providers passed over.
        expectation{"house-special", "rule", "", {"groq/house-special"}},
        expectation{"house-wine", "rule", "", {"my-vllm/house-wine"}}, expectation{"x-1", "rule", "", {"mistral/x-1"}},
        expectation{"gpt-4-vision-preview", "rule", "", {"azure-openai/gpt-4-vision-preview"}},
        // Catalogue names and synonyms.
        expectation{"gpt-4o", "catalogue", "", {"openai/gpt-4o"}},
        expectation{
            "claude-sonnet-4", "catalogue", "", {"anthropic/claude-sonnet-4-0", "vertex-anthropic/claude-sonnet-4"}},
        expectation{"llama-3.1-70b-groq", "catalogue", "", {"groq/llama-3.3-70b-versatile"}},
        expectation{"qwen3", "catalogue", "", {"my-vllm/qwen3"}},
        expectation{"meta-llama/Llama-3.3-70B-Instruct-Turbo",
                    "catalogue",
                    "",
                    {"deepinfra/meta-llama/Llama-3.3-70B-Instruct-Turbo"}},
        // Patterns.
        expectation{"gpt-99-preview", "pattern", "", {"openai/gpt-99-preview"}},
        expectation{"o3-unheard-of", "pattern", "", {"openai/o3-unheard-of"}},
        expectation{"claude-next", "pattern", "", {"anthropic/claude-next"}},
        expectation{"gemini-9-ultra", "pattern", "", {"gemini/gemini-9-ultra"}},
        expectation{"command-z", "pattern", "", {"cohere/command-z"}},
        expectation{"sonar-next", "pattern", "", {"perplexity/sonar-next"}}));

TEST(resolve, a_last_resort_finds_a_model_under_its_vendors_name) {
  const auto found = resolved("llama-4-scout-17b-16e-INSTRUCT");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->strategy, "priority");
  EXPECT_EQ(found->chain[0].name(), "groq/meta-llama/llama-4-scout-17b-16e-instruct");
}

TEST(resolve, a_candidate_knows_its_row_or_says_that_there_is_none) {
  const auto known = resolved("openai/gpt-4o");
  EXPECT_EQ(known->chain[0].entry, data().find_model("openai", "gpt-4o"));
  EXPECT_EQ(known->chain[0].provider, data().find_provider("openai"));
  EXPECT_EQ(resolved("groq/brand-new")->chain[0].entry, nullptr);
}

TEST(resolve, a_name_that_hosts_list_goes_to_them_before_the_vendor_that_does_not_have_it) {
  const auto found = resolved("openai/gpt-oss-120b");
  ASSERT_TRUE(found);
  ASSERT_GT(found->chain.size(), 10U);
  EXPECT_EQ(found->chain.front().name(), "groq/openai/gpt-oss-120b");
  EXPECT_EQ(found->chain.back().name(), "openai/gpt-oss-120b");
  EXPECT_EQ(found->chain.back().entry, nullptr);
}

TEST(resolve, a_bare_name_gives_every_provider_by_priority_once) {
  const auto found = resolved("gpt-4o");
  ASSERT_GT(found->chain.size(), 3U);
  std::set<std::string> seen;
  int priority = 1000;
  for (const auto& candidate : found->chain) {
    EXPECT_TRUE(seen.insert(candidate.name()).second) << candidate.name();
    EXPECT_LE(candidate.provider->priority, priority) << candidate.name();
    priority = candidate.provider->priority;
  }
}

TEST(resolve, deprecated_models_are_served) {
  ASSERT_TRUE(data().find_model("openai", "gpt-4-0613")->deprecated);
  EXPECT_EQ(resolved("gpt-4-0613")->chain[0].name(), "openai/gpt-4-0613");
}

TEST(resolve, auto_is_not_served_yet) {
  const auto found = resolve(data(), {}, "auto", {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, model::api_errc::model_not_found);
  EXPECT_NE(found.error().message.find("'auto' is not served yet"), std::string::npos);
}

TEST(resolve, an_unknown_name_gets_the_three_nearest) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"gtp-4o-mini", "'gpt-4o-mini'"},
                                                                 {"spideriq/codng", "'spideriq/coding'"},
                                                                 {"opneai/gpt-4o", "'openai/gpt-4o'"},
                                                                 {"agent/chta", "'agent/chat'"},
                                                                 {"thiers", "'theirs'"}};
  for (const auto& [wrong, right] : cases) {
    const auto found = resolved(wrong);
    ASSERT_FALSE(found) << wrong;
    const auto& error = found.error();
    EXPECT_EQ(error.code, model::api_errc::model_not_found);
    EXPECT_EQ(error.status(), 404);
    EXPECT_EQ(error.param, "model");
    EXPECT_NE(error.message.find(right), std::string::npos) << error.message;
    EXPECT_EQ(std::count(error.message.begin(), error.message.end(), '\''), 8) << error.message;
  }
}

TEST(resolve, absurd_names_are_unknown_and_cheap) {
  for (const auto& name : {std::string{}, std::string("/"), std::string("openai/"), std::string("/gpt-4o"),
                           std::string("*"), std::string(5'000'000, 'g'), std::string("\0\xff", 2)}) {
    const auto found = resolved(name);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, model::api_errc::model_not_found);
    EXPECT_LT(found.error().message.size(), 1000U);
  }
}

TEST(resolve, a_brands_alias_that_leads_back_to_itself_is_told) {
  const auto found = resolved("loop");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "The alias 'loop' leads back to itself: loop -> loop-b -> loop.");
}

TEST(resolve, a_brands_alias_without_anything_left_is_told) {
  const auto found = resolved("all-gone");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "The alias 'all-gone' names no model that exists any more.");
}

TEST(resolve, fallback_models_follow_the_head_and_the_rest_follows_them) {
  model::routing_options options;
  options.fallback_models = {"mistral/mistral-small-latest", "groq/brand-new", "spideriq/fast"};
  const auto found = resolved("spideriq/coding", options);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->strategy, "alias");
  EXPECT_EQ(found->alias, "spideriq/coding");
  EXPECT_EQ(chain_of(*found),
            (names{"anthropic/claude-sonnet-5", "mistral/mistral-small-latest", "groq/brand-new",
                   "groq/llama-3.1-8b-instant", "cerebras/llama3.1-8b", "gemini/gemini-2.5-flash-lite",
                   "groq/openai/gpt-oss-20b", "mistral/codestral-latest", "groq/llama-3.3-70b-versatile",
                   "moonshot/kimi-k2.7-code", "codestral/codestral-latest"}));
}

TEST(resolve, a_fallback_that_is_the_head_is_not_tried_twice) {
  model::routing_options options;
  options.fallback_models = {"openai/gpt-4o", "openai/gpt-4o-mini"};
  EXPECT_EQ(chain_of(*resolved("openai/gpt-4o", options)), (names{"openai/gpt-4o", "openai/gpt-4o-mini"}));
}

TEST(resolve, a_fallback_chain_replaces_the_chain_whatever_the_model_is) {
  model::routing_options options;
  options.fallback_chain = {"groq/llama-3.3-70b-versatile", "openai/gpt-4o"};
  for (const auto* name : {"spideriq/coding", "auto", "no-such-model"}) {
    const auto found = resolved(name, options);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->strategy, "fallback_chain");
    EXPECT_EQ(found->alias, "");
    EXPECT_EQ(chain_of(*found), (names{"groq/llama-3.3-70b-versatile", "openai/gpt-4o"}));
  }
  options.fallback_models = {"mistral/mistral-small-latest"};
  EXPECT_EQ(chain_of(*resolved("auto", options)),
            (names{"groq/llama-3.3-70b-versatile", "mistral/mistral-small-latest", "openai/gpt-4o"}));
}

TEST(resolve, unknown_names_in_fallbacks_are_errors_that_say_where) {
  model::routing_options options;
  options.fallback_models = {"openai/gpt-4o", "no-such-modell"};
  auto found = resolved("openai/gpt-4o", options);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, model::api_errc::model_not_found);
  EXPECT_EQ(found.error().param, "spidergate_options.fallback_models");
  options.fallback_chain = {"no-such-modell"};
  found = resolved("openai/gpt-4o", options);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().param, "x-fallback-chain");
}

TEST(resolve, every_built_in_alias_resolves_without_a_brand) {
  for (const auto& alias : data().aliases()) {
    const auto found = resolve(data(), {}, alias.name, {});
    ASSERT_TRUE(found) << alias.name;
    EXPECT_EQ(chain_of(*found), alias.chain);
  }
}

}  // namespace
}  // namespace spidergate::router
