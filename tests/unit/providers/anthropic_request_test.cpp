#include "asked.hpp"

#include <spidergate/catalogue/catalogue.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;

/// What one request becomes, for one model.
struct encoding {
  json body;
  std::string target, headers, memo;
  std::vector<std::string> dropped;
  refusal refused;
};

struct asking {
  std::string model = "claude-sonnet-4-5";
  std::string dialect = "anthropic";
  std::vector<std::pair<std::string, std::string>> forwarded = {};
  std::optional<std::int64_t> clamped = std::nullopt;
  bool known = false;  ///< the catalogue's entry is given
};

encoding encode(const json& request, const asking& how = {}) {
  static const auto all = *catalogue::catalogue::build({});
  json whole = request;
  // nlohmann takes a list of one object for the object.
  for (const char* name : {"messages", "tools"}) {
    if (whole.contains(name) && whole[name].is_object()) whole[name] = json::array({whole[name]});
  }
  whole["model"] = "m";
  if (!whole.contains("messages")) whole["messages"] = {{{"role", "user"}, {"content", "hi"}}};
  const asked q(whole.dump());
  const credential secret{secret_string("sk-ant-1"), {}};
  const auto* provider = all->find_provider(how.dialect);
  encoding out;
  const auto encoded = find_dialect(how.dialect)
                           ->encode({.asked = q.request,
                                     .provider = *provider,
                                     .base_path = how.dialect == "anthropic" ? "/v1" : "/v1/projects/p/models",
                                     .model = how.model,
                                     .secret = secret,
                                     .forwarded_headers = how.forwarded,
                                     .clamped_max_tokens = how.clamped,
                                     .entry = how.known ? all->find_model(how.dialect, how.model) : nullptr});
  if (!encoded) {
    out.refused = encoded.error();
    return out;
  }
  out.body = json::parse(joined(encoded->body));
  out.target = encoded->target;
  out.headers = encoded->headers;
  out.memo = encoded->memo;
  out.dropped = encoded->dropped_params;
  return out;
}

json user(const json& content) {
  return {{"role", "user"}, {"content", content.is_object() ? json::array({content}) : content}};
}
json assistant(const json& content) {
  return {{"role", "assistant"}, {"content", content.is_object() ? json::array({content}) : content}};
}
json text(const std::string& said) {
  return {{"type", "text"}, {"text", said}};
}
json function(const std::string& name) {
  return {{"type", "function"},
          {"function", {{"name", name}, {"parameters", {{"type", "object"}, {"properties", json::object()}}}}}};
}
json call(const std::string& id, const std::string& name, const std::string& arguments) {
  return {{"id", id}, {"type", "function"}, {"function", {{"name", name}, {"arguments", arguments}}}};
}
json conversation(const json& messages) {
  return {{"messages", messages}};
}

using strings = std::vector<std::string>;

TEST(anthropic_encode, names_model_length_and_version) {
  const auto e = encode(json::object());
  EXPECT_EQ(e.body, json::parse(R"({"model":"claude-sonnet-4-5","max_tokens":8192,
      "messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]})"));
  EXPECT_EQ(e.target, "/v1/messages");
  EXPECT_NE(e.headers.find("x-api-key: sk-ant-1\r\n"), std::string::npos);
  EXPECT_NE(e.headers.find("anthropic-version: 2023-06-01\r\n"), std::string::npos);
  EXPECT_EQ(e.headers.find("anthropic-beta"), std::string::npos);
  EXPECT_TRUE(e.dropped.empty());
}

TEST(anthropic_encode, takes_the_length_from_client_budget_catalogue_or_a_default) {
  EXPECT_EQ(encode({{"max_tokens", 5}}).body["max_tokens"], 5);
  EXPECT_EQ(encode({{"max_completion_tokens", 6}}).body["max_tokens"], 6);
  EXPECT_EQ(encode(json::object(), {.clamped = 7}).body["max_tokens"], 7);
  EXPECT_EQ(encode(json::object(), {.model = "claude-opus-4-8", .known = true}).body["max_tokens"], 128000);
  EXPECT_EQ(encode(json::object(), {.model = "claude-3-haiku-20240307"}).body["max_tokens"], 4096);
}

