#include "media_asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;

asked conversation(const std::string& messages, const std::string& more = {}) {
  return asked(R"({"model":"m","messages":[)" + messages + "]" + more + "}");
}

json input_of(const asked& q, std::string_view model) {
  const auto s = send("replicate", q.request, model);
  EXPECT_EQ(s.refused_message, "");
  return s.body.empty() ? json() : json::parse(s.body)["input"];
}

constexpr auto lone = R"({"role":"system","content":"Be \"brief\""},{"role":"user","content":"Hi\n"})";
constexpr auto turns =
    R"({"role":"developer","content":"S"},{"role":"user","content":"A"},{"role":"assistant","content":"B"},{"role":"user","content":"C"})";

TEST(replicate_chat, says_instructions_and_length_as_each_house_calls_them) {
  const auto q = conversation(lone, R"(,"max_tokens":2000,"temperature":0.5,"user":"u")");
  EXPECT_EQ(input_of(q, "meta/llama-3-8b"),
            json::parse(R"({"prompt":"Hi\n","system_prompt":"Be \"brief\"","max_tokens":2000,"temperature":0.5})"));
  EXPECT_EQ(input_of(q, "openai/gpt-4o"),
            json::parse(
                R"({"prompt":"Hi\n","system_prompt":"Be \"brief\"","max_completion_tokens":2000,"temperature":0.5})"));
  EXPECT_EQ(input_of(q, "google/gemini-2.5-flash"),
            json::parse(
                R"({"prompt":"Hi\n","system_instruction":"Be \"brief\"","max_output_tokens":2000,"temperature":0.5})"));
  EXPECT_EQ(input_of(q, "deepseek-ai/deepseek-v3"),
            json::parse(R"({"prompt":"Be \"brief\"\n\nHi\n","max_tokens":2000,"temperature":0.5})"));
  const auto s = send("replicate", q.request, "anthropic/claude-3.5-haiku");
  EXPECT_EQ(json::parse(s.body)["input"],
            json::parse(R"({"prompt":"Hi\n","system_prompt":"Be \"brief\"","max_tokens":2000})"));
  EXPECT_EQ(s.dropped, (std::vector<std::string>{"temperature", "user"}));
  EXPECT_EQ(s.target, "/v1/models/anthropic/claude-3.5-haiku/predictions");
  EXPECT_NE(s.headers.find("prefer: wait=20\r\n"), std::string::npos);
}

TEST(replicate_chat, names_a_version_by_its_hash) {
  const auto q = conversation(lone);
  const auto s = send("replicate", q.request, "someone/model:abc123");
  EXPECT_EQ(s.target, "/v1/predictions");
  EXPECT_EQ(json::parse(s.body)["version"], "abc123");
  EXPECT_EQ(json::parse(send("replicate", q.request, "deadbeef").body)["version"], "deadbeef");
}

TEST(replicate_chat, keeps_every_turn) {
  const auto q = conversation(turns);
  EXPECT_EQ(input_of(q, "openai/gpt-4o"), json::parse(R"({"messages":[{"role":"system","content":"S"},
      {"role":"user","content":"A"},{"role":"assistant","content":"B"},{"role":"user","content":"C"}]})"));
  EXPECT_EQ(input_of(q, "meta/llama-3-8b"),
            json::parse(R"({"prompt":"User: A\n\nAssistant: B\n\nUser: C\n\nAssistant:","system_prompt":"S"})"));
}

