// What the openai dialect leaves out, renames or says otherwise, by the catalogue's word on provider and model.
#include "asked.hpp"

#include <gtest/gtest.h>

namespace spidergate::providers {
namespace {

using names = std::vector<std::string>;

struct sent {
  std::string body;
  names dropped;
  std::optional<refusal> refused;
};

sent encode(const std::string& body, const catalogue::provider& provider,
            const catalogue::model_entry* entry = nullptr) {
  const asked q(body);
  const credential secret{secret_string("k"), {}};
  auto wire = openai_dialect().encode({.asked = q.request,
                                       .provider = provider,
                                       .base_path = "/v1",
                                       .model = "m",
                                       .secret = secret,
                                       .forwarded_headers = {},
                                       .entry = entry});
  if (!wire) return {{}, {}, wire.error()};
  return {joined(wire->body), wire->dropped_params, std::nullopt};
}

catalogue::provider builtin(std::string_view id) {
  static const auto built = catalogue::catalogue::build({});
  return *(*built)->find_provider(id);
}

std::string chat_of(const std::string& messages) {
  return R"({"model":"m","messages":)" + messages + "}";
}

TEST(openai_parameters, that_are_refused_are_left_out_and_listed) {
  const auto groq = builtin("groq");
  const auto s = encode(chat_body(R"(,"logprobs":true,"top_logprobs":2,"temperature":0)"), groq);
  EXPECT_EQ(s.body, chat_body(R"(,"temperature":0)"));
  EXPECT_EQ(s.dropped, (names{"logprobs", "top_logprobs"}));
}

TEST(openai_parameters, that_say_nothing_are_left_out_without_a_word) {
  for (const auto* more :
       {R"(,"n":1)", R"(,"n":null)", R"(,"logprobs":false)", R"(,"logit_bias":{})", R"(,"store":false)"}) {
    const auto s = encode(chat_body(more), builtin("groq"));
    EXPECT_EQ(s.body, chat_body()) << more;
    EXPECT_EQ(s.dropped, names{}) << more;
  }
}

TEST(openai_parameters, that_change_the_question_are_refused) {
  const auto s = encode(chat_body(R"(,"n":2)"), builtin("groq"));
  ASSERT_TRUE(s.refused);
  EXPECT_EQ(s.refused->param, "n");
  EXPECT_NE(s.refused->message.find("Groq"), std::string::npos) << s.refused->message;
}

TEST(openai_parameters, usage_is_not_asked_for_where_the_provider_refuses_the_question) {
  EXPECT_EQ(encode(chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"), builtin("mistral")).body,
            chat_body(R"(,"stream":true)"));
}

TEST(openai_parameters, models_that_refuse_a_temperature_get_none_but_1) {
  catalogue::model_entry entry;
  entry.no_temperature = true;
  const catalogue::provider any;
  EXPECT_EQ(encode(chat_body(R"(,"temperature":0.5,"top_p":0.5)"), any, &entry).body, chat_body(R"(,"top_p":0.5)"));
  EXPECT_EQ(encode(chat_body(R"(,"temperature":0.5)"), any, &entry).dropped, names{"temperature"});
  EXPECT_EQ(encode(chat_body(R"(,"temperature":1)"), any, &entry).body, chat_body(R"(,"temperature":1)"));
  const auto s = encode(chat_body(R"(,"temperature":0,"top_p":0.5,"presence_penalty":0,"logprobs":true)"),
                        builtin("openai"), &entry);
  EXPECT_EQ(s.body, chat_body(R"(,"presence_penalty":0)"));
  EXPECT_EQ(s.dropped, (names{"temperature", "top_p", "logprobs"}));
}

TEST(openai_parameters, reasoning_models_of_openai_take_the_new_name_of_the_length) {
  catalogue::model_entry entry;
  entry.reasoning = true;
  EXPECT_EQ(encode(chat_body(R"(,"max_tokens":5)"), builtin("openai"), &entry).body,
            chat_body(R"(,"max_completion_tokens":5)"));
  EXPECT_EQ(encode(chat_body(R"(,"max_tokens":5)"), builtin("openai")).body, chat_body(R"(,"max_tokens":5)"));
  EXPECT_EQ(encode(chat_body(R"(,"max_tokens":5)"), builtin("xai"), &entry).body, chat_body(R"(,"max_tokens":5)"));
}

TEST(openai_parameters, some_are_refused_by_reasoning_models_alone) {
  catalogue::model_entry entry;
  const auto body = chat_body(R"(,"presence_penalty":0.5)");
  EXPECT_EQ(encode(body, builtin("xai"), &entry).body, body);
  entry.reasoning = true;
  EXPECT_EQ(encode(body, builtin("xai"), &entry).body, chat_body());
}

TEST(openai_parameters, thinking_is_asked_for_in_the_providers_own_way) {
  struct {
    const char *provider, *said, *sent;
  } const cases[]{
      {"openai", R"(,"reasoning":{"effort":"low"})", R"(,"reasoning_effort":"low")"},
      {"openai", R"(,"thinking":{"type":"enabled","budget_tokens":9000})", R"(,"reasoning_effort":"high")"},
      {"openai", R"(,"reasoning":{"enabled":false})", R"(,"reasoning_effort":"none")"},
      {"openai", R"(,"reasoning_effort":"minimal")", R"(,"reasoning_effort":"minimal")"},
      {"openai", R"(,"reasoning_effort":"low","reasoning":{"effort":"high"})", R"(,"reasoning_effort":"low")"},
      {"openrouter", R"(,"reasoning_effort":"high")", R"(,"reasoning_effort":"high")"},
      {"openrouter", R"(,"thinking":{"type":"enabled","budget_tokens":2000})", R"(,"reasoning":{"max_tokens":2000})"},
      {"deepseek", R"(,"reasoning":{"effort":"high"})", R"(,"thinking":{"type":"enabled"},"reasoning_effort":"high")"},
      {"deepseek", R"(,"thinking":{"type":"disabled"})", R"(,"thinking":{"type":"disabled"})"},
      {"moonshot", R"(,"reasoning_effort":"none")", R"(,"thinking":{"type":"disabled"})"},
      {"zai", R"(,"reasoning_effort":"low")", R"(,"thinking":{"type":"enabled"})"},
      {"dashscope", R"(,"reasoning":{"max_tokens":500})", R"(,"enable_thinking":true,"thinking_budget":500)"},
      {"dashscope", R"(,"reasoning_effort":"none")", R"(,"enable_thinking":false)"},
      {"vllm", R"(,"enable_thinking":false)", R"(,"chat_template_kwargs":{"enable_thinking":false})"},
      {"together", R"(,"reasoning":{"enabled":false})", R"(,"reasoning":{"enabled":false})"},
      {"poe", R"(,"thinking":{"type":"enabled"})", R"(,"thinking":{"type":"enabled"})"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(encode(chat_body(c.said), builtin(c.provider)).body, chat_body(c.sent)) << c.said;
}

TEST(openai_parameters, a_wish_that_cannot_be_said_is_listed) {
  EXPECT_EQ(encode(chat_body(R"(,"reasoning":{"exclude":true})"), builtin("openai")).dropped, names{"reasoning"});
  EXPECT_EQ(encode(chat_body(R"(,"reasoning":null)"), builtin("openai")).dropped, names{});
}

TEST(openai_messages, developer_becomes_the_role_that_is_known) {
  const auto messages = [](const char* role) {
    return chat_of(R"([{"role":")" + std::string(role) +
                   R"(","content":"\"developer\""},{"role":"user","content":"a"}])");
  };
  EXPECT_EQ(encode(messages("developer"), builtin("deepseek")).body, messages("system"));
  EXPECT_EQ(encode(messages("developer"), builtin("openai")).body, messages("developer"));
}

TEST(openai_messages, earlier_thoughts_go_by_the_name_that_is_known) {
  const auto with = [](const std::string& member) {
    return chat_of(R"([{"role":"user","content":"a"},{"role":"assistant",)" + member +
                   R"("content":"b"},{"role":"user","content":"c"}])");
  };
  const auto content = with(R"("reasoning_content":"t",)"), plain = with(R"("reasoning":"t",)");
  EXPECT_EQ(encode(content, builtin("groq")).body, plain);
  EXPECT_EQ(encode(plain, builtin("deepseek")).body, content);
  EXPECT_EQ(encode(with(R"("reasoning_content":"t","reasoning":"t",)"), builtin("cerebras")).body, plain);
  const auto s = encode(with(R"("reasoning_content":"t","reasoning_details":[{"a":1}],)"), builtin("openai"));
  EXPECT_EQ(s.body, with(""));
  EXPECT_EQ(s.dropped, names{}) << "the thoughts of another model are no parameter";
  EXPECT_EQ(encode(content, builtin("openrouter")).body, content);
}

TEST(openai_messages, names_are_left_out_and_listed_where_they_are_refused) {
  const auto s =
      encode(chat_of(R"([{"role":"user","content":"a","name":"n"},{"name":null,"role":"user","content":"b"}])"),
             builtin("groq"));
  EXPECT_EQ(s.body, chat_of(R"([{"role":"user","content":"a"},{"role":"user","content":"b"}])"));
  EXPECT_EQ(s.dropped, names{"messages[].name"});
}

TEST(openai_messages, mistrals_reasoning_models_get_thoughts_as_parts) {
  catalogue::model_entry entry;
  entry.reasoning = true;
  const auto body = chat_of(
      R"([{"role":"user","content":"a"},{"role":"assistant","reasoning_content":"t","content":"b"},{"role":"user","content":"c"}])");
  EXPECT_EQ(
      encode(body, builtin("mistral"), &entry).body,
      chat_of(
          R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"text","text":"b"}]},{"role":"user","content":"c"}])"));
  EXPECT_EQ(
      encode(body, builtin("mistral")).body,
      chat_of(R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}])"));
}

TEST(openai_messages, ids_of_calls_that_mistral_refuses_become_short_ones_that_still_belong_together) {
  const auto with = [](const std::string& id) {
    return chat_of(
        R"([{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":")" + id +
        R"(","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":")" + id +
        R"(","content":"b"}])");
  };
  const auto body = encode(with("call_0fypS1hVX"), builtin("mistral")).body;
  const auto at = body.find("\"id\":\"") + 6;
  EXPECT_EQ(body, with(body.substr(at, 9)));
  EXPECT_NE(encode(with("call_0fypS1hVY"), builtin("mistral")).body, body);
  EXPECT_EQ(encode(with("aB3dE5gH9"), builtin("mistral")).body, with("aB3dE5gH9"));
  EXPECT_EQ(encode(with("call_0fypS1hVX"), builtin("openai")).body, with("call_0fypS1hVX"));
}

}  // namespace
}  // namespace spidergate::providers