TEST(anthropic_encode, forwards_the_clients_version_and_joins_betas) {
  const auto e =
      encode(conversation({user({{{"type", "file"}, {"file", {{"file_id", "file_1"}}}}})}),
             {.forwarded = {{"anthropic-version", "2024-01-01"}, {"anthropic-beta", "one,two"}, {"traceparent", "t"}}});
  EXPECT_NE(e.headers.find("anthropic-version: 2024-01-01\r\n"), std::string::npos);
  EXPECT_EQ(e.headers.find("2023-06-01"), std::string::npos);
  EXPECT_NE(e.headers.find("anthropic-beta: one,two,files-api-2025-04-14\r\n"), std::string::npos);
  EXPECT_NE(e.headers.find("traceparent: t\r\n"), std::string::npos);
}

TEST(anthropic_encode, lifts_system_and_developer_messages_out_wherever_they_stand) {
  const auto e = encode(conversation({{{"role", "system"}, {"content", "a\"b"}},
                                      user("hi"),
                                      {{"role", "developer"}, {"content", {text("c")}}},
                                      user("there")}));
  EXPECT_EQ(e.body["system"], json::array({text("a\"b"), text("c")}));
  EXPECT_EQ(e.body["messages"], json::array({user({text("hi"), text("there")})}));
  EXPECT_EQ(encode(conversation({{{"role", "system"}, {"content", "one"}}, user("x")})).body["system"], "one");
}

TEST(anthropic_encode, takes_a_lone_system_message_for_the_question) {
  const auto e = encode(conversation({{{"role", "system"}, {"content", "say hi"}}}));
  EXPECT_FALSE(e.body.contains("system"));
  EXPECT_EQ(e.body["messages"], json::array({user({text("say hi")})}));
}

TEST(anthropic_encode, merges_neighbours_and_begins_with_the_user) {
  const auto e =
      encode(conversation({assistant("hello"), user("a"), user("b"), assistant("c"), assistant("d"), user("e")}));
  ASSERT_EQ(e.body["messages"].size(), 5u);
  EXPECT_EQ(e.body["messages"][0]["role"], "user");
  EXPECT_EQ(e.body["messages"][1], assistant({text("hello")}));
  EXPECT_EQ(e.body["messages"][2], user({text("a"), text("b")}));
  EXPECT_EQ(e.body["messages"][3], assistant({text("c"), text("d")}));
}

TEST(anthropic_encode, leaves_out_texts_that_say_nothing) {
  const auto e = encode(conversation({user({text(""), text("a"), text(" \n")}), assistant(""), user("b")}));
  EXPECT_EQ(e.body["messages"], json::array({user({text("a"), text("b")})}));
  EXPECT_EQ(encode(conversation({user(" ")})).refused.param, "messages");
}

TEST(anthropic_encode, keeps_earlier_refusals_and_refuses_earlier_sound) {
  auto refusal = assistant(nullptr);
  refusal["refusal"] = "I will not";
  EXPECT_EQ(encode(conversation({user("a"), refusal, user("b")})).body["messages"][1], assistant(text("I will not")));
  auto sound = assistant(nullptr);
  sound["audio"] = {{"id", "audio_1"}};
  EXPECT_EQ(encode(conversation({user("a"), sound, user("b")})).refused.param, "messages[1].audio");
}

TEST(anthropic_encode, trims_an_answer_begun_for_the_model) {
  EXPECT_EQ(encode(conversation({user("a"), assistant("b \n\t ")})).body["messages"][1], assistant({text("b")}));
  EXPECT_EQ(encode(conversation({user("a"), assistant("b\\n")})).body["messages"][1], assistant({text("b\\n")}));
  EXPECT_EQ(encode(conversation({user("a"), assistant("b "), user("c")})).body["messages"][1], assistant({text("b ")}));
}

