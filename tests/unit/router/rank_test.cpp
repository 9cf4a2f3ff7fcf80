#include <spidergate/router/router.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace spidergate::router {
namespace {

using names = std::vector<std::string>;
using breaker = candidate_health::breaker;

bool all_dialects(std::string_view, model::endpoint) {
  return true;
}
bool openai_only(std::string_view dialect, model::endpoint) {
  return dialect == "openai";
}
/// What Anthropic's dialect has.
bool chat_only(std::string_view dialect, model::endpoint kind) {
  return dialect == "openai" || kind == model::endpoint::chat;
}

const catalogue::catalogue& data() {
  static const auto built = [] {
    catalogue::overlay changes;
    catalogue::overlay::provider_change server;
    server.id = "my-vllm";
    server.dialect = "openai";
    server.base_url = "http://10.0.0.5:8000/v1";
    server.auth = "none";
    server.models = {{.name = "qwen3", .mode = ""}};
    changes.providers = {server};
    return catalogue::catalogue::build(changes);
  }();
  return **built;
}

resolution chain(const names& of) {
  model::routing_options options;
  options.fallback_chain = of;
  return *resolve(data(), {}, "", options);
}

const names three = {"openai/gpt-4o", "mistral/mistral-small-latest", "groq/llama-3.3-70b-versatile"};

candidate_health rate(double success_rate, std::uint32_t samples = 100) {
  candidate_health health;
  health.success_rate = success_rate;
  health.samples = samples;
  return health;
}

candidate_health state(breaker b) {
  candidate_health health;
  health.state = b;
  return health;
}

candidate_health keys(bool any, bool usable) {
  candidate_health health;
  health.has_any_key = any;
  health.has_usable_key = usable;
  return health;
}

bool same_order(const std::vector<ranked_candidate>& one, const std::vector<ranked_candidate>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](const auto& a, const auto& b) {
    return a.what.name() == b.what.name() && a.where == b.where && a.reason == b.reason;
  });
}

/// Every ranking of these tests also tells whether the short cut for chains that are well would have been right.
model::outcome<std::vector<ranked_candidate>> ranked(const resolution& of, std::vector<candidate_health> health,
                                                     const model::inference_request& asked = {}) {
  auto found = rank(of, health, asked, all_dialects);
  health.resize(of.chain.size());
  if (stays_in_order(of, health, asked, all_dialects)) EXPECT_TRUE(found && same_order(*found, order_of(of)));
  return found;
}

TEST(stays_in_order, where_every_candidate_is_well_and_none_is_clearly_healthier_than_one_before_it) {
  const auto of = chain(three);
  const auto stays = [&](std::vector<candidate_health> health, served_by served = all_dialects) {
    return stays_in_order(of, health, {}, served);
  };
  EXPECT_TRUE(stays({{}, {}, {}}));
  EXPECT_TRUE(stays({rate(1.0), rate(0.2), rate(0.1)}));
  EXPECT_TRUE(stays({rate(0.5, 4), rate(1.0), {}})) << "too few samples";
  EXPECT_FALSE(stays({rate(0.5), {}, rate(1.0)}));
  EXPECT_FALSE(stays({{}, state(breaker::open), {}}));
  EXPECT_FALSE(stays({{}, state(breaker::half_open), {}}));
  EXPECT_FALSE(stays({{}, {}, keys(true, false)}));
  EXPECT_FALSE(stays({{}, {}, keys(false, false)}));
  EXPECT_FALSE(stays({{}, {}})) << "of the last one nothing is known";
  EXPECT_FALSE(stays({{}, {}, {}}, [](std::string_view, model::endpoint) { return false; }));
}

names order(const model::outcome<std::vector<ranked_candidate>>& found) {
  if (!found) return {"error: " + found.error().message};
  names order;
  for (const auto& one : *found) order.push_back(one.what.name());
  return order;
}

