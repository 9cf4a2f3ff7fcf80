#include "chat/chat_request.hpp"

#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers::chat {
namespace {

/// A request whose messages are `messages`, read.
struct reading {
  explicit reading(const std::string& messages, const std::string& more = {})
      : question(R"({"model":"m","messages":)" + messages + more + "}"),
        result(read_chat_request(question.request, request)) {
    EXPECT_TRUE(result.has_value()) << result.error().message;
  }
  asked question;
  chat_request request;
  boost::system::result<void, refusal> result;
};

struct options : reading {
  explicit options(const std::string& more) : reading(R"([{"role":"user","content":"a"}])", "," + more) {}
};

refusal refused(const std::string& body) {
  const asked question(body);
  chat_request request;
  const auto result = read_chat_request(question.request, request);
  EXPECT_FALSE(result.has_value()) << body;
  return result ? refusal{} : result.error();
}

const part& only_part(const reading& r) {
  return r.request.messages.at(0).content.at(0);
}

reading user_with(const std::string& part) {
  return reading(R"([{"role":"user","content":[)" + part + "]}]");
}

TEST(chat_request, reads_roles_texts_and_names) {
  const reading r(
      R"([{"role":"developer","content":"be \"kind\""},{"role":"system","content":[{"type":"text","text":"b"}]},
    {"role":"user","name":"ann","content":"hi"},{"role":"assistant","content":null,"refusal":"no"},
    {"role":"tool","tool_call_id":"c1","content":"42","is_error":true},{"role":"function","name":"f","content":"7"}])");
  const auto& m = r.request.messages;
  ASSERT_EQ(m.size(), 6u);
  EXPECT_EQ(m[0].from, message::role::system);
  EXPECT_EQ(m[0].content[0].text.literal(), R"(be \"kind\")");
  EXPECT_EQ(m[1].content[0].text.literal(), "b");
  EXPECT_EQ(m[2].name.literal(), "ann");
  EXPECT_TRUE(m[3].content.empty());
  EXPECT_EQ(m[4].tool_call_id.literal(), "c1");
  EXPECT_TRUE(m[4].tool_failed);
  EXPECT_EQ(m[5].from, message::role::tool);
  EXPECT_EQ(m[5].index, 5u);
}

TEST(chat_request, reads_calls_of_tools_and_of_the_legacy_function) {
  const reading r(R"([{"role":"user","content":"a"},
    {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
                                      {"id":"c2","type":"function","function":{"name":"g"}}]},
    {"role":"assistant","content":"x","function_call":{"name":"h","arguments":"{}"}}])");
  const auto& m = r.request.messages;
  ASSERT_EQ(m[1].calls.size(), 2u);
  EXPECT_EQ(m[1].calls[0].arguments.text(), R"({"a":1})");
  EXPECT_FALSE(m[1].calls[1].arguments.exists());
  ASSERT_EQ(m[2].calls.size(), 1u);
  EXPECT_FALSE(m[2].calls[0].id.exists());
  EXPECT_EQ(called_name(r.request, m[1].calls[1].id, 2).literal(), "g");
  EXPECT_FALSE(called_name(r.request, m[1].calls[1].id, 1).exists());
}

TEST(chat_request, writes_arguments_as_an_object_and_loses_nothing) {
  const std::pair<const char*, const char*> cases[]{{R"("{\"a\":[1, 2]}")", R"({"a":[1, 2]})"},
                                                    {R"("")", "{}"},
                                                    {R"(" ")", "{}"},
                                                    {R"({"a":1})", R"({"a":1})"},
                                                    {R"("{\"a\":")", R"({"arguments":"{\"a\":"})"},
                                                    {R"("[1]")", R"({"arguments":"[1]"})"}};
  for (const auto& [written, object] : cases) {
    const reading r(R"([{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":)" +
                    std::string(written) + "}}]}]");
    std::string out;
    append_arguments(out, r.request.messages[0].calls[0]);
    EXPECT_EQ(out, object);
  }
}

TEST(chat_request, refuses_calls_that_name_nothing) {
  const auto why =
      refused(R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{}}]}]})");
  EXPECT_EQ(why.param, "messages[0].tool_calls[0].function.name");
}