TEST(anthropic_encode, groups_tool_results_before_what_else_the_user_says) {
  auto calls = assistant("calling");
  calls["tool_calls"] = {call("call_1", "f", R"({"x":1})"), call("f:2", "g", ""), call("c3", "g", "broken")};
  const auto e =
      encode({{"messages",
               {user("go"),
                calls,
                user("hurry"),
                {{"role", "tool"}, {"tool_call_id", "call_1"}, {"content", "1"}},
                {{"role", "tool"}, {"tool_call_id", "f:2"}, {"content", {text("bad")}}, {"is_error", true}},
                {{"role", "tool"},
                 {"tool_call_id", "c3"},
                 {"content", {text("see"), {{"type", "image_url"}, {"image_url", {{"url", "https://x/y.png"}}}}}}}}},
              {"tools", {function("f"), function("g")}}});
  EXPECT_EQ(e.body["messages"][1]["content"], json::parse(R"([{"type":"text","text":"calling"},
      {"type":"tool_use","id":"call_1","name":"f","input":{"x":1}},
      {"type":"tool_use","id":"f_2","name":"g","input":{}},
      {"type":"tool_use","id":"c3","name":"g","input":{"arguments":"broken"}}])"));
  EXPECT_EQ(e.body["messages"][2]["content"], json::parse(R"([
      {"type":"tool_result","tool_use_id":"call_1","content":"1"},
      {"type":"tool_result","tool_use_id":"f_2","content":"bad","is_error":true},
      {"type":"tool_result","tool_use_id":"c3","content":[{"type":"text","text":"see"},
        {"type":"image","source":{"type":"url","url":"https://x/y.png"}}]},
      {"type":"text","text":"hurry"}])"));
}

TEST(anthropic_encode, gives_legacy_function_calls_ids) {
  auto legacy = assistant(nullptr);
  legacy["function_call"] = {{"name", "f"}, {"arguments", "{}"}};
  const auto e = encode({{"messages", {user("a"), legacy, {{"role", "function"}, {"name", "f"}, {"content", "1"}}}},
                         {"functions", {{{"name", "f"}}}}});
  const auto id = e.body["messages"][1]["content"][0]["id"];
  EXPECT_EQ(e.body["messages"][2]["content"][0]["tool_use_id"], id);
  EXPECT_EQ(e.body["tools"], json::parse(R"([{"name":"f","input_schema":{"type":"object","properties":{}}}])"));
}

TEST(anthropic_encode, declares_the_tools_of_earlier_turns_where_none_are_offered) {
  auto calls = assistant(nullptr);
  calls["tool_calls"] = json::array({call("c", "f", "{}")});
  const auto e = encode(conversation({user("a"), calls, {{"role", "tool"}, {"tool_call_id", "c"}, {"content", "1"}}}));
  EXPECT_EQ(e.body["tools"], json::parse(R"([{"name":"f","input_schema":{"type":"object"}}])"));
  EXPECT_EQ(e.body["tool_choice"], json::parse(R"({"type":"none"})"));
}

TEST(anthropic_encode, says_media_in_blocks) {
  const auto blocks = [](const json& part) {
    return encode(conversation({user({text("x"), part})})).body["messages"][0]["content"][1];
  };
  EXPECT_EQ(blocks({{"type", "image_url"}, {"image_url", {{"url", "data:image/jpg;base64,/9j/AAAA"}}}}),
            json::parse(R"({"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/AAAA"}})"));
  EXPECT_EQ(
      blocks(
          {{"type", "file"}, {"file", {{"filename", "a.pdf"}, {"file_data", "data:application/pdf;base64,JVBERi0="}}}}),
      json::parse(R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="},
                            "title":"a.pdf"})"));
  EXPECT_EQ(
      blocks({{"type", "file"}, {"file", {{"filename", "a.txt"}, {"file_data", "data:text/plain;base64,w6kiCg=="}}}}),
      json::parse(
          R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"é\"\n"},"title":"a.txt"})"));
  const auto native = json::parse(R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},
                                      "title":"t","citations":{"enabled":true}})");
  EXPECT_EQ(blocks(native), native);
}

