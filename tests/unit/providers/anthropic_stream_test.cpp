#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;

/// What a client has put together at the end.
struct streamed {
  std::string content, reasoning, refusal, finish, native;
  json details = json::array(), annotations = json::array(), citations = json::array(), usage;
  std::vector<std::pair<std::string, std::string>> calls;  ///< id and name, arguments
  int chunks = 0;
  bool complete = false, fed = true;
  stream_facts facts;
};

void add(streamed& s, const json& delta) {
  s.content += delta.value("content", "");
  s.reasoning += delta.value("reasoning_content", "");
  s.refusal += delta.value("refusal", "");
  for (const auto& [name, list] : {std::pair{"reasoning_details", &s.details}, std::pair{"annotations", &s.annotations},
                                   std::pair{"citations", &s.citations}}) {
    for (const auto& one : delta.value(name, json::array())) list->push_back(one);
  }
  for (const auto& call : delta.value("tool_calls", json::array())) {
    const std::size_t index = call["index"];
    if (s.calls.size() <= index) s.calls.resize(index + 1);
    s.calls[index].first += call.value("id", "") + call["function"].value("name", "");
    s.calls[index].second += call["function"].value("arguments", "");
  }
}

std::string event(const std::string& data) {
  const auto type = json::parse(data).value("type", "");
  return "event: " + type + "\ndata: " + data + "\n\n";
}

const std::string start = event(
    R"({"type":"message_start","message":{"id":"msg_1","model":"claude-x","usage":{"input_tokens":7,"output_tokens":1}}})");
const std::string stop = event(R"({"type":"message_stop"})");
std::string finish(const std::string& reason, const std::string& usage = R"({"output_tokens":9})") {
  return event(R"({"type":"message_delta","delta":{"stop_reason":")" + reason + R"(","stop_sequence":null},"usage":)" +
               usage + "}");
}
std::string begin(int index, const std::string& block) {
  return event(R"({"type":"content_block_start","index":)" + std::to_string(index) + R"(,"content_block":)" + block +
               "}");
}
std::string delta(int index, const std::string& said) {
  return event(R"({"type":"content_block_delta","index":)" + std::to_string(index) + R"(,"delta":)" + said + "}");
}
std::string end(int index) {
  return event(R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}");
}
std::string text(int index, const std::string& literal) {
  return begin(index, R"({"type":"text","text":""})") +
         delta(index, R"({"type":"text_delta","text":")" + literal + "\"}") + end(index);
}

streamed run(const std::string& stream, std::string_view memo = {},
             const asked& q = asked(chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"))) {
  streamed s;
  std::string out;
  const auto decoder = find_dialect("anthropic")->open_stream(about(q, memo), "text/event-stream");
  s.fed = decoder->feed(stream, out);
  s.complete = decoder->end(out);
  s.facts = decoder->facts();
  std::istringstream in(out);
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const auto chunk = json::parse(line.substr(6));
    ++s.chunks;
    if (chunk.contains("usage")) s.usage = chunk["usage"];
    for (const auto& choice : chunk["choices"]) {
      add(s, choice["delta"]);
      if (choice["finish_reason"].is_string()) s.finish = choice["finish_reason"];
      s.native = choice.value("native_finish_reason", s.native);
    }
  }
  return s;
}

TEST(anthropic_stream, gives_text_end_and_figures) {
  const auto s =
      run(start + event(R"({"type":"ping"})") + text(0, "Hi \\\"é\\ud83d\\ude00") + finish("end_turn") + stop);
  EXPECT_EQ(s.content, "Hi \"é\U0001F600");
  EXPECT_EQ(s.finish, "stop");
  EXPECT_EQ(s.usage["prompt_tokens"], 7);
  EXPECT_EQ(s.usage["completion_tokens"], 9);
  EXPECT_TRUE(s.complete);
  EXPECT_TRUE(s.facts.done);
  EXPECT_EQ(s.facts.content_bytes, 10);
}

