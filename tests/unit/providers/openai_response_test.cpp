#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;

struct decoding {
  std::string out;
  answer_facts facts;
  std::optional<provider_error> error;
};

decoding decode(const asked& q, std::string body, std::string_view type = "application/json") {
  const std::size_t size = body.size();
  body.append(64, '\0');
  const auto r = openai_dialect().decode(about(q), type, std::string_view(body).substr(0, size));
  if (!r) return {{}, {}, r.error()};
  const auto& answer = std::get<client_answer>(*r);
  return {joined(answer.body), answer.facts, std::nullopt};
}

decoding decode_chat(const std::string& body) {
  return decode(asked(chat_body()), body);
}

std::string answer_with(const std::string& message, const std::string& more = "") {
  return R"({"id":"x","choices":[{"index":0,"message":)" + message + R"(,"finish_reason":"stop"}])" + more + "}";
}

TEST(openai_decode, passes_an_answer_byte_for_byte) {
  const auto body = " \n" + answer_with(R"({"role":"assistant","content":"h\u00e9","x":{"y":1}})",
                                        R"( ,"usage":{"prompt_tokens":3,"completion_tokens":0,"total_tokens":3})");
  const auto d = decode_chat(body);
  EXPECT_EQ(d.out, body);
  ASSERT_TRUE(d.facts.usage);
  EXPECT_EQ(d.facts.usage->prompt, 3);
  EXPECT_EQ(d.facts.usage->completion, 0);
  EXPECT_EQ(d.facts.text_bytes, 3);
}

TEST(openai_decode, believes_usage_only_when_it_can_be_true) {
  const auto usage = [](const std::string& u) {
    return decode_chat(answer_with(R"({"content":"a"})", ",\"usage\":" + u)).facts.usage;
  };
  for (const auto* bad :
       {"null", "{}", "[]", "7", R"({"prompt_tokens":-1,"completion_tokens":1})",
        R"({"prompt_tokens":"5","completion_tokens":1})", R"({"prompt_tokens":1.5,"completion_tokens":1})",
        R"({"prompt_tokens":1,"completion_tokens":1000000001})", R"({"prompt_tokens":1e300,"completion_tokens":1})",
        R"({"prompt_tokens":null,"completion_tokens":null})", R"({"completion_tokens":4})",
        R"({"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":-2}})",
        R"({"prompt_tokens":1,"completion_tokens":2,"completion_tokens_details":{"audio_tokens":-2}})",
        R"({"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"audio_tokens":"2"}})",
        R"({"prompt_tokens":1,"completion_tokens":2,"total_tokens":-3})", R"({"prompt_tokens":10,"total_tokens":5})",
        // More of the prompt is cached than there is, in the place where it is part of the prompt.
        R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":99}})",
        R"({"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":99}})"}) {
    EXPECT_FALSE(usage(bad)) << bad;
  }
  EXPECT_FALSE(decode_chat(answer_with(R"({"content":"a"})")).facts.usage);
  const auto full = usage(
      R"({"prompt_tokens":10.0,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}})");
  EXPECT_EQ(full->prompt, 10);
  EXPECT_EQ(full->cached, 4);
  EXPECT_EQ(full->completion, 5);
  EXPECT_EQ(full->reasoning, 2);
  EXPECT_EQ(
      usage(R"({"prompt_tokens":10,"completion_tokens":5,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":2})")
          ->cached,
      8);
  // xAI: reasoning beside completion, as the total tells.
  EXPECT_EQ(
      usage(
          R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}})")
          ->completion,
      25);
  // Mistral: sound beside the prompt.
  EXPECT_EQ(
      usage(
          R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"prompt_tokens_details":{"audio_tokens":100}})")
          ->prompt,
      110);
  EXPECT_EQ(usage(R"({"prompt_tokens":10,"total_tokens":15})")->completion, 5);
  EXPECT_EQ(usage(R"({"prompt_tokens":0,"completion_tokens":0})")->total(), 0);
}

struct usage_case {
  const char* json;
  model::usage read;
};