TEST(anthropic_encode, refuses_media_that_it_cannot_carry) {
  const auto refused = [](const json& part, const asking& how = {}) {
    return encode(conversation({user({text("x"), part})}), how).refused.param;
  };
  EXPECT_EQ(refused({{"type", "input_audio"}, {"input_audio", {{"data", "AAAA"}, {"format", "wav"}}}}),
            "messages[0].content[1].input_audio");
  EXPECT_EQ(refused({{"type", "video_url"}, {"video_url", {{"url", "https://x/v"}}}}),
            "messages[0].content[1].video_url");
  EXPECT_EQ(refused({{"type", "file"}, {"file", {{"filename", "a.docx"}, {"file_data", "AAAA"}}}}),
            "messages[0].content[1].file");
  EXPECT_EQ(refused({{"type", "hologram"}}), "messages[0].content[1]");
  const asking vertex{.model = "claude-sonnet-4-5@20250929", .dialect = "vertex-anthropic"};
  EXPECT_EQ(refused({{"type", "image_url"}, {"image_url", {{"url", "https://x/y.png"}}}}, vertex),
            "messages[0].content[1].image_url");
  EXPECT_EQ(refused({{"type", "file"}, {"file", {{"file_id", "file_1"}}}}, vertex), "messages[0].content[1].file");
}

TEST(anthropic_encode, passes_large_media_as_views_of_the_clients_bytes) {
  const std::string data(100'000, 'A');
  const asked q(
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
      data + R"("}},{"type":"text","text":"x"}]}]})");
  const credential secret{secret_string("k"), {}};
  const catalogue::provider nobody;
  const auto wire = find_dialect("anthropic")->encode({q.request, nobody, "/v1", "claude-haiku-4-5", secret, {}});
  ASSERT_TRUE(wire.has_value());
  EXPECT_EQ(json::parse(joined(wire->body))["messages"][0]["content"][0]["source"]["data"], data);
  const bool viewed = std::any_of(wire->body.begin(), wire->body.end(), [&q](std::string_view piece) {
    return piece.size() >= 100'000 && piece.data() > q.body->data() && piece.data() < q.body->data() + q.body->size();
  });
  EXPECT_TRUE(viewed);
}

TEST(anthropic_encode, carries_cache_markers) {
  const json mark{{"type", "ephemeral"}};
  auto system = text("s");
  system["cache_control"] = mark;
  auto tool = function("f");
  tool["cache_control"] = mark;
  auto message = user("a");
  message["cache_control"] = mark;
  const auto e = encode({{"messages", {{{"role", "system"}, {"content", {system}}}, message}}, {"tools", {tool}}});
  EXPECT_EQ(e.body["system"], json::array({system}));
  EXPECT_EQ(e.body["messages"][0]["content"][0]["cache_control"], mark);
  EXPECT_EQ(e.body["tools"][0]["cache_control"], mark);
}

TEST(anthropic_encode, says_tool_choice_in_all_forms) {
  const json tools{function("f"), function("g")};
  const auto choice = [&tools](const json& said, const json& more = json::object()) {
    json request{{"tools", tools}, {"tool_choice", said}};
    request.update(more);
    const auto e = encode(request);
    return e.body.value("tool_choice", json()).dump() + " " + std::to_string(e.body["tools"].size());
  };
  EXPECT_EQ(choice("auto"), R"({"type":"auto"} 2)");
  EXPECT_EQ(choice("required"), R"({"type":"any"} 2)");
  EXPECT_EQ(choice("none"), R"({"type":"none"} 2)");
  EXPECT_EQ(choice({{"type", "function"}, {"function", {{"name", "g"}}}}), R"({"name":"g","type":"tool"} 2)");
  EXPECT_EQ(choice("auto", {{"parallel_tool_calls", false}}), R"({"disable_parallel_tool_use":true,"type":"auto"} 2)");
  EXPECT_EQ(choice({{"type", "allowed_tools"},
                    {"allowed_tools",
                     {{"mode", "required"}, {"tools", {{{"type", "function"}, {"function", {{"name", "f"}}}}}}}}}),
            R"({"type":"any"} 1)");
  EXPECT_FALSE(encode({{"tools", tools}}).body.contains("tool_choice"));
}