TEST(rank, healthy_ones_keep_the_order_of_the_chain) {
  const auto found = ranked(chain(three), {{}, {}, {}});
  EXPECT_EQ(order(found), three);
  EXPECT_EQ((*found)[0].reason, "first of the chain");
  EXPECT_EQ((*found)[2].reason, "number 3 of the chain");
  for (const auto& one : *found) EXPECT_EQ(one.where, standing::usable);
}

TEST(rank, health_that_is_not_given_is_good) {
  EXPECT_EQ(order(ranked(chain(three), {})), three);
}

struct health_case {
  std::string_view claim;
  std::vector<candidate_health> health;
  std::vector<int> order;
};

TEST(rank, usable_then_probing_then_down) {
  const health_case cases[] = {
      {"an open breaker goes last", {state(breaker::open), {}, {}}, {1, 2, 0}},
      {"a half-open one stands between", {state(breaker::half_open), state(breaker::open), {}}, {2, 0, 1}},
      {"exhausted keys are down", {keys(true, false), {}, {}}, {1, 2, 0}},
      {"down ones keep their order", {state(breaker::open), keys(true, false), {}}, {2, 0, 1}},
      {"all down is still an order", {state(breaker::open), state(breaker::open), state(breaker::open)}, {0, 1, 2}},
      {"no key at all drops", {keys(false, false), {}, {}}, {1, 2}},
      {"more than 10 points below moves back", {rate(0.80), rate(0.95), rate(0.5)}, {1, 0, 2}},
      {"exactly 10 points do not", {rate(0.85), rate(0.95), rate(0.95)}, {0, 1, 2}},
      {"4 samples say nothing of a bad one", {rate(0.0, 4), rate(1.0), rate(1.0)}, {0, 1, 2}},
      {"5 samples do", {rate(0.0, 5), rate(1.0), rate(1.0)}, {1, 2, 0}},
      {"4 samples say nothing of a good one", {rate(0.5), rate(1.0, 4), rate(1.0, 4)}, {0, 1, 2}},
      {"each moves behind those clearly healthier only", {rate(0.80), rate(0.86), rate(0.95)}, {1, 2, 0}},
      {"a usable one is not overtaken by a probing one's rate",
       {rate(0.2), {breaker::half_open, 1.0, 100, true, true}, {breaker::open, 1.0, 100, true, true}},
       {0, 1, 2}},
  };
  for (const auto& one : cases) {
    names expected;
    for (const int i : one.order) expected.push_back(three[static_cast<std::size_t>(i)]);
    EXPECT_EQ(order(ranked(chain(three), one.health)), expected) << one.claim;
  }
}

TEST(rank, reasons_are_in_words) {
  auto found = ranked(chain(three), {rate(0.62), rate(0.98), state(breaker::open)});
  EXPECT_EQ((*found)[0].reason, "number 2 of the chain");
  EXPECT_EQ((*found)[1].reason, "success rate 62 % against 98 % of mistral/mistral-small-latest");
  EXPECT_EQ((*found)[2].reason, "its breaker is open after repeated failures");
  found = ranked(chain(three), {keys(true, false), state(breaker::half_open), {}});
  EXPECT_EQ((*found)[1].reason, "its breaker is half-open, one request may try");
  EXPECT_EQ((*found)[2].reason, "every key is exhausted or resting");
  EXPECT_EQ(standing_name(standing::usable), "usable");
  EXPECT_EQ(standing_name(standing::probing), "probing");
  EXPECT_EQ(standing_name(standing::down), "down");
}

TEST(rank, without_any_key_it_says_whose_key_is_missing) {
  const auto found = ranked(chain(three), {keys(false, false), keys(false, false), keys(false, false)});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, model::api_errc::no_available_key);
  EXPECT_EQ(found.error().message,
            "There is no provider key for openai, mistral, groq: add one with POST /api/v1/integrations or "
            "`spidergate provider add openai`.");
}

TEST(rank, a_self_hosted_provider_needs_no_key) {
  const auto found = ranked(chain({"my-vllm/qwen3"}), {keys(false, false)});
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)[0].where, standing::usable);
  EXPECT_EQ((*ranked(chain({"my-vllm/qwen3"}), {keys(true, false)}))[0].where, standing::down);
}