TEST(openai_decode, reads_every_provider_s_way_of_counting) {
  const usage_case cases[] = {
      // OpenAI, with sound on both sides.
      {R"({"prompt_tokens":50,"completion_tokens":30,"total_tokens":80,
           "prompt_tokens_details":{"cached_tokens":0,"audio_tokens":20},
           "completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":25}})",
       {.prompt = 50, .completion = 30, .audio_prompt = 20, .audio_completion = 25}},
      // OpenAI: written to the cache.
      {R"({"prompt_tokens":4020,"completion_tokens":4,"total_tokens":4024,
           "prompt_tokens_details":{"audio_tokens":0,"cache_write_tokens":4012,"cached_tokens":0}})",
       {.prompt = 4020, .cache_written = 4012, .completion = 4}},
      // Anthropic through a gateway: the cache is counted beside, and its total leaves it out or counts it in.
      {R"({"prompt_tokens":4,"completion_tokens":113,"total_tokens":117,
           "cache_creation_input_tokens":3522,"cache_read_input_tokens":1150})",
       {.prompt = 4676, .cached = 1150, .cache_written = 3522, .completion = 113}},
      {R"({"prompt_tokens":2000,"completion_tokens":10,"total_tokens":3160,
           "cache_creation_input_tokens":0,"cache_read_input_tokens":1150})",
       {.prompt = 3150, .cached = 1150, .completion = 10}},
      // The same counted as OpenAI does.
      {R"({"prompt_tokens":2000,"completion_tokens":10,"total_tokens":2010,
           "cache_creation_input_tokens":0,"cache_read_input_tokens":1150})",
       {.prompt = 2000, .cached = 1150, .completion = 10}},
      // DeepSeek.
      {R"({"prompt_tokens":390,"completion_tokens":22,"total_tokens":412,"prompt_tokens_details":{"cached_tokens":256},
           "completion_tokens_details":{"reasoning_tokens":17},
           "prompt_cache_hit_tokens":256,"prompt_cache_miss_tokens":134})",
       {.prompt = 390, .cached = 256, .completion = 22, .reasoning = 17}},
      {R"({"completion_tokens":22,"prompt_cache_hit_tokens":256,"prompt_cache_miss_tokens":134})",
       {.prompt = 390, .cached = 256, .completion = 22}},
      // Moonshot and Together, Mistral.
      {R"({"prompt_tokens":41,"completion_tokens":15,"total_tokens":56,"cached_tokens":7})",
       {.prompt = 41, .cached = 7, .completion = 15}},
      {R"({"completion_tokens":152,"num_cached_tokens":32,"prompt_tokens":979,"total_tokens":1131})",
       {.prompt = 979, .cached = 32, .completion = 152}},
      // Mistral: sound beside the prompt. xAI: reasoning beside the completion.
      {R"({"completion_tokens":15,"prompt_tokens":11,"total_tokens":401,
           "prompt_tokens_details":{"audio_tokens":375,"cached_tokens":9}})",
       {.prompt = 386, .cached = 9, .completion = 15, .audio_prompt = 375}},
      {R"({"prompt_tokens":741,"completion_tokens":15,"total_tokens":866,
           "prompt_tokens_details":{"text_tokens":741,"audio_tokens":0,"image_tokens":0,"cached_tokens":640},
           "completion_tokens_details":{"reasoning_tokens":110,"audio_tokens":0}})",
       {.prompt = 741, .cached = 640, .completion = 125, .reasoning = 110}},
      // What is missing from the total is missing once, though two parts are as large.
      {R"({"prompt_tokens":50,"completion_tokens":30,"total_tokens":100,
           "prompt_tokens_details":{"audio_tokens":20},"completion_tokens_details":{"reasoning_tokens":20}})",
       {.prompt = 50, .completion = 50, .reasoning = 20, .audio_prompt = 20}},
      // OpenRouter: reasoning counted with another tokenizer.
      {R"({"prompt_tokens":43,"completion_tokens":10,"total_tokens":53,
           "completion_tokens_details":{"reasoning_tokens":11}})",
       {.prompt = 43, .completion = 10, .reasoning = 10}},
      // Zero is a value, null is none.
      {R"({"prompt_tokens":5,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":0},
           "prompt_cache_hit_tokens":4})",
       {.prompt = 5}},
      {R"({"prompt_tokens":5,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":null},
           "prompt_cache_hit_tokens":4})",
       {.prompt = 5, .cached = 4}},
      {R"({"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":null,"completion_tokens_details":null})",
       {.prompt = 5, .completion = 1}},
  };
  for (const auto& [json, read] : cases) {
    const auto got = decode_chat(answer_with(R"({"content":"a"})", std::string(",\"usage\":") + json)).facts.usage;
    ASSERT_TRUE(got) << json;
    EXPECT_EQ(*got, read) << json;
  }
}