TEST(anthropic_stream, gives_parallel_calls_their_own_index) {
  const auto s =
      run(start + text(0, "a") + begin(1, R"({"type":"tool_use","id":"t1","name":"f","input":{}})") +
          delta(1, R"({"type":"input_json_delta","partial_json":""})") +
          delta(1, R"({"type":"input_json_delta","partial_json":"{\"x\""})") +
          delta(1, R"({"type":"input_json_delta","partial_json":":1}"})") + end(1) +
          begin(2, R"({"type":"tool_use","id":"t2","name":"g","input":{}})") + end(2) +
          begin(3, R"({"type":"tool_use","id":"t3","name":"h","input":{"y":2}})") + end(3) + finish("tool_use") + stop);
  ASSERT_EQ(s.calls.size(), 3u);
  EXPECT_EQ(s.calls[0], std::pair(std::string("t1f"), std::string(R"({"x":1})")));
  EXPECT_EQ(s.calls[1], std::pair(std::string("t2g"), std::string("{}")));
  EXPECT_EQ(s.calls[2], std::pair(std::string("t3h"), std::string(R"({"y":2})")));
  EXPECT_EQ(s.finish, "tool_calls");
}

TEST(anthropic_stream, gives_thinking_at_once_and_its_signature_at_its_end) {
  const std::string stream =
      start + begin(0, R"({"type":"thinking","thinking":"","signature":""})") +
      delta(0, R"({"type":"thinking_delta","thinking":"Let"})") +
      delta(0, R"({"type":"thinking_delta","thinking":" me"})") +
      delta(0, R"({"type":"signature_delta","signature":"s="})") + end(0) +
      begin(1, R"({"type":"redacted_thinking","data":"d"})") + end(1) + text(2, "a") +
      finish("end_turn", R"({"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}})") + stop;
  const auto s = run(stream);
  EXPECT_EQ(s.reasoning, "Let me");
  EXPECT_EQ(s.details, json::parse(R"([
      {"type":"reasoning.text","text":"Let me","signature":"s=","format":"anthropic-claude-v1","index":0},
      {"type":"reasoning.encrypted","data":"d","format":"anthropic-claude-v1","index":1}])"));
  EXPECT_EQ(s.usage["completion_tokens_details"]["reasoning_tokens"], 4);
  const auto hidden = run(stream, "hide;");
  EXPECT_EQ(hidden.reasoning, "");
  EXPECT_TRUE(hidden.details.empty());
  EXPECT_EQ(hidden.content, "a");
}

TEST(anthropic_stream, hands_on_thinking_that_is_too_long_to_keep) {
  std::string stream = start + begin(0, R"({"type":"thinking","thinking":"","signature":""})");
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 8; ++i) stream += delta(0, R"({"type":"thinking_delta","thinking":")" + piece + "\"}");
  stream += delta(0, R"({"type":"signature_delta","signature":"s="})") + end(0) + finish("end_turn") + stop;
  const auto s = run(stream);
  std::string kept;
  for (const auto& detail : s.details) {
    kept += detail["text"];
    EXPECT_LT(detail["text"].get<std::string>().size(), 400'000u);
  }
  EXPECT_EQ(kept.size(), 800'000u);
  EXPECT_EQ(s.details.back()["signature"], "s=");
}

TEST(anthropic_stream, places_citations_once_their_text_has_ended) {
  const auto s = run(
      start + text(0, "ab ") + begin(1, R"({"citations":[],"type":"text","text":""})") +
      delta(
          1,
          R"({"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://u","title":"T","cited_text":"c"}})") +
      delta(1, R"({"type":"text_delta","text":"cited"})") +
      delta(1, R"({"type":"citations_delta","citation":{"type":"page_location","cited_text":"p"}})") + end(1) +
      finish("end_turn") + stop);
  ASSERT_EQ(s.annotations.size(), 1u);
  EXPECT_EQ(s.annotations[0]["url_citation"]["start_index"], 3);
  EXPECT_EQ(s.annotations[0]["url_citation"]["end_index"], 8);
  EXPECT_EQ(s.citations.size(), 1u);
}

TEST(anthropic_stream, makes_the_answer_tools_arguments_the_content) {
  const std::string stream =
      start + text(0, "Here you are") + begin(1, R"({"type":"tool_use","id":"t","name":"person","input":{}})") +
      delta(1, R"({"type":"input_json_delta","partial_json":"{\"a\":1}"})") + end(1) + finish("tool_use") + stop;
  const auto s = run(stream, "tool=person;");
  EXPECT_EQ(s.content, R"({"a":1})");
  EXPECT_EQ(s.finish, "stop");
  EXPECT_TRUE(s.calls.empty());
  const auto without = run(start + text(0, "words") + finish("end_turn") + stop, "tool=person;");
  EXPECT_EQ(without.content, "words");
}

TEST(anthropic_stream, takes_a_fence_off_json_however_it_is_cut) {
  const std::string said = "```json\\n{\\\"a\\\":\\\"`n\\\\n\\\"}\\n```";
  std::string whole = start + begin(0, R"({"type":"text","text":""})");
  for (const char* piece : {"``", "`js", "on", "\\n", "{\\\"a\\\"", ":\\\"`n\\\\n", "\\\"}", "\\n", "``", "`"}) {
    whole += delta(0, std::string(R"({"type":"text_delta","text":")") + piece + "\"}");
  }
  whole += end(0) + finish("end_turn") + stop;
  const std::string expected = "{\"a\":\"`n\\n\"}";
  EXPECT_EQ(run(whole, "json;").content, expected);
  EXPECT_EQ(run(start + text(0, said) + finish("end_turn") + stop, "json;").content, expected);
  EXPECT_EQ(run(start + text(0, "{} n`") + finish("end_turn") + stop, "json;").content, "{} n`");
  EXPECT_EQ(run(start + text(0, "``") + finish("end_turn") + stop, "json;").content, "``");
}

TEST(anthropic_stream, tells_the_end_of_a_refusal_and_of_too_long_an_answer) {
  EXPECT_EQ(run(start + text(0, "a") + finish("max_tokens") + stop).finish, "length");
  const auto s = run(
      start +
      event(
          R"({"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"explanation":"no"}},"usage":{"output_tokens":0}})") +
      stop);
  EXPECT_EQ(s.finish, "content_filter");
  EXPECT_EQ(s.refusal, "no");
  EXPECT_EQ(run(start + text(0, "a") + finish("pause_turn") + stop).native, "pause_turn");
}