TEST(chat_request, reads_reasoning_of_earlier_turns) {
  const reading r(
      R"([{"role":"assistant","content":"a","reasoning":"r","reasoning_details":[{"type":"reasoning.text"}]},
                      {"role":"assistant","content":"a","reasoning":"r","reasoning_content":"c"}])");
  EXPECT_EQ(r.request.messages[0].reasoning.literal(), "r");
  EXPECT_TRUE(r.request.messages[0].reasoning_details.is(json::kind::array));
  EXPECT_EQ(r.request.messages[1].reasoning.literal(), "c");
}

TEST(chat_request, reads_media_in_every_form_that_clients_write) {
  using kind = part::kind;
  struct row {
    const char* part;
    kind is;
    const char* mime;
    const char* base64;
    const char* url;
    const char* file_id;
  };
  const row rows[]{
      {R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO","detail":"low"}})", kind::image,
       "image/png", "iVBO", "", ""},
      {R"({"type":"image_url","image_url":"https://x.test/a.png"})", kind::image, "", "", "https://x.test/a.png", ""},
      {R"({"type":"image_url","image_url":{"url":"data:image\/jpeg;base64,\/9j\/"}})", kind::image, "image/jpeg",
       "/9j/", "", ""},
      {R"({"type":"image_url","image_url":{"url":"DATA:image/gif;charset=utf-8;BASE64,R0lG\nODlh"}})", kind::image,
       "image/gif", "R0lGODlh", "", ""},
      {R"({"type":"input_image","image_url":"https:\/\/x.test\/a"})", kind::image, "", "", "https://x.test/a", ""},
      {R"({"type":"input_image","file_id":"file-1"})", kind::image, "", "", "", "file-1"},
      {R"({"type":"image","source":{"type":"base64","media_type":"image/webp","data":"UklG"}})", kind::image,
       "image/webp", "UklG", "", ""},
      {R"({"type":"image","source":{"type":"url","url":"http://x.test/a"}})", kind::image, "", "", "http://x.test/a",
       ""},
      {R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"mp3"}})", kind::audio, "audio/mpeg", "AAAA", "",
       ""},
      {R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"amr"}})", kind::audio, "audio/amr", "AAAA", "",
       ""},
      {R"({"type":"video_url","video_url":{"url":"https://x.test/v.mp4"}})", kind::video, "", "",
       "https://x.test/v.mp4", ""},
      {R"({"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}})", kind::file,
       "application/pdf", "JVBE", "", ""},
      {R"({"type":"file","file":{"filename":"a.CSV","file_data":"YSxi"}})", kind::file, "text/csv", "YSxi", "", ""},
      {R"({"type":"file","file":{"file_data":"JVBERi0x"}})", kind::file, "application/pdf", "JVBERi0x", "", ""},
      {R"({"type":"file","file":{"file_data":"https://x.test/a.pdf"}})", kind::file, "", "", "https://x.test/a.pdf",
       ""},
      {R"({"type":"file","file":{"file_id":"file-2"}})", kind::file, "", "", "", "file-2"},
      {R"({"type":"document_url","document_url":"https://x.test/d"})", kind::file, "", "", "https://x.test/d", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.part);
    const auto r = user_with(row.part);
    const auto& p = only_part(r);
    EXPECT_EQ(p.is, row.is);
    EXPECT_EQ(p.what.mime, row.mime);
    EXPECT_EQ(p.what.base64, row.base64);
    EXPECT_EQ(p.what.url, row.url);
    EXPECT_EQ(p.what.file_id, row.file_id);
  }
}

TEST(chat_request, knows_where_a_part_stands) {
  const auto r = user_with(R"({"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://x"}})");
  EXPECT_EQ(place_of(r.request.messages[0], 1), "messages[0].content[1].image_url");
  EXPECT_EQ(place_of(reading(R"([{"role":"user","content":"a"}])").request.messages[0], 0), "messages[0].content");
}

TEST(chat_request, refuses_data_that_is_not_base64) {
  for (const auto* url : {"data:image/png,abc", "data:image/png;base64,", "data:image/png;base64",
                          "data:image/png;base64,a\\\"b", "data:image/svg+xml;utf8,<svg>", "data:;base64,!!!!", ""}) {
    SCOPED_TRACE(url);
    const auto why =
        refused(R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")" +
                std::string(url) + R"("}}]}]})");
    EXPECT_EQ(why.param, "messages[0].content[0].image_url");
  }
}