TEST(openai_decode, knows_what_is_no_answer) {
  const auto message = [](const std::string& body, std::string_view type = "application/json") {
    const auto d = decode(asked(chat_body()), body, type);
    EXPECT_TRUE(d.error.has_value()) << body;
    EXPECT_EQ(d.error ? d.error->kind : error_class::request_fault, error_class::failed) << body;
    return d.error ? d.error->message : "";
  };
  EXPECT_EQ(message(""), "The provider answered with an empty body.");
  EXPECT_EQ(message("<html>", "text/html"), "The provider answered with a page of HTML.");
  EXPECT_EQ(message("Bad gateway", "text/html"), "The provider answered with a page of HTML.");
  EXPECT_EQ(message(R"({"choices":[)"),
            "The provider's answer is not valid JSON: it ends inside an array at line 1, column 13.");
  EXPECT_EQ(message("[]"), "The provider's answer is JSON, but no object.");
  EXPECT_EQ(message("{}"), "The provider's answer holds no 'choices'.");
  EXPECT_EQ(message(R"({"choices":[]})"), "The provider's answer holds no 'choices'.");
  EXPECT_EQ(message(R"({"choices":{}})"), "The provider's answer holds no 'choices'.");
}

TEST(openai_decode, sees_an_error_behind_status_200) {
  const auto error = [](const std::string& body) { return decode_chat(body).error.value_or(provider_error{}); };
  EXPECT_EQ(error(R"({"error":{"message":"slow down","code":429}})").kind, error_class::rate_limited);
  EXPECT_EQ(error(R"({"error":{"message":"slow down","code":429}})").status, 429);
  EXPECT_EQ(error(R"({"error":"it broke"})").message, "it broke");
  EXPECT_EQ(error(R"({"object":"error","message":"overloaded","code":503})").kind, error_class::overloaded);
  EXPECT_EQ(error(R"({"choices":[{"finish_reason":"error","error":{"code":502,"message":"upstream"}}]})").kind,
            error_class::overloaded);
  EXPECT_FALSE(decode_chat(answer_with(R"({"content":"a"})", R"(,"error":null)")).error);
}

TEST(openai_decode, mends_tool_calls_only_where_they_are_broken) {
  const auto sound = answer_with(
      R"({"content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"},"extra":{"s":1}}]})");
  EXPECT_EQ(decode_chat(sound).out, sound);
  const auto broken = answer_with(
      R"({"content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":"\"x\""},"z":1},"extra":{"s":1}},{"id":7,"function":{"name":"g"}}]})");
  const auto calls = json::parse(decode_chat(broken).out)["choices"][0]["message"]["tool_calls"];
  EXPECT_EQ(calls[0]["type"], "function");
  EXPECT_EQ(json::parse(calls[0]["function"]["arguments"].get<std::string>()), json::parse(R"({"a":"\"x\""})"));
  EXPECT_EQ(calls[0]["function"]["z"], 1);
  EXPECT_EQ(calls[0]["extra"]["s"], 1);
  EXPECT_TRUE(calls[0]["id"].get<std::string>().starts_with("call_"));
  EXPECT_EQ(calls[1]["id"], "7");
  EXPECT_EQ(calls[1]["function"]["arguments"], "");
  EXPECT_EQ(decode_chat(broken).out, decode_chat(broken).out);
  const auto custom = answer_with(R"({"tool_calls":[{"id":"c","type":"custom","custom":{"name":"n","input":"i"}}]})");
  EXPECT_EQ(decode_chat(custom).out, custom);
}