TEST(anthropic_stream, stops_at_an_error_in_the_stream) {
  const auto s =
      run(start + text(0, "a") +
          event(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})") + text(1, "never"));
  EXPECT_TRUE(s.fed);
  EXPECT_FALSE(s.complete);
  ASSERT_TRUE(s.facts.error.has_value());
  EXPECT_EQ(s.facts.error->kind, error_class::overloaded);
  EXPECT_EQ(s.facts.error->status, 529);
  EXPECT_EQ(s.content, "a");
}

TEST(anthropic_stream, is_incomplete_without_an_end) {
  const auto cut = run(start + text(0, "a"));
  EXPECT_FALSE(cut.complete);
  EXPECT_FALSE(cut.facts.usage.has_value());
  EXPECT_TRUE(cut.facts.content_seen);
  EXPECT_TRUE(run(start + text(0, "a") + finish("end_turn")).complete);
}

TEST(anthropic_stream, refuses_what_is_no_stream_of_its_own) {
  for (const std::string& bytes :
       {std::string("<html>"), std::string(R"({"type":"message"})"), std::string("data: nonsense\n\n"),
        std::string("data: []\n\n"), "data: \"" + std::string(1'200'000, 'x')}) {
    const auto s = run(bytes);
    EXPECT_FALSE(s.fed) << bytes.substr(0, 40);
    EXPECT_TRUE(s.facts.error.has_value());
    EXPECT_EQ(s.chunks, 0);
  }
}

TEST(anthropic_stream, bounds_the_blocks_that_are_open) {
  std::string many = start;
  for (int i = 0; i < 100; ++i) many += begin(i, R"({"type":"thinking","thinking":"x"})");
  EXPECT_TRUE(run(many).facts.error.has_value());
}

TEST(anthropic_stream, ignores_what_it_does_not_know) {
  const auto s = run(start + event(R"({"type":"news","x":1})") + begin(0, R"({"type":"hologram"})") +
                     delta(0, R"({"type":"hologram_delta"})") + delta(9, R"({"type":"text_delta","text":"lost"})") +
                     end(0) + text(1, "a") + finish("end_turn") + stop + "data: [DONE]\n\n");
  EXPECT_EQ(s.content, "a");
  EXPECT_TRUE(s.complete);
}

TEST(anthropic_stream, has_no_figures_that_cannot_be_true) {
  const auto s = run(start + text(0, "a") + finish("end_turn", R"({"output_tokens":-5})") + stop);
  EXPECT_FALSE(s.facts.usage.has_value());
  EXPECT_TRUE(s.facts.usage_impossible);
}

}  // namespace
}  // namespace spidergate::providers
