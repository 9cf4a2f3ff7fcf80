#include "asked.hpp"
#include "chat/answer.hpp"

#include <spidergate/json/reader.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers::chat {
namespace {

using tree = nlohmann::json;

answer_input input(const asked& q) {
  auto in = about(q);
  in.now = 5'000;
  return in;
}

tree written(const answer& said, const asked& q) {
  return tree::parse(joined(to_client(said, input(q)).body));
}

answer with_text(std::string text) {
  answer said;
  said.choices.push_back({.content_json = std::move(text)});
  return said;
}

TEST(chat_answer, is_a_chat_completion) {
  auto said = with_text(R"(a \"b\")");
  said.id_json = "x1";
  said.created = 7;
  said.model_json = "big";
  said.usage = model::usage{.prompt = 3, .completion = 4};
  const asked q(chat_body());
  EXPECT_EQ(written(said, q), tree::parse(R"({"id":"x1","object":"chat.completion","created":7,"model":"big","choices":[
    {"index":0,"message":{"role":"assistant","content":"a \"b\"","refusal":null},"logprobs":null,"finish_reason":"stop"}],
    "usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})"));
  const auto facts = to_client(said, input(q)).facts;
  EXPECT_EQ(facts.text_bytes, 5);
  EXPECT_EQ(facts.usage->prompt, 3);
}

TEST(chat_answer, makes_up_what_the_provider_does_not_say) {
  answer said;
  said.choices.push_back({.calls = {{.name_json = "f"}, {.name_json = "f", .arguments_json = R"({\"a\":1})"}}});
  const asked q(chat_body());
  const auto out = written(said, q);
  EXPECT_EQ(out["id"], "chatcmpl-1");
  EXPECT_EQ(out["created"], 5);
  EXPECT_EQ(out["model"], "m");
  const auto& message = out["choices"][0]["message"];
  EXPECT_TRUE(message["content"].is_null());
  EXPECT_EQ(message["tool_calls"][0]["function"]["arguments"], "{}");
  EXPECT_EQ(message["tool_calls"][1]["function"]["arguments"], R"({"a":1})");
  EXPECT_NE(message["tool_calls"][0]["id"], message["tool_calls"][1]["id"]);
  EXPECT_EQ(out["choices"][0]["finish_reason"], "tool_calls");
  EXPECT_EQ(out["usage"]["prompt_tokens"], q.request.estimated_prompt_tokens);
  EXPECT_EQ(out["usage"]["estimated"], true);
  EXPECT_FALSE(to_client(said, input(q)).facts.usage.has_value());
}

TEST(chat_answer, gives_a_client_of_functions_its_function_call) {
  answer said;
  said.choices.push_back({.calls = {{.id_json = "c", .name_json = "f"}}});
  const auto out = written(said, asked(chat_body(R"(,"functions":[{"name":"f"}])")));
  EXPECT_EQ(out["choices"][0]["message"]["function_call"], tree::parse(R"({"name":"f","arguments":"{}"})"));
  EXPECT_FALSE(out["choices"][0]["message"].contains("tool_calls"));
  EXPECT_EQ(out["choices"][0]["finish_reason"], "function_call");
}

TEST(chat_answer, carries_reasoning_annotations_and_extras) {
  answer said;
  answer_choice c;
  c.content_json = "t";
  c.reasoning_json = "r";
  c.reasoning_details = {reasoning_text("r", "sig", "anthropic-claude-v1", 0),
                         reasoning_encrypted("data", "", "google-gemini-v1", 1)};
  c.annotations = {R"({"type":"url_citation"})"};
  c.images = "[1]";
  c.audio = R"({"id":"a"})";
  c.logprobs = R"({"content":[]})";
  c.extra = R"(,"more":1)";
  c.how = finish::length;
  c.native_finish = "MAX \"TOKENS\"";
  said.choices.push_back(c);
  said.extra = R"(,"citations":["x"])";
  const auto out = written(said, asked(chat_body()));
  EXPECT_EQ(out["citations"], tree({"x"}));
  EXPECT_EQ(out["choices"][0], tree::parse(R"({"index":0,"message":{"role":"assistant","content":"t","refusal":null,
    "reasoning_content":"r","reasoning_details":[
      {"type":"reasoning.text","text":"r","signature":"sig","format":"anthropic-claude-v1","index":0},
      {"type":"reasoning.encrypted","data":"data","format":"google-gemini-v1","index":1}],
    "annotations":[{"type":"url_citation"}],"images":[1],"audio":{"id":"a"},"more":1},
    "logprobs":{"content":[]},"finish_reason":"length","native_finish_reason":"MAX \"TOKENS\""})"));
}