TEST(openai_decode, gives_embeddings_the_form_that_was_asked_for) {
  const auto decode_as = [](const char* format, const std::string& vector) {
    const std::string body = R"({"object":"list","data":[{"index":0,"embedding":)" + vector +
                             R"(}],"usage":{"prompt_tokens":5,"total_tokens":5}})";
    const auto d = decode(asked(std::string(R"({"model":"m","input":"a","encoding_format":)") + format + "}",
                                model::endpoint::embeddings),
                          body);
    EXPECT_FALSE(d.error);
    EXPECT_EQ(d.facts.usage->prompt, 5);
    return json::parse(d.out)["data"][0]["embedding"].dump();
  };
  EXPECT_EQ(decode_as("\"base64\"", "[1.0, -2.5, 0, 3.0e-1]"), "\"AACAPwAAIMAAAAAAmpmZPg==\"");
  EXPECT_EQ(decode_as("\"float\"", "\"AACAPwAAIMAAAAAAmpmZPg==\""), "[1,-2.5,0,0.3]");
  EXPECT_EQ(decode_as("\"base64\"", "\"AACAPw==\""), "\"AACAPw==\"");
  EXPECT_EQ(decode_as("null", "[0.25,1e-60]"), "[0.25,1e-60]");
  EXPECT_EQ(decode_as("\"base64\"", "[1e-60]"), "\"AAAAAA==\"");
  EXPECT_EQ(decode_as("\"base64\"", "[1e60]"), "[1e+60]");
  EXPECT_EQ(decode_as("\"float\"", "\"not base64!\""), "\"not base64!\"");
  EXPECT_EQ(decode_as("\"base64\"", "[]"), "\"\"");
}

TEST(openai_decode, makes_a_stream_of_a_whole_answer) {
  const auto body = answer_with(R"({"role":"assistant","content":"hi",
      "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":{}}}]})",
                                R"(,"object":"chat.completion","usage":{"prompt_tokens":1,"completion_tokens":2}})");
  const asked q(chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  const auto events = whole_answer_as_events(body.substr(0, body.size() - 1));
  ASSERT_TRUE(events);
  const auto decoder = openai_dialect().open_stream(about(q), "text/event-stream");
  std::string out;
  EXPECT_TRUE(decoder->feed(*events, out));
  EXPECT_TRUE(decoder->end(out));
  EXPECT_TRUE(decoder->facts().finished);
  EXPECT_TRUE(decoder->facts().done);
  const auto end = out.find("\n\n");
  const auto chunk = json::parse(out.substr(6, end - 6));
  EXPECT_EQ(chunk["object"], "chat.completion.chunk");
  EXPECT_EQ(chunk["choices"][0]["delta"]["content"], "hi");
  EXPECT_EQ(chunk["choices"][0]["delta"]["tool_calls"][0]["index"], 0);
  EXPECT_EQ(chunk["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"], "{}");
  EXPECT_EQ(chunk["usage"], nullptr);
  EXPECT_EQ(json::parse(out.substr(end + 8))["usage"]["completion_tokens"], 2);
  EXPECT_FALSE(whole_answer_as_events("<html>"));
  EXPECT_FALSE(whole_answer_as_events(R"({"error":{"message":"no"}})"));
}

TEST(openai_decode, mistrals_parts_become_text_and_thoughts) {
  const auto d = decode_chat(answer_with(
      R"({"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"h\u00e9"},{"type":"text","text":"m"}]},{"type":"text","text":"a"},{"type":"reference","reference_ids":[1]},{"type":"text","text":"b"}]})"));
  EXPECT_EQ(d.out, answer_with(R"({"role":"assistant","content":"ab","reasoning_content":"h\u00e9m"})"));
  const auto other = answer_with(R"({"content":[{"type":"text","text":"a"},{"type":"image","x":1}]})");
  EXPECT_EQ(decode_chat(other).out, other);
}

TEST(openai_decode, sources_become_annotations_beside_what_the_provider_wrote) {
  const std::string sources =
      R"(,"citations":["u"],"search_results":[{"url":"u","title":"T"},{"url":"v","title":null}])";
  const auto annotations =
      R"("annotations":[{"type":"url_citation","url_citation":{"url":"u","title":"T","start_index":0,"end_index":0}},{"type":"url_citation","url_citation":{"url":"v","title":"v","start_index":0,"end_index":0}}])";
  EXPECT_EQ(decode_chat(answer_with(R"({"content":"a"})", sources)).out,
            answer_with("{" + std::string(annotations) + R"(,"content":"a"})", sources));
  const auto has = answer_with(R"({"content":"a","annotations":[{"type":"x"}]})", sources);
  EXPECT_EQ(decode_chat(has).out, has);
  const auto citations = R"(,"citations":["w"])";
  EXPECT_EQ(json::parse(decode_chat(answer_with(R"({"content":"a","annotations":[]})", citations))
                            .out)["choices"][0]["message"]["annotations"][0]["url_citation"]["url"],
            "w");
}

}  // namespace
}  // namespace spidergate::providers