TEST(chat_request, keeps_what_it_does_not_know_and_cache_markers) {
  const auto r = user_with(R"({"type":"new","x":1},{"type":"thinking","thinking":"t","signature":"s"},
                              {"type":"text","text":"a","cache_control":{"type":"ephemeral"}})");
  const auto& parts = r.request.messages[0].content;
  EXPECT_EQ(parts[0].is, part::kind::other);
  EXPECT_EQ(parts[0].whole.find("x").raw(), "1");
  EXPECT_EQ(parts[1].is, part::kind::thinking);
  EXPECT_TRUE(parts[2].cache_control.exists());
  EXPECT_EQ(joined_text(r.request.messages[0]), "a");
}

TEST(chat_request, reads_tools_and_legacy_functions) {
  const options r(
      R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true},
                   "cache_control":{"type":"ephemeral"}}],"parallel_tool_calls":false)");
  ASSERT_EQ(r.request.tools.size(), 1u);
  const auto& t = r.request.tools[0];
  EXPECT_EQ(t.name.literal(), "f");
  EXPECT_EQ(t.description.literal(), "d");
  EXPECT_EQ(t.strict.boolean(), true);
  EXPECT_TRUE(t.parameters.exists() && t.cache_control.exists());
  EXPECT_EQ(r.request.parallel_tool_calls, false);
  EXPECT_FALSE(r.request.legacy_functions);

  const options legacy(R"("functions":[{"name":"g"}],"function_call":{"name":"g"})");
  EXPECT_EQ(legacy.request.tools.at(0).name.literal(), "g");
  EXPECT_TRUE(legacy.request.legacy_functions);
  EXPECT_EQ(legacy.request.tool_choice.is, tool_choice::kind::named);
}

TEST(chat_request, hands_tools_of_other_types_only_to_those_who_ask_for_them) {
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":"a"}],"tools":[{"type":"web_search_20250305","name":"web_search"}]})";
  EXPECT_EQ(refused(body).param, "tools[0]");
  const asked question(body);
  chat_request request;
  request.keeps_other_tools = true;
  ASSERT_TRUE(read_chat_request(question.request, request).has_value());
  ASSERT_EQ(request.other_tools.size(), 1u);
  EXPECT_EQ(request.other_tools[0].find("name").literal(), "web_search");
}

TEST(chat_request, reads_every_form_of_tool_choice) {
  using kind = tool_choice::kind;
  const std::pair<const char*, kind> cases[]{
      {R"("auto")", kind::automatic},
      {R"("none")", kind::none},
      {R"("required")", kind::required},
      {R"("any")", kind::required},
      {R"({"type":"function","function":{"name":"f"}})", kind::named},
      {R"({"type":"tool","name":"f"})", kind::named},
      {R"({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}}]}})",
       kind::allowed},
      {"null", kind::unset}};
  for (const auto& [choice, expected] : cases) {
    const options r(R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":)" + std::string(choice));
    EXPECT_EQ(r.request.tool_choice.is, expected) << choice;
    if (expected == kind::named) {
      EXPECT_EQ(r.request.tool_choice.name.literal(), "f");
    }
    if (expected == kind::allowed) {
      EXPECT_TRUE(r.request.tool_choice.allowed_required);
      EXPECT_EQ(r.request.tool_choice.allowed.at(0).literal(), "f");
    }
  }
  EXPECT_EQ(refused(chat_body(R"(,"tool_choice":"some")")).param, "tool_choice");
}