struct ability_case {
  std::string_view claim;
  names chain;
  model::endpoint kind;
  model::request_needs needs;
  names order;  ///< empty: unsupported_by_model
};

TEST(rank, drops_what_the_catalogue_knows_to_be_unable) {
  using model::endpoint;
  const ability_case cases[] = {
      {"images", three, endpoint::chat, {.images = true}, {"openai/gpt-4o", "mistral/mistral-small-latest"}},
      {"audio", {"openai/gpt-4o", "openai/gpt-audio"}, endpoint::chat, {.audio = true}, {"openai/gpt-audio"}},
      {"tools", {"perplexity/sonar", "openai/gpt-4o"}, endpoint::chat, {.tools = true}, {"openai/gpt-4o"}},
      {"nobody", {"groq/llama-3.3-70b-versatile"}, endpoint::chat, {.images = true}, {}},
      {"embeddings",
       {"openai/gpt-4o", "openai/text-embedding-3-small"},
       endpoint::embeddings,
       {},
       {"openai/text-embedding-3-small"}},
      {"a chat model for embeddings", {"openai/gpt-4o"}, endpoint::embeddings, {}, {}},
      {"an embedding model for chat", {"openai/text-embedding-3-small"}, endpoint::chat, {}, {}},
      {"legacy completions", {"openai/gpt-4o"}, endpoint::completions, {}, {"openai/gpt-4o"}},
      {"moderations",
       {"openai/omni-moderation-latest", "groq/llama-3.3-70b-versatile"},
       endpoint::moderations,
       {},
       {"openai/omni-moderation-latest"}},
      {"responses only", {"openai/gpt-5.5-pro", "openai/gpt-4o"}, endpoint::chat, {}, {"openai/gpt-4o"}},
      {"an unknown model may do anything",
       {"groq/brand-new"},
       endpoint::chat,
       {true, true, true, true, true},
       {"groq/brand-new"}},
      {"but not at an endpoint that is not there", {"groq/brand-new"}, endpoint::embeddings, {}, {}},
      {"an own server may have any endpoint", {"my-vllm/new"}, endpoint::moderations, {}, {"my-vllm/new"}},
      {"an own model may do anything",
       {"my-vllm/qwen3"},
       endpoint::chat,
       {true, true, true, true, true},
       {"my-vllm/qwen3"}},
      {"where a list names only what is possible, silence is not no",
       {"ollama/llama3.1"},
       endpoint::chat,
       {.tools = true},
       {"ollama/llama3.1"}},
  };
  for (const auto& one : cases) {
    model::inference_request asked;
    asked.kind = one.kind;
    asked.needs = one.needs;
    const auto found = ranked(chain(one.chain), {}, asked);
    if (one.order.empty()) {
      ASSERT_FALSE(found) << one.claim;
      EXPECT_EQ(found.error().code, model::api_errc::unsupported_by_model) << one.claim;
      EXPECT_EQ(found.error().param, "model");
    } else {
      EXPECT_EQ(order(found), one.order) << one.claim;
    }
  }
}

TEST(rank, what_is_only_not_stated_moves_behind_what_is) {
  model::inference_request asked;
  asked.needs.json_schema = true;
  const names two = {"groq/llama-3.3-70b-versatile", "openai/gpt-4o"};
  ASSERT_FALSE(data().find_model("groq", "llama-3.3-70b-versatile")->json_schema);
  auto found = ranked(chain(two), {rate(1.0), rate(0.5)}, asked);
  EXPECT_EQ(order(found), (names{"openai/gpt-4o", "groq/llama-3.3-70b-versatile"})) << "health does not outweigh it";
  EXPECT_EQ((*found)[1].reason, "is not said to follow a JSON schema");
  found = ranked(chain(two), {{}, state(breaker::open)}, asked);
  EXPECT_EQ(order(found), two) << "a usable one that may be able is better than one that is down";
  EXPECT_EQ(order(ranked(chain({"groq/llama-3.3-70b-versatile"}), {}, asked)), names{"groq/llama-3.3-70b-versatile"});
}