TEST(anthropic_encode, asks_for_thinking_as_the_model_wants_it) {
  struct row {
    std::string model;
    json asked;
    json thinking, effort;
    strings dropped;
  };
  const json none;
  const json disabled{{"type", "disabled"}};
  const json adaptive{{"type", "adaptive"}};
  const json shown{{"type", "adaptive"}, {"display", "summarized"}};
  const auto budget = [](int tokens) { return json{{"type", "enabled"}, {"budget_tokens", tokens}}; };
  const row table[]{
      {"claude-haiku-4-5", {{"reasoning_effort", "low"}, {"max_tokens", 10000}}, budget(2000), none, {}},
      {"claude-3-7-sonnet@20250219", {{"thinking", budget(1500)}, {"max_tokens", 4000}}, budget(1500), none, {}},
      {"claude-sonnet-4-5", {{"reasoning", {{"max_tokens", 500}}}, {"max_tokens", 4000}}, budget(1024), none, {}},
      {"claude-sonnet-4-5", {{"reasoning", {{"max_tokens", 9000}}}, {"max_tokens", 4000}}, budget(3200), none, {}},
      {"claude-sonnet-4-5", {{"reasoning_effort", "high"}, {"max_tokens", 900}}, none, none, {"reasoning_effort"}},
      {"claude-3-5-haiku-latest", {{"reasoning_effort", "high"}}, none, none, {"reasoning_effort"}},
      {"claude-3-5-haiku-latest", {{"reasoning_effort", "none"}}, none, none, {}},
      {"claude-opus-4-6", {{"reasoning_effort", "medium"}}, adaptive, "medium", {}},
      {"claude-opus-4-6", {{"reasoning_effort", "xhigh"}}, adaptive, "max", {}},
      {"claude-sonnet-4-6", {{"reasoning", {{"max_tokens", 3000}}}, {"max_tokens", 4096}}, budget(3000), none, {}},
      {"claude-opus-4-8", {{"reasoning_effort", "minimal"}}, shown, "low", {}},
      {"claude-opus-4.7", {{"reasoning", {{"max_tokens", 8000}}}}, shown, "medium", {}},
      {"us.anthropic.claude-sonnet-5-v1:0", {{"reasoning_effort", "none"}}, disabled, none, {}},
      {"claude-fable-5", {{"reasoning_effort", "none"}}, none, none, {"reasoning_effort"}},
      {"claude-opus-5", {{"reasoning", {{"effort", "high"}, {"exclude", true}}}}, adaptive, "high", {}},
      {"claude-opus-5", {{"verbosity", "low"}}, none, "low", {}},
      {"claude-haiku-4-5", {{"verbosity", "low"}}, none, none, {"verbosity"}},
  };
  for (const auto& r : table) {
    SCOPED_TRACE(r.model + " " + r.asked.dump());
    const auto e = encode(r.asked, {.model = r.model});
    EXPECT_EQ(e.body.value("thinking", json()), r.thinking);
    EXPECT_EQ(e.body.value("output_config", json::object()).value("effort", json()), r.effort);
    EXPECT_EQ(e.dropped, r.dropped);
  }
}

TEST(anthropic_encode, puts_signed_thinking_back_and_leaves_out_what_is_not_its_own) {
  auto turn = assistant("so");
  turn["reasoning_content"] = "unsigned";
  turn["reasoning_details"] = json::parse(R"([
      {"type":"reasoning.text","text":"Let","format":"anthropic-claude-v1","index":0},
      {"type":"reasoning.text","text":" me","signature":"sig=","format":"anthropic-claude-v1","index":0},
      {"type":"reasoning.encrypted","data":"abc","format":"anthropic-claude-v1","index":1},
      {"type":"reasoning.encrypted","data":"theirs","format":"google-gemini-v1","index":2},
      {"type":"reasoning.text","text":"unsigned","index":3}])");
  turn["tool_calls"] = json::array({call("c", "f", "{}")});
  const auto e = encode({{"messages", {user("a"), turn, {{"role", "tool"}, {"tool_call_id", "c"}, {"content", "1"}}}},
                         {"tools", {function("f")}},
                         {"reasoning_effort", "low"}});
  EXPECT_EQ(e.body["messages"][1]["content"],
            json::parse(R"([{"type":"thinking","thinking":"Let me","signature":"sig="},
      {"type":"redacted_thinking","data":"abc"},{"type":"text","text":"so"},
      {"type":"tool_use","id":"c","name":"f","input":{}}])"));
  EXPECT_EQ(e.body["thinking"]["type"], "enabled");
}

