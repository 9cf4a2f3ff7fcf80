#include "asked.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;
using model::endpoint;

const dialect& ollama() {
  return *find_dialect("ollama");
}

struct outcome {
  json body;
  std::string target;
  std::vector<std::string> dropped;
  std::string refused;  ///< the parameter
};

outcome encode(const asked& q, std::string_view base = "/v1", std::optional<std::int64_t> clamp = {}) {
  catalogue::provider who;
  who.id = "ollama";
  who.name = "Ollama";
  const credential secret;
  const auto wire = ollama().encode({.asked = q.request,
                                     .provider = who,
                                     .base_path = base,
                                     .model = "served",
                                     .secret = secret,
                                     .forwarded_headers = {},
                                     .clamped_max_tokens = clamp});
  if (!wire) return {{}, {}, {}, wire.error().param};
  return {json::parse(joined(wire->body)), wire->target, wire->dropped_params, {}};
}

TEST(ollama_request, stands_beside_the_openai_like_api) {
  EXPECT_EQ(encode(asked(chat_body())).target, "/api/chat");
  EXPECT_EQ(encode(asked(chat_body()), "").target, "/api/chat");
  EXPECT_EQ(encode(asked(chat_body()), "/llm").target, "/llm/api/chat");
  EXPECT_EQ(encode(asked(R"({"model":"m","input":"a"})", endpoint::embeddings)).target, "/api/embed");
}

TEST(ollama_request, carries_options_thinking_and_formats) {
  const auto sent = encode(asked(chat_body(
      R"(,"temperature":0.5,"max_tokens":9,"stop":"x","seed":3,"reasoning_effort":"low","response_format":{"type":"json_object"})")));
  EXPECT_EQ(sent.body["options"], json::parse(R"({"temperature":0.5,"seed":3,"num_predict":9,"stop":["x"]})"));
  EXPECT_EQ(sent.body["think"], "low");
  EXPECT_EQ(sent.body["format"], "json");
  EXPECT_EQ(sent.body["stream"], false);
  EXPECT_EQ(sent.body["model"], "served");
  const auto schema = encode(asked(chat_body(
      R"(,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},"reasoning":{"enabled":false})")));
  EXPECT_EQ(schema.body["format"], json::parse(R"({"type":"object"})"));
  EXPECT_EQ(schema.body["think"], false);
  EXPECT_EQ(encode(asked(chat_body()), "", 77).body["options"]["num_predict"], 77);
}

TEST(ollama_request, carries_images_calls_and_results) {
  const auto sent = encode(asked(R"({"model":"m","messages":[
    {"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
    {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
      {"id":"c2","type":"function","function":{"name":"g","arguments":"broken"}}]},
    {"role":"tool","tool_call_id":"c1","content":"one"}],"tools":[{"type":"function","function":{"name":"f"}}]})"));
  const auto& messages = sent.body.at("messages");
  EXPECT_EQ(messages[0]["content"], "look");
  EXPECT_EQ(messages[0]["images"], json({"AAAA"}));
  EXPECT_EQ(messages[1]["tool_calls"][0]["function"], json::parse(R"({"name":"f","arguments":{"a":1}})"));
  EXPECT_EQ(messages[1]["tool_calls"][1]["function"]["arguments"], json::object());
  EXPECT_EQ(messages[2]["tool_name"], "f");
  EXPECT_EQ(sent.body["tools"][0]["function"]["parameters"]["type"], "object");
}

