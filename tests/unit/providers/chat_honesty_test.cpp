#include "asked.hpp"
#include "chat/chat_request.hpp"

#include <gtest/gtest.h>

namespace spidergate::providers::chat {
namespace {

struct dropping {
  explicit dropping(const std::string& more, std::vector<std::string_view> carried = {})
      : question(chat_body(more)), result(run(carried)) {}

  boost::system::result<void, refusal> run(const std::vector<std::string_view>& carried) {
    catalogue::provider provider;
    provider.id = "small";
    const credential secret{secret_string("k"), {}};
    const std::vector<std::pair<std::string, std::string>> none;
    return drop_others({question.request, provider, "", "m", secret, none}, carried, wire);
  }
  asked question;
  wire_request wire;
  boost::system::result<void, refusal> result;
};

using names = std::vector<std::string>;

TEST(drop_others, lists_what_is_left_out_and_not_what_is_carried) {
  const dropping d(R"(,"temperature":0.5,"store":true,"logit_bias":{"1":2},"unknown":7,"max_tokens":null)",
                   {"temperature"});
  ASSERT_TRUE(d.result.has_value());
  EXPECT_EQ(d.wire.dropped_params, (names{"store", "logit_bias", "unknown"}));
}

TEST(drop_others, does_not_list_what_says_nothing) {
  for (const auto* more : {R"(,"n":1)", R"(,"stream":false)", R"(,"logprobs":false)", R"(,"tool_choice":"auto")",
                           R"(,"stop":[ ])", R"(,"frequency_penalty":0)", R"(,"presence_penalty":0.0)",
                           R"(,"tools":[])", R"(,"logit_bias":{})", R"(,"response_format":{"type":"text"})",
                           R"(,"modalities":["text"])", R"(,"parallel_tool_calls":true)", R"(,"tool_choice":"none")",
                           R"(,"spidergate_options":{})", R"(,"stream":true,"stream_options":{"include_usage":true})",
                           R"(,"user":"")", R"(,"store":false)", R"(,"strict_params":true,"drop_params":true)"}) {
    const dropping d(more);
    EXPECT_TRUE(d.result.has_value()) << more;
    EXPECT_EQ(d.wire.dropped_params, names{}) << more;
  }
}

TEST(drop_others, refuses_what_would_change_the_question) {
  const std::pair<const char*, const char*> cases[]{
      {R"(,"n":2)", "n"},
      {R"(,"response_format":{"type":"json_object"})", "response_format"},
      {R"(,"tools":[{"type":"function","function":{"name":"f"}}])", "tools"},
      {R"(,"functions":[{"name":"f"}])", "functions"},
      {R"(,"tool_choice":"required")", "tool_choice"},
      {R"(,"modalities":["text","audio"])", "modalities"},
      {R"(,"audio":{"voice":"a"})", "audio"},
      {R"(,"web_search_options":{"search_context_size":"low"})", "web_search_options"}};
  for (const auto& [more, param] : cases) {
    const dropping d(more);
    ASSERT_FALSE(d.result.has_value()) << more;
    EXPECT_EQ(d.result.error().param, param);
    EXPECT_EQ(d.result.error().message.substr(0, 6), "small ");
    EXPECT_TRUE(dropping(more, {param}).result.has_value());
  }
}

TEST(drop_others, takes_no_choice_among_tools_for_a_question_unless_there_are_tools) {
  const std::string tools = R"(,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none")";
  EXPECT_FALSE(dropping(tools, {"tools"}).result.has_value());
  EXPECT_TRUE(dropping(tools, {"tools", "tool_choice"}).result.has_value());
}

TEST(drop, notes_a_parameter_once) {
  wire_request wire;
  drop(wire, "a");
  drop(wire, "a");
  EXPECT_EQ(wire.dropped_params, names{"a"});
}

TEST(cannot, names_the_provider_and_the_place) {
  catalogue::provider provider;
  provider.id = "mistral";
  const credential secret{secret_string("k"), {}};
  const std::vector<std::pair<std::string, std::string>> none;
  const asked question(chat_body());
  const auto why =
      cannot({question.request, provider, "", "m", secret, none}, "messages[0].content[1]", "takes no audio");
  EXPECT_EQ(why.message, "mistral takes no audio ('messages[0].content[1]').");
  EXPECT_EQ(why.param, "messages[0].content[1]");
}

}  // namespace
}  // namespace spidergate::providers::chat