TEST(usage_text, has_details_where_they_are_not_zero) {
  std::string out = "{";
  append_usage(out, {.prompt = 10, .cached = 4, .cache_written = 2, .completion = 5, .reasoning = 3});
  EXPECT_EQ(tree::parse(out + "}"), tree::parse(R"({"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,
    "prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":3}}})"));
}

TEST(usage_figures, believe_only_counts) {
  const std::string text = R"([5,0,null,-1,1.5,"7",1000000001])" + std::string(64, '\0');
  json::reader reader;
  ASSERT_TRUE(reader.read(std::string_view(text).substr(0, text.size() - 64)));
  std::size_t index = 0;
  for (const auto v : reader.root().elements()) {
    usage_figures figures;
    const auto read = figures.read(v, 9);
    EXPECT_EQ(read, index == 0 ? 5 : index == 1 ? 0 : 9);
    EXPECT_EQ(figures.impossible(), index > 2) << index;
    ++index;
  }
}

/// The chunks of a stream's text.
std::vector<tree> chunks(const std::string& out) {
  std::vector<tree> all;
  for (std::size_t at = 0; at < out.size();) {
    EXPECT_EQ(out.substr(at, 6), "data: ");
    const auto end = out.find("\n\n", at);
    const auto line = out.substr(at + 6, end - at - 6);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    all.push_back(tree::parse(line));
    at = end + 2;
  }
  return all;
}

TEST(chunk_writer, begins_with_the_role_and_ends_with_a_reason) {
  const asked q(chat_body(R"(,"stream":true)"));
  chunk_writer writer(input(q));
  std::string out;
  writer.identify("x1", "big", 7);
  writer.content(out, "");
  EXPECT_EQ(out, "");
  writer.content(out, "a");
  writer.content(out, R"(\u00e9)");
  writer.finished(out, finish::stop, "end_turn");
  writer.finished(out, finish::length);
  EXPECT_TRUE(writer.end(out));
  const auto all = chunks(out);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0], tree::parse(R"({"id":"x1","object":"chat.completion.chunk","created":7,"model":"big",
    "choices":[{"index":0,"delta":{"role":"assistant","content":"a"},"finish_reason":null}]})"));
  EXPECT_EQ(all[1]["choices"][0]["delta"], tree::parse(R"({"content":"\u00e9"})"));
  EXPECT_EQ(all[2]["choices"][0],
            tree::parse(R"({"index":0,"delta":{},"finish_reason":"stop","native_finish_reason":"end_turn"})"));
  EXPECT_TRUE(writer.facts().content_seen && writer.facts().finished);
  EXPECT_EQ(writer.facts().content_bytes, 3);
}

TEST(chunk_writer, sends_usage_once_to_those_who_asked) {
  const asked q(chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  for (const bool said : {true, false}) {
    chunk_writer writer(input(q));
    std::string out;
    writer.content(out, "abcdefgh");
    writer.finished(out, finish::stop);
    if (said) writer.used({.prompt = 2, .completion = 3});
    EXPECT_TRUE(writer.end(out));
    EXPECT_TRUE(writer.end(out));
    const auto all = chunks(out);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[2]["choices"], tree::array());
    EXPECT_EQ(all[2]["usage"]["completion_tokens"], said ? 3 : 2);
    EXPECT_EQ(all[2]["usage"].contains("estimated"), !said);
  }
}