TEST(ollama_request, refuses_what_would_be_another_question_and_lists_the_rest) {
  EXPECT_EQ(encode(asked(R"({"model":"m","messages":[{"role":"user","content":[
    {"type":"image_url","image_url":{"url":"https://a/b.png"}}]}]})"))
                .refused,
            "messages[0].content[0].image_url");
  EXPECT_EQ(
      encode(asked(chat_body(R"(,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required")")))
          .refused,
      "tool_choice");
  EXPECT_EQ(encode(asked(chat_body(R"(,"n":2)"))).refused, "n");
  EXPECT_EQ(encode(asked(R"({"model":"m","input":[[1,2]]})", endpoint::embeddings)).refused, "input");
  EXPECT_EQ(encode(asked(chat_body(R"(,"logit_bias":{"1":2},"store":true)"))).dropped,
            (std::vector<std::string>{"logit_bias", "store"}));
}

json decode(const asked& q, std::string body) {
  const auto size = body.size();
  body.append(64, '\0');
  const auto answer = final_of(ollama().decode(about(q), "application/json", std::string_view(body).substr(0, size)));
  return json::parse(joined(answer.body));
}

TEST(ollama_response, becomes_a_completion) {
  const auto got =
      decode(asked(chat_body()), R"({"model":"x","message":{"role":"assistant","content":"hi","thinking":"hm",
    "tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":4})");
  const auto& choice = got.at("choices")[0];
  EXPECT_EQ(choice["message"]["content"], "hi");
  EXPECT_EQ(choice["message"]["reasoning_content"], "hm");
  EXPECT_EQ(choice["message"]["tool_calls"][0]["function"]["arguments"], R"({"a":1})");
  EXPECT_FALSE(choice["message"]["tool_calls"][0]["id"].get<std::string>().empty());
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  EXPECT_EQ(got["usage"]["total_tokens"], 7);
  EXPECT_EQ(got["model"], "x");
}

TEST(ollama_response, gives_vectors_as_they_are_asked_for) {
  const std::string body = R"({"model":"x","embeddings":[[1.0,-2.5]],"prompt_eval_count":2})";
  const auto floats = decode(asked(R"({"model":"m","input":"a"})", endpoint::embeddings), body);
  EXPECT_EQ(floats["data"][0]["embedding"], json::parse("[1.0,-2.5]"));
  EXPECT_EQ(floats["usage"]["prompt_tokens"], 2);
  const auto base64 =
      decode(asked(R"({"model":"m","input":"a","encoding_format":"base64"})", endpoint::embeddings), body);
  EXPECT_EQ(base64["data"][0]["embedding"], "AACAPwAAIMA=");
}

TEST(ollama_stream, ends_with_what_the_last_line_says) {
  const asked q(chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  const auto in = about(q);
  const auto decoder = ollama().open_stream(in, "application/x-ndjson");
  std::string out;
  EXPECT_TRUE(
      decoder->feed("{\"message\":{\"content\":\"he\"},\"done\":false}\n{\"message\":{\"content\":\"y\"},\"do", out));
  EXPECT_TRUE(
      decoder->feed("ne\":false}\r\n{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"length\","
                    "\"prompt_eval_count\":1,\"eval_count\":2}",
                    out));
  EXPECT_TRUE(decoder->end(out));
  EXPECT_TRUE(decoder->facts().finished);
  EXPECT_EQ(decoder->facts().content_bytes, 3);
  ASSERT_TRUE(decoder->facts().usage.has_value());
  EXPECT_EQ(decoder->facts().usage->completion, 2);
  EXPECT_NE(out.find(R"("finish_reason":"length")"), std::string::npos);
}

TEST(ollama_stream, is_not_complete_without_its_last_line_and_tells_errors) {
  const asked q(chat_body(R"(,"stream":true)"));
  const auto in = about(q);
  std::string out;
  const auto cut = ollama().open_stream(in, {});
  EXPECT_TRUE(cut->feed("{\"message\":{\"content\":\"he\"},\"done\":false}\n", out));
  EXPECT_FALSE(cut->end(out));
  const auto failed = ollama().open_stream(in, {});
  EXPECT_TRUE(failed->feed("{\"error\":\"model runner has unexpectedly stopped\"}\n", out));
  ASSERT_TRUE(failed->facts().error.has_value());
  EXPECT_EQ(failed->facts().error->message, "model runner has unexpectedly stopped");
  const auto broken = ollama().open_stream(in, {});
  EXPECT_FALSE(broken->feed("<html>\n", out));
  const auto endless = ollama().open_stream(in, {});
  EXPECT_FALSE(endless->feed(std::string(2 << 20, 'a'), out));
}

}  // namespace
}  // namespace spidergate::providers
