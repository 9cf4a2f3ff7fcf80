#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;

const dialect& anthropic_dialect() {
  return *find_dialect("anthropic");
}

struct decoded {
  json answer;
  answer_facts facts;
};

decoded decode(std::string body, std::string_view memo = {}, const asked& q = asked(chat_body())) {
  const std::size_t size = body.size();
  body.append(64, '\0');
  const auto answer =
      final_of(anthropic_dialect().decode(about(q, memo), "application/json", std::string_view(body).substr(0, size)));
  return {json::parse(joined(answer.body)), answer.facts};
}

std::string message(const std::string& content, const std::string& stop = "end_turn",
                    const std::string& usage = R"({"input_tokens":3,"output_tokens":5})") {
  return R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":)" + content +
         R"(,"stop_reason":")" + stop + R"(","stop_sequence":null,"usage":)" + usage + "}";
}

json choice_of(const decoded& d) {
  return d.answer.at("choices").at(0);
}

TEST(anthropic_decode, gives_text_and_figures) {
  const auto d = decode(message(R"([{"type":"text","text":"Hi \"é\" \ud83d\ude00\n"},{"type":"text","text":"!"}])"));
  EXPECT_EQ(d.answer["id"], "msg_1");
  EXPECT_EQ(d.answer["object"], "chat.completion");
  EXPECT_EQ(d.answer["model"], "claude-x");
  EXPECT_EQ(choice_of(d)["message"]["content"], "Hi \"é\" \U0001F600\n!");
  EXPECT_EQ(choice_of(d)["finish_reason"], "stop");
  EXPECT_EQ(d.answer["usage"]["total_tokens"], 8);
}

TEST(anthropic_decode, gives_calls_with_their_arguments_as_text) {
  const auto d = decode(message(
      R"([{"type":"text","text":"a"},{"type":"tool_use","id":"t1","name":"f","input":{"x": "\"é"}},
          {"type":"tool_use","id":"t2","name":"g","input":{}}])",
      "tool_use"));
  const auto calls = choice_of(d)["message"]["tool_calls"];
  EXPECT_EQ(calls[0]["function"]["arguments"], R"({"x": "\"é"})");
  EXPECT_EQ(calls[1]["function"]["arguments"], "{}");
  EXPECT_EQ(calls[1]["id"], "t2");
  EXPECT_EQ(choice_of(d)["finish_reason"], "tool_calls");
}

TEST(anthropic_decode, tells_every_end_in_openais_words) {
  const std::pair<const char*, const char*> table[]{
      {"end_turn", "stop"},     {"stop_sequence", "stop"},     {"max_tokens", "length"},
      {"pause_turn", "stop"},   {"refusal", "content_filter"}, {"model_context_window_exceeded", "length"},
      {"something_new", "stop"}};
  for (const auto& [native, ours] : table) {
    const auto choice = choice_of(decode(message(R"([{"type":"text","text":"a"}])", native)));
    EXPECT_EQ(choice["finish_reason"], ours) << native;
    EXPECT_EQ(choice["native_finish_reason"], native);
  }
}

TEST(anthropic_decode, shows_why_the_model_refused) {
  const auto d = decode(R"({"type":"message","content":[],"stop_reason":"refusal",
      "stop_details":{"type":"refusal","explanation":"no \"way\""},"usage":{"input_tokens":1,"output_tokens":0}})");
  EXPECT_EQ(choice_of(d)["message"]["refusal"], "no \"way\"");
  EXPECT_EQ(choice_of(d)["finish_reason"], "content_filter");
}

TEST(anthropic_decode, gives_thinking_and_what_a_client_sends_back) {
  const std::string body = message(R"([{"type":"thinking","thinking":"hm","signature":"s="},
      {"type":"redacted_thinking","data":"d"},{"type":"text","text":"a"}])");
  const auto shown = choice_of(decode(body))["message"];
  EXPECT_EQ(shown["reasoning_content"], "hm");
  EXPECT_EQ(shown["reasoning_details"], json::parse(R"([
      {"type":"reasoning.text","text":"hm","signature":"s=","format":"anthropic-claude-v1","index":0},
      {"type":"reasoning.encrypted","data":"d","format":"anthropic-claude-v1","index":1}])"));
  const auto hidden = choice_of(decode(body, "hide;"))["message"];
  EXPECT_FALSE(hidden.contains("reasoning_content"));
  EXPECT_FALSE(hidden.contains("reasoning_details"));
  EXPECT_EQ(hidden["content"], "a");
}

TEST(anthropic_decode, gives_citations_their_place_in_characters) {
  const auto d = decode(message(R"([{"type":"text","text":"\u00e9\ud83d\ude00é "},
      {"type":"server_tool_use","id":"s","name":"web_search","input":{}},
      {"type":"web_search_tool_result","tool_use_id":"s","content":[]},
      {"type":"text","text":"cited","citations":[
        {"type":"web_search_result_location","url":"https://a/b","title":"T","cited_text":"c","encrypted_index":"e"},
        {"type":"char_location","cited_text":"x","document_index":0,"start_char_index":0,"end_char_index":1}]}])"));
  const auto m = choice_of(d)["message"];
  EXPECT_EQ(m["annotations"], json::parse(R"([{"type":"url_citation","url_citation":{"url":"https://a/b","title":"T",
      "start_index":4,"end_index":9,"content":"c"}}])"));
  EXPECT_EQ(m["citations"].size(), 1u);
  EXPECT_EQ(m["citations"][0]["type"], "char_location");
  EXPECT_FALSE(m.contains("tool_calls"));
}