TEST(anthropic_encode, does_not_think_where_the_open_turn_has_lost_its_thinking) {
  auto turn = assistant(nullptr);
  turn["tool_calls"] = json::array({call("c", "f", "{}")});
  const json request{{"messages", {user("a"), turn, {{"role", "tool"}, {"tool_call_id", "c"}, {"content", "1"}}}},
                     {"tools", {function("f")}},
                     {"reasoning_effort", "low"}};
  const auto e = encode(request);
  EXPECT_FALSE(e.body.contains("thinking"));
  EXPECT_EQ(e.dropped, strings{"reasoning_effort"});
  EXPECT_EQ(encode(request, {.model = "claude-opus-4-8"}).body["thinking"]["type"], "adaptive");
}

TEST(anthropic_encode, forces_calls_only_without_thinking) {
  const json request{{"tools", {function("f")}}, {"tool_choice", "required"}, {"reasoning_effort", "high"}};
  const auto old = encode(request);
  EXPECT_FALSE(old.body.contains("thinking"));
  EXPECT_EQ(old.dropped, strings{"reasoning_effort"});
  json unasked = request;
  unasked.erase("reasoning_effort");
  EXPECT_EQ(encode(unasked, {.model = "claude-sonnet-5"}).body["thinking"], json::parse(R"({"type":"disabled"})"));
  EXPECT_FALSE(encode(unasked, {.model = "claude-opus-4-8"}).body.contains("thinking"));
  const auto always = encode(request, {.model = "claude-fable-5"});
  EXPECT_FALSE(always.body.contains("thinking"));
  EXPECT_EQ(always.body["output_config"]["effort"], "high");
  EXPECT_EQ(encode(unasked, {.model = "claude-fable-5-1"}).refused.param, "tool_choice");
}

TEST(anthropic_encode, samples_as_the_model_takes_it) {
  struct row {
    std::string model;
    json asked, sent;
    strings dropped;
  };
  const row table[]{
      {"claude-3-5-sonnet-latest",
       {{"temperature", 1.5}, {"top_p", 0.5}, {"top_k", 3}},
       {{"temperature", 1}, {"top_p", 0.5}, {"top_k", 3}},
       {}},
      {"claude-sonnet-4-5", {{"temperature", 0.5}, {"top_p", 0.5}}, {{"temperature", 0.5}}, {"top_p"}},
      {"claude-sonnet-4-5", {{"temperature", 0.5}, {"top_p", 1}}, {{"temperature", 0.5}}, {}},
      {"claude-opus-4-8",
       {{"temperature", 1}, {"top_p", 0.5}, {"top_k", 3}},
       json::object(),
       {"temperature", "top_p", "top_k"}},
      {"claude-haiku-4-5",
       {{"temperature", 0.5}, {"top_p", 0.5}, {"reasoning_effort", "low"}},
       json::object(),
       {"temperature", "top_p"}},
      {"claude-haiku-4-5", {{"temperature", 1}, {"reasoning_effort", "low"}}, {{"temperature", 1}}, {}},
      {"claude-haiku-4-5",
       {{"seed", 1}, {"logit_bias", {{"1", 2}}}, {"store", true}},
       json::object(),
       {"seed", "logit_bias", "store"}},
  };
  for (const auto& r : table) {
    SCOPED_TRACE(r.model + " " + r.asked.dump());
    const auto e = encode(r.asked, {.model = r.model});
    json sent = json::object();
    for (const char* name : {"temperature", "top_p", "top_k"}) {
      if (e.body.contains(name)) sent[name] = e.body[name];
    }
    EXPECT_EQ(sent, r.sent);
    auto dropped = e.dropped, expected = r.dropped;
    std::sort(dropped.begin(), dropped.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(dropped, expected);
  }
}

TEST(anthropic_encode, says_stop_user_and_tier_in_its_words) {
  const auto e = encode({{"stop", {"a\n", "\n\n", "b"}}, {"user", "u\"1"}, {"service_tier", "default"}});
  EXPECT_EQ(e.body["stop_sequences"], json::array({"a\n", "b"}));
  EXPECT_EQ(e.body["metadata"], json({{"user_id", "u\"1"}}));
  EXPECT_EQ(e.body["service_tier"], "standard_only");
  EXPECT_EQ(e.dropped, strings{"stop"});
  EXPECT_EQ(encode({{"stop", "x"}}).body["stop_sequences"], json::array({"x"}));
  EXPECT_EQ(encode({{"metadata", {{"user_id", "1"}}}}).body["metadata"], json({{"user_id", "1"}}));
  EXPECT_EQ(encode({{"metadata", {{"job", "1"}}}}).dropped, strings{"metadata"});
  EXPECT_EQ(encode({{"user", std::string(300, 'x')}}).dropped, strings{"user"});
}

TEST(anthropic_encode, searches_the_web_by_the_providers_tool) {
  const auto e = encode(
      {{"web_search_options",
        {{"search_context_size", "low"},
         {"user_location", {{"type", "approximate"}, {"approximate", {{"city", "Bern"}, {"country", "CH"}}}}}}}});
  EXPECT_EQ(e.body["tools"], json::parse(R"([{"type":"web_search_20250305","name":"web_search",
      "user_location":{"type":"approximate","city":"Bern","country":"CH"}}])"));
  EXPECT_EQ(e.dropped, strings{"web_search_options.search_context_size"});
  const auto own = json::parse(R"({"type":"web_fetch_20250910","name":"web_fetch","max_uses":2})");
  EXPECT_EQ(encode({{"tools", {own}}}).body["tools"], json::array({own}));
  EXPECT_EQ(encode({{"tools", {{{"type", "custom"}, {"custom", {{"name", "x"}}}}}}}).refused.param, "tools");
}