TEST(replicate_chat, sends_images_to_models_that_see) {
  const auto q = conversation(
      R"({"role":"user","content":[{"type":"text","text":"What?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}},{"type":"image_url","image_url":{"url":"https://x/y.png"}}]})");
  EXPECT_EQ(input_of(q, "openai/gpt-4o"),
            json::parse(R"({"prompt":"What?","image_input":["data:image/png;base64,aGk=","https://x/y.png"]})"));
  EXPECT_EQ(input_of(q, "google/gemini-3-pro")["images"].size(), 2U);
  EXPECT_EQ(send("replicate", q.request, "anthropic/claude-4-sonnet").refused_param, "messages");
  EXPECT_EQ(send("replicate", q.request, "deepseek-ai/deepseek-v3").refused_param, "messages[0].content[1].image_url");
}

TEST(replicate_chat, refuses_what_would_be_another_question) {
  for (const auto* more : {R"(,"tools":[{"type":"function","function":{"name":"f"}}])", R"(,"n":2)",
                           R"(,"response_format":{"type":"json_object"})"}) {
    EXPECT_NE(send("replicate", conversation(lone, more).request, "openai/gpt-4o").refused_param, "") << more;
  }
  EXPECT_EQ(
      send("replicate", conversation(lone, R"(,"max_tokens":10)").request, "anthropic/claude-3.5-haiku").refused_param,
      "max_tokens");
  EXPECT_EQ(send("replicate", conversation(lone, R"(,"stop":["a,b"])").request, "meta/llama-3-8b").refused_param,
            "stop");
  EXPECT_EQ(input_of(conversation(lone, R"(,"stop":["a","b"])"), "meta/llama-3-8b")["stop_sequences"], "a,b");
}

TEST(replicate_chat, says_how_much_to_think) {
  const auto q = conversation(lone, R"(,"reasoning_effort":"high","max_tokens":10000)");
  EXPECT_EQ(input_of(q, "openai/gpt-5")["reasoning_effort"], "high");
  EXPECT_EQ(input_of(q, "google/gemini-2.5-flash")["thinking_budget"], 8000);
  const auto claude = input_of(q, "anthropic/claude-4-sonnet");
  EXPECT_EQ(claude["extended_thinking"], true);
  EXPECT_EQ(claude["thinking_budget_tokens"], 8000);
  EXPECT_EQ(send("replicate", q.request, "meta/llama-3-8b").dropped, std::vector<std::string>{"reasoning_effort"});
}

TEST(replicate_chat, joins_the_pieces_of_an_answer) {
  const auto q = conversation(lone, R"(,"max_tokens":5)");
  const auto a = hear(
      "replicate", q.request,
      R"({"id":"p1","status":"succeeded","output":["Hel","lo \u00e9",""],"metrics":{"input_token_count":7,"output_token_count":3}})");
  const auto said = json::parse(a.out);
  EXPECT_EQ(said["choices"][0]["message"]["content"], "Hello é");
  EXPECT_EQ(said["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(said["usage"]["total_tokens"], 10);
  EXPECT_EQ(a.facts.usage->completion, 3);
  const auto cut =
      hear("replicate", q.request,
           R"({"id":"p1","status":"succeeded","output":"x","metrics":{"input_token_count":7,"output_token_count":5}})");
  EXPECT_EQ(json::parse(cut.out)["choices"][0]["finish_reason"], "length");
  const auto uncounted = hear("replicate", q.request, R"({"id":"p1","status":"succeeded","output":"x"})");
  EXPECT_FALSE(uncounted.facts.usage);
}

TEST(replicate_chat, polls_until_there_is_an_answer) {
  const auto q = conversation(lone);
  const auto memo = send("replicate", q.request, "meta/llama-3-8b").memo;
  const auto a =
      hear("replicate", q.request, R"({"id":"p1","status":"starting","urls":{"get":"https://evil/x"}})", memo);
  ASSERT_TRUE(a.next);
  EXPECT_EQ(a.next->target, "/v1/predictions/p1");
  EXPECT_EQ(a.next->memo, "poll 1 /v1");
  EXPECT_EQ(hear("replicate", q.request, R"({"id":"p1","status":"failed","error":"NSFW content"})").error->kind,
            error_class::request_fault);
  EXPECT_EQ(hear("replicate", q.request, R"({"id":"p1","status":"canceled"})").error->message,
            "The provider's prediction ended as 'canceled'.");
  for (const auto* bad : {"{}", R"({"status":"succeeded","output":{"a":1}})", R"({"status":"succeeded","output":[1]})",
                          R"({"status":"starting","id":"../x"})", R"({"status":"succeeded"})"})
    EXPECT_TRUE(hear("replicate", q.request, bad).error) << bad;
}

}  // namespace
}  // namespace spidergate::providers