TEST(rank, names_why_nobody_can) {
  model::inference_request asked;
  asked.needs.images = true;
  auto found = ranked(chain({"groq/llama-3.3-70b-versatile"}), {}, asked);
  EXPECT_EQ(found.error().message,
            "No candidate can serve this request: 'groq/llama-3.3-70b-versatile' takes no images.");
  found = ranked(chain({"groq/llama-3.3-70b-versatile", "groq/llama-3.1-8b-instant", "deepseek/deepseek-v4-flash"}), {},
                 asked);
  EXPECT_NE(found.error().message.find("takes no images, and none of the 2 others can."), std::string::npos);
}

TEST(rank, candidates_of_dialects_that_are_not_spoken_are_dropped) {
  const auto mixed = chain({"anthropic/claude-sonnet-5", "groq/llama-3.3-70b-versatile"});
  EXPECT_EQ(order(rank(mixed, {}, {}, openai_only)), names{"groq/llama-3.3-70b-versatile"});
  const auto found = rank(chain({"anthropic/claude-sonnet-5"}), {}, {}, openai_only);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, model::api_errc::unsupported_by_model);
  EXPECT_NE(found.error().message.find("dialect 'anthropic'"), std::string::npos);
}

TEST(rank, a_dialect_serves_what_it_has_and_nothing_else) {
  const auto mixed = chain({"anthropic/claude-sonnet-5", "openai/gpt-4o"});
  EXPECT_EQ(order(rank(mixed, {}, {}, chat_only)).size(), 2u);
  model::inference_request asked;
  asked.kind = model::endpoint::completions;
  EXPECT_EQ(order(rank(mixed, {}, asked, chat_only)), names{"openai/gpt-4o"});
  const auto found = rank(chain({"anthropic/claude-sonnet-5"}), {}, asked, chat_only);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("does not serve completions here"), std::string::npos) << found.error().message;
}

TEST(rank, each_mode_is_asked_at_its_own_endpoint) {
  for (const auto& entry : data().models()) {
    model::inference_request asked;
    asked.kind = endpoint_for(entry.mode);
    const bool apart = entry.api != catalogue::own_endpoint::none;
    const auto found = ranked(chain({entry.provider + "/" + entry.id}), {}, asked);
    EXPECT_TRUE(found.has_value() || apart) << entry.provider << "/" << entry.id << ": " << found.error().message;
    asked.kind = entry.mode == catalogue::mode::rerank ? model::endpoint::images : model::endpoint::rerank;
    EXPECT_FALSE(ranked(chain({entry.provider + "/" + entry.id}), {}, asked)) << entry.provider << "/" << entry.id;
  }
}

TEST(rank, a_model_may_speak_another_dialect_than_its_provider) {
  const catalogue::model_entry* foreign = nullptr;
  for (const auto& entry : data().models())
    if (entry.provider == "opencode-zen" && entry.dialect == "anthropic") foreign = &entry;
  ASSERT_NE(foreign, nullptr);
  EXPECT_FALSE(rank(chain({"opencode-zen/" + foreign->id}), {}, {}, openai_only));
}

TEST(rank, an_inability_is_told_before_a_missing_key) {
  model::inference_request asked;
  asked.needs.images = true;
  const auto found = ranked(chain({"groq/llama-3.3-70b-versatile"}), {keys(false, false)}, asked);
  EXPECT_EQ(found.error().code, model::api_errc::unsupported_by_model);
  const auto mixed = ranked(chain({"groq/llama-3.3-70b-versatile", "openai/gpt-4o"}), {{}, keys(false, false)}, asked);
  EXPECT_EQ(mixed.error().code, model::api_errc::no_available_key);
}

TEST(rank, is_the_same_every_time) {
  const std::vector<candidate_health> health = {rate(0.7), rate(0.75), rate(0.9)};
  const auto once = order(ranked(chain(three), health));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(order(ranked(chain(three), health)), once);
}

}  // namespace
}  // namespace spidergate::router