json schema_format(const json& schema) {
  return {{"response_format", {{"type", "json_schema"}, {"json_schema", {{"name", "person"}, {"schema", schema}}}}}};
}

TEST(anthropic_encode, asks_for_json_by_schema_where_the_model_has_it) {
  const auto schema = json::parse(R"({"type":"object","$schema":"x","properties":{"age":{"type":"integer","minimum":3,
      "description":"years"},"tags":{"type":"array","items":{"type":"object","properties":{"a":{"type":"string"}}},"minItems":1}},
      "required":["age"]})");
  const auto e = encode(schema_format(schema));
  EXPECT_EQ(e.body["output_config"]["format"], json::parse(R"({"type":"json_schema","schema":{"type":"object",
      "properties":{"age":{"type":"integer","description":"years\n\n{minimum: 3}"},
      "tags":{"type":"array","items":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false},"minItems":1}},
      "required":["age"],"additionalProperties":false}})"));
  EXPECT_FALSE(e.body.contains("tools"));
  EXPECT_EQ(e.memo, "");
}

TEST(anthropic_encode, answers_through_a_tool_where_a_schema_cannot_be_asked_for) {
  const auto open = json::parse(R"({"type":"object","properties":{"a":{"type":"object"}}})");
  const auto recursive =
      json::parse(R"({"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}}}}})");
  for (const auto& schema : {open, recursive}) {
    const auto e = encode(schema_format(schema));
    EXPECT_EQ(e.body["tool_choice"],
              json::parse(R"({"type":"tool","name":"person","disable_parallel_tool_use":true})"));
    EXPECT_EQ(e.body["tools"].size(), 1u);
    EXPECT_EQ(e.body["tools"][0]["input_schema"]["type"], "object");
    EXPECT_EQ(e.memo, "tool=person;");
  }
  const auto closed = json::parse(R"({"type":"object","properties":{"a":{"type":"string"}}})");
  EXPECT_EQ(encode(schema_format(closed), {.model = "claude-3-7-sonnet-20250219"}).memo, "tool=person;");
  EXPECT_EQ(encode(schema_format(closed), {.model = "claude-opus-4-8@default", .dialect = "vertex-anthropic"}).memo,
            "tool=person;");
}