TEST(chat_request, reads_response_formats) {
  using kind = response_format::kind;
  EXPECT_EQ(options(R"("response_format":{"type":"text"})").request.format.is, kind::text);
  EXPECT_EQ(options(R"("response_format":{"type":"json_object"})").request.format.is, kind::json_object);
  const options schema(
      R"("response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","schema":{"a":1},"strict":true}})");
  EXPECT_EQ(schema.request.format.is, kind::json_schema);
  EXPECT_EQ(schema.request.format.name.literal(), "n");
  EXPECT_EQ(schema.request.format.schema.raw(), R"({"a":1})");
  EXPECT_EQ(refused(chat_body(R"(,"response_format":{"type":"grammar"})")).param, "response_format.type");
}

TEST(chat_request, reads_a_wish_for_reasoning_however_it_is_said) {
  using level = reasoning_wish::level;
  const auto wish = [](const std::string& more) { return options(more).request.reasoning; };
  EXPECT_FALSE(wish(R"("n":1)").asked());
  EXPECT_EQ(wish(R"("reasoning_effort":"high")").effort, level::high);
  EXPECT_EQ(wish(R"("reasoning_effort":"high")").param, "reasoning_effort");
  EXPECT_TRUE(wish(R"("reasoning_effort":"none")").off());
  EXPECT_EQ(wish(R"("reasoning":{"effort":"xhigh","exclude":true})").effort, level::xhigh);
  EXPECT_TRUE(wish(R"("reasoning":{"effort":"xhigh","exclude":true})").exclude);
  EXPECT_EQ(wish(R"("reasoning":{"max_tokens":2000})").budget_tokens, 2000);
  EXPECT_TRUE(wish(R"("reasoning":{"enabled":false})").off());
  EXPECT_EQ(wish(R"("thinking":{"type":"enabled","budget_tokens":4000})").budget_tokens, 4000);
  EXPECT_TRUE(wish(R"("thinking":{"type":"disabled"})").off());
  EXPECT_TRUE(wish(R"("thinking":{"type":"adaptive"})").adaptive);
  EXPECT_EQ(wish(R"("enable_thinking":true,"thinking_budget":99)").budget_tokens, 99);
  EXPECT_EQ(refused(chat_body(R"(,"reasoning_effort":"enormous")")).param, "reasoning_effort");
}

TEST(chat_request, makes_budgets_of_efforts) {
  using level = reasoning_wish::level;
  EXPECT_EQ(budget_for(level::none, 100000), 0);
  EXPECT_EQ(budget_for(level::minimal, 100000), 10000);
  EXPECT_EQ(budget_for(level::low, 100000), 20000);
  EXPECT_EQ(budget_for(level::medium, 100000), 50000);
  EXPECT_EQ(budget_for(level::high, 100000), 80000);
  EXPECT_EQ(budget_for(level::xhigh, 100000), 95000);
  EXPECT_EQ(budget_for(level::low, 1000), 1024);
  EXPECT_EQ(budget_for(level::xhigh, 9'223'372'036'854'775'807), 8'762'203'435'012'037'016);
}

TEST(chat_request, reads_sampling_and_housekeeping) {
  const options r(
      R"("stop":["a","b"],"max_tokens":5,"temperature":0.5,"top_k":3,"seed":7,"user":"u","safety_identifier":"s","n":2,
         "logprobs":true,"metadata":{"a":"b"},"top_p":null)");
  const auto& q = r.request;
  ASSERT_EQ(q.stop.size(), 2u);
  EXPECT_EQ(q.stop[1].literal(), "b");
  EXPECT_EQ(q.max_tokens, 5);
  EXPECT_EQ(q.temperature.raw(), "0.5");
  EXPECT_EQ(q.top_k.raw(), "3");
  EXPECT_EQ(q.seed.raw(), "7");
  EXPECT_EQ(q.user.literal(), "u");
  EXPECT_EQ(q.choices, 2);
  EXPECT_EQ(q.logprobs.boolean(), true);
  EXPECT_FALSE(q.top_p.exists());
  EXPECT_TRUE(q.metadata.exists());
  EXPECT_EQ(options(R"("stop":"x","safety_identifier":"s")").request.user.literal(), "s");
  EXPECT_EQ(refused(chat_body(R"(,"seed":"7")")).param, "seed");
}

}  // namespace
}  // namespace spidergate::providers::chat