TEST(anthropic_decode, counts_caches_thinking_and_searches) {
  const auto used = decode(message(R"([{"type":"text","text":"a"}])", "end_turn",
                                   R"({"input_tokens":1,"cache_read_input_tokens":20,"cache_creation_input_tokens":300,
      "cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200},"output_tokens":40,
      "output_tokens_details":{"thinking_tokens":30},"server_tool_use":{"web_search_requests":2}})"))
                        .facts.usage;
  ASSERT_TRUE(used.has_value());
  EXPECT_EQ(used->prompt, 321);
  EXPECT_EQ(used->cached, 20);
  EXPECT_EQ(used->cache_written, 300);
  EXPECT_EQ(used->cache_written_1h, 200);
  EXPECT_EQ(used->completion, 40);
  EXPECT_EQ(used->reasoning, 30);
  EXPECT_EQ(used->web_searches, 2);
}

TEST(anthropic_decode, has_no_figures_where_none_can_be_true) {
  for (const char* usage :
       {"null", "{}", R"({"input_tokens":1})", R"({"input_tokens":-1,"output_tokens":1})",
        R"({"input_tokens":1.5,"output_tokens":1})", R"({"input_tokens":1e12,"output_tokens":1})"}) {
    EXPECT_FALSE(decode(message(R"([{"type":"text","text":"a"}])", "end_turn", usage)).facts.usage.has_value())
        << usage;
  }
}

TEST(anthropic_decode, makes_the_answer_tools_arguments_the_content) {
  const auto d = decode(
      message(R"([{"type":"text","text":"here"},{"type":"tool_use","id":"t","name":"person","input":{"a":"b"}}])",
              "tool_use"),
      "tool=person;");
  EXPECT_EQ(choice_of(d)["message"]["content"], R"({"a":"b"})");
  EXPECT_FALSE(choice_of(d)["message"].contains("tool_calls"));
  EXPECT_EQ(choice_of(d)["finish_reason"], "stop");
  const auto other =
      decode(message(R"([{"type":"tool_use","id":"t","name":"f","input":{}}])", "tool_use"), "tool=person;");
  EXPECT_EQ(choice_of(other)["message"]["tool_calls"].size(), 1u);
  EXPECT_EQ(choice_of(other)["finish_reason"], "tool_calls");
}

TEST(anthropic_decode, takes_a_fence_off_json_that_was_asked_for_in_words) {
  const std::string fenced = message(R"([{"type":"text","text":"\n```json\n{\"a\":1}\n```\n"}])");
  EXPECT_EQ(choice_of(decode(fenced, "json;"))["message"]["content"], R"({"a":1})");
  EXPECT_EQ(choice_of(decode(fenced))["message"]["content"], "\n```json\n{\"a\":1}\n```\n");
  const std::string plain = message(R"([{"type":"text","text":"{\"a\":\"```\"}"}])");
  EXPECT_EQ(choice_of(decode(plain, "json;"))["message"]["content"], "{\"a\":\"```\"}");
}

TEST(anthropic_decode, answers_functions_with_a_function_call) {
  const asked q(chat_body(R"(,"functions":[{"name":"f"}])"));
  const auto d = decode(message(R"([{"type":"tool_use","id":"t","name":"f","input":{"x":1}}])", "tool_use"), {}, q);
  EXPECT_EQ(choice_of(d)["message"]["function_call"], json::parse(R"({"name":"f","arguments":"{\"x\":1}"})"));
  EXPECT_EQ(choice_of(d)["finish_reason"], "function_call");
}

provider_error failure_of(std::string body) {
  const asked q(chat_body());
  const std::size_t size = body.size();
  body.append(64, '\0');
  const auto d = anthropic_dialect().decode(about(q), "", std::string_view(body).substr(0, size));
  return d ? provider_error{} : d.error();
}

TEST(anthropic_decode, tells_errors_and_nonsense_from_answers) {
  EXPECT_EQ(failure_of(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})").kind,
            error_class::overloaded);
  EXPECT_EQ(failure_of(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})").status, 529);
  EXPECT_EQ(failure_of(R"({"type":"error","error":{"type":"rate_limit_error","message":"x"}})").kind,
            error_class::rate_limited);
  EXPECT_EQ(failure_of(R"({"error":{"type":"permission_error","message":"x"}})").kind,
            error_class::invalid_credentials);
  EXPECT_NE(failure_of("<html>").message.find("HTML"), std::string::npos);
  EXPECT_NE(failure_of("").message.find("empty"), std::string::npos);
  EXPECT_NE(failure_of("{\"a\":").message.find("not valid JSON"), std::string::npos);
  EXPECT_NE(failure_of("[]").message.find("no object"), std::string::npos);
  EXPECT_NE(failure_of("{}").message.find("'content'"), std::string::npos);
}

}  // namespace
}  // namespace spidergate::providers