TEST(anthropic_encode, lets_the_model_choose_between_tools_and_the_answer) {
  auto request = schema_format(json::parse(R"({"type":"object","properties":{"a":{"type":"string"}}})"));
  request["tools"] = json::array({function("person")});
  const asking old{.model = "claude-3-7-sonnet-20250219"};
  const auto e = encode(request, old);
  EXPECT_EQ(e.body["tool_choice"], json::parse(R"({"type":"any"})"));
  EXPECT_EQ(e.body["tools"][1]["name"], "json_answer");
  request["reasoning_effort"] = "low";
  const auto thinks = encode(request, old);
  EXPECT_EQ(thinks.body["tool_choice"], json::parse(R"({"type":"auto"})"));
  EXPECT_EQ(thinks.body["thinking"]["type"], "enabled");
  EXPECT_NE(thinks.body["system"].get<std::string>().find("json_answer"), std::string::npos);
}

TEST(anthropic_encode, asks_in_words_for_any_json_object) {
  const auto e = encode({{"response_format", {{"type", "json_object"}}}});
  EXPECT_NE(e.body["system"].get<std::string>().find("JSON object"), std::string::npos);
  EXPECT_EQ(e.memo, "json;");
}

TEST(anthropic_encode, keeps_tools_strict_where_their_schema_can_be) {
  auto strict = function("f");
  strict["function"]["strict"] = true;
  strict["function"]["parameters"] =
      json::parse(R"({"type":"object","properties":{"a":{"type":"integer","maximum":3}}})");
  const auto e = encode({{"tools", {strict}}});
  EXPECT_EQ(e.body["tools"], json::parse(R"([{"name":"f","strict":true,"input_schema":{"type":"object","properties":
      {"a":{"type":"integer","description":"{maximum: 3}"}},"additionalProperties":false}}])"));
  const auto old = encode({{"tools", {strict}}}, {.model = "claude-3-7-sonnet-20250219"});
  EXPECT_EQ(old.body["tools"][0]["input_schema"], strict["function"]["parameters"]);
  EXPECT_EQ(old.dropped, strings{"tools.function.strict"});
}

TEST(anthropic_encode, names_the_betas_of_the_providers_tools) {
  const auto computer =
      json::parse(R"({"type":"computer_20250124","name":"computer","display_width_px":9,"display_height_px":9})");
  const auto fetch = json::parse(R"({"type":"web_fetch_20250910","name":"web_fetch"})");
  const auto e = encode({{"tools", json::array({computer, fetch})}});
  EXPECT_NE(e.headers.find("anthropic-beta: computer-use-2025-01-24,web-fetch-2025-09-10\r\n"), std::string::npos);
  const auto vertex = encode({{"tools", json::array({computer, fetch})}},
                             {.model = "claude-sonnet-4-5", .dialect = "vertex-anthropic"});
  EXPECT_NE(vertex.headers.find("anthropic-beta: computer-use-2025-01-24\r\n"), std::string::npos);
}

TEST(anthropic_encode, lists_what_messages_say_that_it_cannot) {
  json named = user({{{"type", "image_url"}, {"image_url", {{"url", "https://x/y.png"}, {"detail", "low"}}}}});
  named["name"] = "Ada";
  EXPECT_EQ(encode(conversation(json::array({named}))).dropped,
            (strings{"messages[].name", "messages[].content[].image_url.detail"}));
}

TEST(anthropic_encode, refuses_what_would_change_the_question) {
  EXPECT_EQ(encode({{"n", 2}}).refused.param, "n");
  EXPECT_EQ(
      encode({{"modalities", {"text", "audio"}}, {"audio", {{"voice", "a"}, {"format", "wav"}}}}).refused.param.empty(),
      false);
}

TEST(vertex_anthropic_encode, names_the_model_in_the_path_and_the_version_in_the_body) {
  const asking how{.model = "claude-opus-4-8@default", .dialect = "vertex-anthropic"};
  const auto e = encode(json::object(), how);
  EXPECT_EQ(e.target, "/v1/projects/p/models/claude-opus-4-8@default:rawPredict");
  EXPECT_EQ(e.body["anthropic_version"], "vertex-2023-10-16");
  EXPECT_FALSE(e.body.contains("model"));
  EXPECT_EQ(e.headers.find("anthropic-version"), std::string::npos);
  EXPECT_NE(e.headers.find("authorization: Bearer sk-ant-1\r\n"), std::string::npos);
  EXPECT_EQ(encode({{"stream", true}}, how).target, "/v1/projects/p/models/claude-opus-4-8@default:streamRawPredict");
}

}  // namespace
}  // namespace spidergate::providers
