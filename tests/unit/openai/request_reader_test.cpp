#include <spidergate/openai/request_reader.hpp>

#include <gtest/gtest.h>

#include <string>

namespace spidergate::openai {
namespace {

using model::api_errc;
using model::endpoint;

/// Keeps the body that the request's views look at.
struct reading {
  explicit reading(std::string text, endpoint kind = endpoint::chat) : body(std::move(text)) {
    const std::size_t size = body.size();
    body.append(64, '\0');
    auto outcome = read_request(kind, std::string_view(body).substr(0, size));
    if (outcome) {
      request = std::move(*outcome);
    } else {
      error = outcome.error();
    }
  }
  std::string body;
  std::optional<model::inference_request> request;
  std::optional<model::api_error> error;
};

std::string chat(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + more + "}";
}
std::string messages(const std::string& list) {
  return R"({"model":"m","messages":[)" + list + "]}";
}

void expect_error(const std::string& body, api_errc code, std::string_view param, std::string_view message,
                  endpoint kind = endpoint::chat) {
  const reading r(body, kind);
  ASSERT_TRUE(r.error.has_value()) << body;
  EXPECT_EQ(r.error->code, code) << body;
  EXPECT_EQ(r.error->param, param) << body;
  EXPECT_EQ(r.error->message, message) << body;
}

TEST(read_request, notes_the_facts_and_the_members) {
  const reading r(R"({"model":"gpt\u002d4o","messages":[{"role":"user","content":"hi"}],"stream":true,
      "stream_options":{"include_usage":true},"max_tokens":5,"max_completion_tokens":7,"n":2,"x_new":[1,2]})");
  ASSERT_TRUE(r.request);
  EXPECT_EQ(r.request->model, "gpt-4o");
  EXPECT_TRUE(r.request->stream);
  EXPECT_TRUE(r.request->include_usage);
  EXPECT_EQ(r.request->max_tokens, 7);
  EXPECT_EQ(r.request->choices, 2);
  ASSERT_EQ(r.request->members.size(), 8u);
  EXPECT_EQ(r.request->find("x_new")->value, "[1,2]");
  EXPECT_EQ(r.request->find("max_tokens")->whole, "\"max_tokens\":5");
  EXPECT_EQ(r.request->find("nothing"), nullptr);
}

TEST(read_request, says_where_json_is_broken) {
  expect_error("", api_errc::invalid_json, "", "The request body is empty; a JSON object is expected.");
  expect_error("{\"model\":\n \"m\",}", api_errc::invalid_json, "",
               "The request body is not valid JSON: expected a member's name in double quotes at line 2, column 6.");
  expect_error(
      chat("") + "x", api_errc::invalid_json, "",
      "The request body is not valid JSON: there is something behind the end of the value at line 1, column 58.");
  expect_error("[1]", api_errc::invalid_json, "", "The request body must be a JSON object, but it is an array.");
  expect_error("\"text\"", api_errc::invalid_json, "", "The request body must be a JSON object, but it is a string.");
  expect_error(chat(R"(,"x":"\ud83d")"), api_errc::invalid_json, "",
               "The request body is not valid JSON: a string holds half of a surrogate pair at line 1, column 63.");
  expect_error(chat(",\"x\":\"\xc3\x28\""), api_errc::invalid_json, "",
               "The request body is not valid JSON: it is not valid UTF-8 at line 1, column 63.");
  const reading deep(chat(",\"x\":" + std::string(100'000, '[')));
  EXPECT_EQ(deep.error->code, api_errc::invalid_json);
}

TEST(read_request, passes_over_a_byte_order_mark) {
  const reading r("\xEF\xBB\xBF" + chat(""));
  ASSERT_TRUE(r.request);
  EXPECT_TRUE(r.request->body.starts_with('{'));
}

TEST(read_request, wants_model_and_content) {
  expect_error("{}", api_errc::missing_field, "model", "Missing required parameter: 'model'.");
  expect_error(R"({"model":"m"})", api_errc::missing_field, "messages", "Missing required parameter: 'messages'.");
  expect_error(R"({"model":"m"})", api_errc::missing_field, "prompt", "Missing required parameter: 'prompt'.",
               endpoint::completions);
  expect_error(R"({"model":"m"})", api_errc::missing_field, "input", "Missing required parameter: 'input'.",
               endpoint::embeddings);
  expect_error(R"({"model":null,"messages":[]})", api_errc::invalid_value, "model",
               "Invalid type for 'model': expected a string, but got null instead.");
  expect_error(R"({"model":"","messages":[]})", api_errc::invalid_value, "model", "Invalid 'model': it is empty.");
  const reading moderation(R"({"input":"x"})", endpoint::moderations);
  ASSERT_TRUE(moderation.request);
  EXPECT_EQ(moderation.request->model, "omni-moderation-latest");
}

TEST(read_request, refuses_a_field_that_two_readers_could_read_differently) {
  expect_error(chat(R"(,"model":"other")"), api_errc::invalid_value, "model",
               "Duplicate parameter: 'model' is given twice.");
  expect_error(chat(R"(,"max_tokens":1,"max_tokens":2)"), api_errc::invalid_value, "max_tokens",
               "Duplicate parameter: 'max_tokens' is given twice.");
  expect_error(chat(R"(,"stream":null,"stream":true)"), api_errc::invalid_value, "stream",
               "Duplicate parameter: 'stream' is given twice.");
  expect_error(chat(R"(,"mod\u0065l":"other")"), api_errc::invalid_value, R"(mod\u0065l)",
               R"(Unrecognized parameter: 'mod\u0065l'. Did you mean 'model'?)");
  expect_error(chat(R"(,"MODEL":"other")"), api_errc::invalid_value, "MODEL",
               "Unrecognized parameter: 'MODEL'. Did you mean 'model'?");
  EXPECT_TRUE(reading(chat(R"(,"unknown":1,"unknown":2)")).request);
}

TEST(read_request, checks_types_and_ranges) {
  expect_error(chat(R"(,"stream":"true")"), api_errc::invalid_value, "stream",
               "Invalid type for 'stream': expected a boolean, but got a string instead.");
  expect_error(chat(R"(,"n":0)"), api_errc::invalid_value, "n",
               "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.");
  expect_error(chat(R"(,"n":129)"), api_errc::invalid_value, "n",
               "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.");
  expect_error(chat(R"(,"max_tokens":-1)"), api_errc::invalid_value, "max_tokens",
               "Invalid 'max_tokens': integer below minimum value. Expected a value >= 0, but got -1 instead.");
  expect_error(chat(R"(,"max_tokens":1.5)"), api_errc::invalid_value, "max_tokens",
               "Invalid type for 'max_tokens': expected an integer, but got a decimal number instead.");
  expect_error(chat(R"(,"max_tokens":99999999999999999999)"), api_errc::invalid_value, "max_tokens",
               "Invalid 'max_tokens': the integer does not fit into 64 bits.");
  expect_error(chat(R"(,"temperature":"hot")"), api_errc::invalid_value, "temperature",
               "Invalid type for 'temperature': expected a number, but got a string instead.");
  expect_error(chat(R"(,"stop":[1])"), api_errc::invalid_value, "stop[0]",
               "Invalid type for 'stop[0]': expected a string, but got a number instead.");
  expect_error(chat(R"(,"stream_options":{"include_usage":1})"), api_errc::invalid_value,
               "stream_options.include_usage",
               "Invalid type for 'stream_options.include_usage': expected a boolean, but got a number instead.");
  EXPECT_TRUE(
      reading(chat(R"(,"temperature":99,"n":null,"stop":null,"stream":null,"max_tokens":null,"tools":null)")).request);
  EXPECT_EQ(reading(chat(R"(,"max_tokens":100.0)")).request->max_tokens, 100);
}

TEST(read_request, checks_messages) {
  expect_error(
      messages(""), api_errc::invalid_value, "messages",
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.");
  expect_error(R"({"model":"m","messages":"hi"})", api_errc::invalid_value, "messages",
               "Invalid type for 'messages': expected an array of objects, but got a string instead.");
  expect_error(messages(R"({"role":"user","content":"a"},1)"), api_errc::invalid_value, "messages[1]",
               "Invalid type for 'messages[1]': expected an object, but got a number instead.");
  expect_error(messages(R"({"content":"a"})"), api_errc::missing_field, "messages[0].role",
               "Missing required parameter: 'messages[0].role'.");
  expect_error(messages(R"({"role":"wizard","content":"a"})"), api_errc::invalid_value, "messages[0].role",
               "Invalid value: 'wizard'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and "
               "'developer'.");
  expect_error(messages(R"({"role":"user"})"), api_errc::missing_field, "messages[0].content",
               "Missing required parameter: 'messages[0].content'.");
  expect_error(
      messages(R"({"role":"user","content":null})"), api_errc::invalid_value, "messages[0].content",
      "Invalid type for 'messages[0].content': expected a string or an array of objects, but got null instead.");
  expect_error(messages(R"({"role":"user","content":[{"type":"text"}]})"), api_errc::missing_field,
               "messages[0].content[0].text", "Missing required parameter: 'messages[0].content[0].text'.");
  expect_error(messages(R"({"role":"user","content":[{"type":"image_url","image_url":{}}]})"), api_errc::missing_field,
               "messages[0].content[0].image_url.url",
               "Missing required parameter: 'messages[0].content[0].image_url.url'.");
  expect_error(messages(R"({"role":"assistant","tool_calls":{}})"), api_errc::invalid_value, "messages[0].tool_calls",
               "Invalid type for 'messages[0].tool_calls': expected an array of objects, but got an object instead.");
  for (const auto* role : {"system", "developer", "user", "assistant", "tool", "function"}) {
    EXPECT_TRUE(reading(messages(std::string(R"({"role":")") + role + R"(","content":"x"})")).request) << role;
  }
  EXPECT_TRUE(reading(messages(R"({"role":"assistant","content":null,"tool_calls":[{"id":"c"}]})")).request);
  EXPECT_TRUE(
      reading(messages(R"({"role":"user","content":[{"type":"hologram","x":1},{"type":"refusal","refusal":"no"}]})"))
          .request);
}

TEST(read_request, keeps_messages_short_whatever_the_client_wrote) {
  const reading r(messages(R"({"role":")" + std::string(100'000, 'x') + R"(","content":"a"})"));
  EXPECT_LT(r.error->message.size(), 1100u);
}

TEST(read_request, sees_what_a_model_must_be_able_to_do) {
  const reading image(
      messages(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]})"));
  EXPECT_TRUE(image.request->needs.images);
  EXPECT_FALSE(image.request->needs.audio);
  EXPECT_TRUE(
      reading(
          messages(R"({"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]})"))
          .request->needs.audio);
  EXPECT_TRUE(
      reading(messages(R"({"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]})")).request->needs.files);
  EXPECT_TRUE(reading(chat(R"(,"tools":[{"type":"function","function":{"name":"f"}}])")).request->needs.tools);
  EXPECT_FALSE(reading(chat(R"(,"tools":[])")).request->needs.tools);
  EXPECT_TRUE(reading(chat(R"(,"response_format":{"type":"json_schema","json_schema":{"name":"s"}})"))
                  .request->needs.json_schema);
  EXPECT_FALSE(reading(chat(R"(,"response_format":{"type":"json_object"})")).request->needs.json_schema);
  EXPECT_TRUE(reading(chat(R"(,"modalities":["text","audio"])")).request->needs.audio);
  expect_error(chat(R"(,"tools":[{"type":"function"}])"), api_errc::missing_field, "tools[0].function",
               "Missing required parameter: 'tools[0].function'.");
  expect_error(chat(R"(,"response_format":{"type":"json_schema"})"), api_errc::missing_field,
               "response_format.json_schema", "Missing required parameter: 'response_format.json_schema'.");
}

TEST(read_request, estimates_the_prompt_from_above) {
  const auto text = reading(messages(R"({"role":"user","content":")" + std::string(3000, 'a') + R"("})"))
                        .request->estimated_prompt_tokens;
  EXPECT_GE(text, 1000);
  EXPECT_LE(text, 1020);
  const std::string picture(1'000'000, 'A');
  const auto image =
      reading(messages(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
                       picture + R"("}}]})"));
  EXPECT_GE(image.request->estimated_prompt_tokens, 1000);
  EXPECT_LE(image.request->estimated_prompt_tokens, 1050);
  EXPECT_EQ(reading(R"({"model":"m","input":[[1,2,3],[4]]})", endpoint::embeddings).request->estimated_prompt_tokens,
            4);
}

TEST(read_request, reads_inputs_of_every_shape) {
  for (const auto* input :
       {R"("text")", R"(["a","b"])", "[1,2]", "[[1],[2]]", R"([{"type":"text","text":"a"}])", R"("")"}) {
    EXPECT_TRUE(reading(std::string(R"({"model":"m","input":)") + input + "}", endpoint::embeddings).request) << input;
  }
  expect_error(R"({"model":"m","input":[]})", api_errc::invalid_value, "input",
               "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.",
               endpoint::embeddings);
  expect_error(R"({"model":"m","input":{"a":1}})", api_errc::invalid_value, "input",
               "Invalid type for 'input': expected a string or an array, but got an object instead.",
               endpoint::embeddings);
  expect_error(R"({"model":"m","prompt":["a",true]})", api_errc::invalid_value, "prompt[1]",
               "Invalid type for 'prompt[1]': expected a string or tokens, but got a boolean instead.",
               endpoint::completions);
  EXPECT_TRUE(
      reading(R"({"model":"m","input":"x","encoding_format":"base64"})", endpoint::embeddings).request->wants_base64);
}

TEST(read_request, reads_the_gateways_own_options) {
  const reading r(chat(
      R"(,"spidergate_options":{"fallback_models":["a/b","c"],"retry_count":2,"timeout_ms":1500,"cache":{"ttl_seconds":60},
      "tags":["t"],"metadata":{"k":1}},"x-routing-hints":{"priority":"cost"},"x-fallback-chain":["x/y"],"strict_params":true)"));
  ASSERT_TRUE(r.request) << r.error->message;
  const auto& o = r.request->options;
  EXPECT_EQ(o.fallback_models, (std::vector<std::string>{"a/b", "c"}));
  EXPECT_EQ(o.retry_count, 2);
  EXPECT_EQ(o.timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(o.cache, R"({"ttl_seconds":60})");
  EXPECT_EQ(o.tags, std::vector<std::string>{"t"});
  EXPECT_EQ(o.metadata, R"({"k":1})");
  EXPECT_EQ(o.routing_hints, R"({"priority":"cost"})");
  EXPECT_EQ(o.fallback_chain, std::vector<std::string>{"x/y"});
  EXPECT_TRUE(o.strict_params);

  const auto option = [](const std::string& text) { return chat(R"(,"spidergate_options":{)" + text + "}"); };
  expect_error(option(R"("retry_count":"2")"), api_errc::invalid_value, "spidergate_options.retry_count",
               "Invalid type for 'spidergate_options.retry_count': expected an integer, but got a string instead.");
  expect_error(option(R"("retry_count":6)"), api_errc::invalid_value, "spidergate_options.retry_count",
               "Invalid 'spidergate_options.retry_count': integer above maximum value. Expected a value <= 5, but got "
               "6 instead.");
  expect_error(option(R"("cache":"maybe")"), api_errc::invalid_value, "spidergate_options.cache",
               "Invalid value: 'maybe'. Supported values are: 'no-cache', 'no-store', and an object with ttl_seconds.");
  expect_error(option(R"("tags":["a",1])"), api_errc::invalid_value, "spidergate_options.tags[1]",
               "Invalid type for 'spidergate_options.tags[1]': expected a string, but got a number instead.");
  expect_error(option(R"("fallback_model":["a"])"), api_errc::invalid_value, "spidergate_options.fallback_model",
               "Unknown option: 'spidergate_options.fallback_model'. Supported are: fallback_models, retry_count, "
               "timeout_ms, cache, tags, and metadata.");
  expect_error(chat(R"(,"x-routing-hints":"cost")"), api_errc::invalid_value, "x-routing-hints",
               "Invalid type for 'x-routing-hints': expected an object, but got a string instead.");
  expect_error(chat(R"(,"x-fallback-chain":"a")"), api_errc::invalid_value, "x-fallback-chain",
               "Invalid type for 'x-fallback-chain': expected an array of strings, but got a string instead.");
}

TEST(prompt_bound, is_at_least_a_token_for_every_byte_of_text) {
  const std::string text =
      R"({"model":"m","messages":[{"role":"user","content":"\u4e2d x"}],"new_field":"counts too"})";
  EXPECT_EQ(reading(text).request->most_prompt_tokens, static_cast<std::int64_t>(text.size()));
}

TEST(prompt_bound, counts_pictures_apart_from_their_bytes) {
  const auto r = reading(
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
      std::string(100'000, 'A') + R"("}},{"type":"image_url","image_url":"https://a/b.png"}]}]})");
  EXPECT_EQ(r.request->images, 2);
  EXPECT_LT(r.request->most_prompt_tokens, 300);
  EXPECT_FALSE(r.request->unsized_media);
}

TEST(prompt_bound, grows_with_sound_and_documents_and_tells_what_it_cannot_see) {
  const auto with = [](const std::string& part) {
    return reading(R"({"model":"m","messages":[{"role":"user","content":[)" + part + "]}]}");
  };
  const auto data = std::string(16'000, 'A');
  const auto sound = with(R"({"type":"input_audio","input_audio":{"data":")" + data + R"(","format":"mp3"}})");
  EXPECT_GE(sound.request->most_prompt_tokens, 1000);
  EXPECT_LE(sound.request->most_prompt_tokens, 1200);
  const auto document = with(R"({"type":"file","file":{"file_data":")" + data + R"("}})");
  EXPECT_GE(document.request->most_prompt_tokens, 16'000);
  EXPECT_FALSE(document.request->unsized_media);
  EXPECT_TRUE(with(R"({"type":"file","file":{"file_id":"file-1"}})").request->unsized_media);
  EXPECT_TRUE(with(R"({"type":"video_url","video_url":{"url":"https://a/b"}})").request->unsized_media);
}

TEST(answers, are_made_for_each_choice_of_each_prompt) {
  const auto answers = [](const std::string& more, endpoint kind) {
    return reading(R"({"model":"m",)" + more + "}", kind).request->answers;
  };
  EXPECT_EQ(answers(R"("messages":[{"role":"user","content":"a"}],"n":3)", endpoint::chat), 3);
  EXPECT_EQ(answers(R"("prompt":"a")", endpoint::completions), 1);
  EXPECT_EQ(answers(R"("prompt":["a","b"],"n":2)", endpoint::completions), 4);
  EXPECT_EQ(answers(R"("prompt":["a","b"],"n":2,"best_of":5)", endpoint::completions), 10);
  EXPECT_EQ(answers(R"("prompt":[[1,2],[3]])", endpoint::completions), 2);
  EXPECT_EQ(answers(R"("prompt":[1,2,3])", endpoint::completions), 1);
}

}  // namespace
}  // namespace spidergate::openai