TEST(chunk_writer, numbers_calls_and_invents_their_ids) {
  const asked q(chat_body(R"(,"stream":true)"));
  chunk_writer writer(input(q));
  std::string out;
  EXPECT_EQ(writer.call(out, "c1", "f"), 0);
  writer.arguments(out, 0, R"({\"a\":)");
  writer.arguments(out, 0, "1}");
  EXPECT_EQ(writer.call(out, "", "g"), 1);
  EXPECT_TRUE(writer.has_calls());
  EXPECT_FALSE(writer.has_calls(1));
  writer.finished(out, finish::stop);
  const auto all = chunks(out);
  EXPECT_EQ(all[0]["choices"][0]["delta"]["tool_calls"],
            tree::parse(R"([{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}])"));
  EXPECT_EQ(all[1]["choices"][0]["delta"]["tool_calls"],
            tree::parse(R"([{"index":0,"function":{"arguments":"{\"a\":"}}])"));
  EXPECT_EQ(all[3]["choices"][0]["delta"]["tool_calls"][0]["id"].get<std::string>().substr(0, 5), "call_");
  EXPECT_EQ(all[4]["choices"][0]["finish_reason"], "tool_calls");
  EXPECT_EQ(writer.facts().content_bytes, 9);
}

TEST(chunk_writer, gives_a_client_of_functions_its_function_call) {
  const asked q(chat_body(R"(,"stream":true,"functions":[{"name":"f"}])"));
  chunk_writer writer(input(q));
  std::string out;
  writer.arguments(out, writer.call(out, "c1", "f"), "{}");
  writer.finished(out, finish::tool_calls);
  const auto all = chunks(out);
  EXPECT_EQ(all[0]["choices"][0]["delta"]["function_call"], tree::parse(R"({"name":"f","arguments":""})"));
  EXPECT_EQ(all[1]["choices"][0]["delta"]["function_call"], tree::parse(R"({"arguments":"{}"})"));
  EXPECT_EQ(all[2]["choices"][0]["finish_reason"], "function_call");
}

TEST(chunk_writer, keeps_raw_members_on_one_line) {
  const asked q(chat_body(R"(,"stream":true)"));
  chunk_writer writer(input(q));
  std::string out;
  writer.reasoning(out, "r");
  writer.reasoning_detail(out, "{\"a\":\r\n1}");
  writer.annotation(out, "{\n}");
  writer.extra(out, ",\"x\":\n1", 4);
  writer.logprobs(out, "{\n}");
  writer.last_extra(",\"citations\":\n[]");
  writer.finished(out, finish::content_filter);
  const auto all = chunks(out);
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all[3]["choices"][0]["delta"]["x"], 1);
  EXPECT_EQ(all[4]["choices"][0]["logprobs"], tree::object());
  EXPECT_EQ(all[5]["citations"], tree::array());
  EXPECT_EQ(all[5]["choices"][0]["finish_reason"], "content_filter");
  EXPECT_EQ(writer.facts().content_bytes, 5);
}

TEST(chunk_writer, is_complete_only_with_a_finish_or_an_end_mark_and_no_error) {
  const asked q(chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  std::string out;
  chunk_writer cut(input(q));
  cut.content(out, "a");
  EXPECT_FALSE(cut.end(out));
  chunk_writer two(input(q));
  two.finished(out, finish::stop, {}, 0);
  two.content(out, "b", 1);
  EXPECT_FALSE(two.end(out));
  chunk_writer failed(input(q));
  failed.finished(out, finish::stop);
  failed.failed({.message = "no"});
  const auto size = out.size();
  EXPECT_FALSE(failed.end(out));
  EXPECT_EQ(out.size(), size);
  chunk_writer marked(input(q));
  marked.done();
  EXPECT_TRUE(marked.end(out));
}

TEST(chunk_writer, bounds_the_number_of_choices) {
  const asked q(chat_body(R"(,"stream":true)"));
  chunk_writer writer(input(q));
  std::string out;
  for (std::int64_t i = 0; i < 1000; ++i) writer.content(out, "a", i);
  EXPECT_EQ(chunks(out).back()["choices"][0]["index"], 127);
}

}  // namespace
}  // namespace spidergate::providers::chat
