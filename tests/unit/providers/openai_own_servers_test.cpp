// What servers that people run themselves say otherwise than OpenAI: vLLM, SGLang, TGI, llama.cpp, LM Studio, LocalAI,
// Xinference.
#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;

struct heard {
  std::string text, reasoning, finish;
  std::vector<std::string> calls;
  int usages = 0;
  stream_facts facts;
  bool complete = false;
};

/// What a client's simple loop makes of the stream: it takes choices[0].delta of every chunk that has choices.
heard listen(const std::string& stream) {
  const asked q(chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  const auto decoder = openai_dialect().open_stream(about(q), "text/event-stream");
  std::string out;
  EXPECT_TRUE(decoder->feed(stream, out));
  heard h;
  h.complete = decoder->end(out);
  h.facts = decoder->facts();
  for (std::size_t at = 0; at < out.size();) {
    const auto end = out.find("\n\n", at);
    const json chunk = json::parse(out.substr(at + 6, end - at - 6));
    at = end + 2;
    h.usages += chunk.contains("usage") && chunk["usage"].is_object() ? 1 : 0;
    if (chunk["choices"].empty()) continue;
    const auto& choice = chunk["choices"][0];
    const auto& delta = choice.at("delta");
    if (delta.contains("content") && delta["content"].is_string()) h.text += delta["content"];
    for (const auto* name : {"reasoning", "reasoning_content"})
      if (delta.contains(name) && delta[name].is_string()) h.reasoning += delta[name];
    for (const auto& call : delta.value("tool_calls", json::array()))
      h.calls.push_back(call.at("index").dump() + (call.contains("id") ? " id" : "") + " " +
                        call.at("function").value("arguments", ""));
    if (choice.contains("finish_reason") && choice["finish_reason"].is_string()) h.finish = choice["finish_reason"];
  }
  return h;
}

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}
std::string chunk(const std::string& choice, const std::string& more = {}) {
  return event(R"({"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[)" + choice + "]" +
               more + "}");
}
const std::string done = "data: [DONE]\n\n";

TEST(own_servers, vllm_thinks_under_its_own_name_and_stops_with_a_reason_of_its_own) {
  const auto h = listen(
      chunk(R"({"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null})") +
      chunk(R"({"index":0,"delta":{"reasoning":"hm"},"finish_reason":null})") +
      chunk(R"({"index":0,"delta":{"content":"a"},"finish_reason":"stop","stop_reason":151643,"token_ids":null})") +
      chunk("", R"(,"usage":{"prompt_tokens":3,"total_tokens":5,"completion_tokens":2})") + done);
  EXPECT_EQ(h.reasoning, "hm");
  EXPECT_EQ(h.text, "a");
  EXPECT_EQ(h.usages, 1);
  EXPECT_TRUE(h.complete);
}

TEST(own_servers, localai_says_empty_finish_reasons_and_counts_zero_in_every_chunk) {
  const std::string zeros = R"(,"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0})";
  const auto h = listen(chunk(R"({"index":0,"finish_reason":"","delta":{"role":"assistant","content":""}})", zeros) +
                        chunk(R"({"index":0,"finish_reason":"","delta":{"content":"a"}})", zeros) +
                        chunk(R"({"index":0,"finish_reason":"stop","delta":{"content":""}})",
                              R"(,"usage":{"prompt_tokens":4,"completion_tokens":1,"total_tokens":5})") +
                        done);
  EXPECT_EQ(h.text, "a");
  EXPECT_EQ(h.usages, 1);
  EXPECT_EQ(h.facts.usage->prompt, 4);
}

TEST(own_servers, llamacpp_tells_its_timings_beside_the_usage) {
  const auto h = listen(
      chunk(R"({"index":0,"finish_reason":null,"delta":{"role":"assistant","content":null}})") +
      chunk(R"({"index":0,"finish_reason":null,"delta":{"content":"a"}})") +
      chunk(R"({"index":0,"finish_reason":"stop","delta":{}})") +
      chunk("", R"(,"usage":{"completion_tokens":1,"prompt_tokens":9,"total_tokens":10},"timings":{"prompt_n":9})") +
      done);
  EXPECT_EQ(h.text, "a");
  EXPECT_EQ(h.usages, 1);
}

TEST(own_servers, tgi_and_xinference_send_whole_calls_without_index_or_as_objects) {
  const auto h = listen(
      chunk(
          R"({"index":0,"delta":{"role":"assistant","tool_calls":[{"id":"","type":"function","function":{"name":"f","arguments":{"a":1}}},{"id":"","type":"function","function":{"name":"g","arguments":"{}"}}]},"finish_reason":"tool_calls"})") +
      done);
  EXPECT_EQ(h.calls, (std::vector<std::string>{R"(0 id {"a":1})", "1 id {}"}));
  EXPECT_EQ(h.finish, "tool_calls");
}

TEST(own_servers, errors_in_the_stream_are_seen_in_every_shape) {
  const auto start = chunk(R"({"index":0,"delta":{"content":"a"},"finish_reason":null})");
  struct {
    const char* who;
    std::string event;
    error_class kind;
  } const cases[]{
      {"vllm",
       event(
           R"({"error":{"message":"This model's maximum context length is 10 tokens.","type":"BadRequestError","param":null,"code":400}})"),
       error_class::context_length},
      {"vllm, older", event(R"({"object":"error","message":"no","type":"BadRequestError","param":null,"code":400})"),
       error_class::request_fault},
      {"tgi", event(R"({"error":"Model is overloaded","error_type":"overloaded"})"), error_class::overloaded},
      {"lmstudio",
       "event: error\n" +
           event(
               R"({"error":{"message":"Trying to keep the first 9 tokens when context the overflows. exceeds the context"}})"),
       error_class::context_length},
      {"llamacpp", "error: {}\n\n" + event(R"({"error":{"code":500,"message":"slot failed","type":"server_error"}})"),
       error_class::overloaded},
  };
  for (const auto& c : cases) {
    const auto h = listen(start + c.event + start + done);
    ASSERT_TRUE(h.facts.error) << c.who;
    EXPECT_EQ(h.facts.error->kind, c.kind) << c.who << ": " << h.facts.error->message;
    EXPECT_FALSE(h.complete) << c.who;
  }
}

TEST(own_servers, sglang_and_lmstudio_answer_whole_with_members_of_their_own) {
  const asked q(chat_body());
  for (
      std::string body :
      {std::string(
           R"({"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"a","reasoning_content":null,"tool_calls":null},"logprobs":null,"finish_reason":"stop","matched_stop":2}],"usage":{"prompt_tokens":3,"total_tokens":5,"completion_tokens":2,"prompt_tokens_details":null},"metadata":{"weight_version":"default"}})"),
       std::string(
           R"({"id":"x","object":"chat.completion","choices":[{"index":0,"logprobs":null,"finish_reason":"stop","message":{"role":"assistant","content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},"stats":{"tokens_per_second":9.5},"model_info":{},"runtime":{}})")}) {
    const auto said = body;
    const std::size_t size = body.size();
    body.append(64, '\0');
    auto answer =
        final_of(openai_dialect().decode(about(q), "application/json", std::string_view(body).substr(0, size)));
    EXPECT_EQ(joined(answer.body), said);
    EXPECT_EQ(answer.facts.usage->total(), 5);
  }
}

}  // namespace
}  // namespace spidergate::providers
