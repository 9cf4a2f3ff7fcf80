#include "asked.hpp"

#include <spidergate/core/base64.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;
using model::endpoint;

struct streamed {
  std::string out, content_type;
  stream_facts facts;
  bool fed = true, ended = false;

  [[nodiscard]] std::vector<json> chunks() const {
    std::vector<json> list;
    for (std::size_t at = 0; at < out.size();) {
      const auto end = out.find("\n\n", at);
      list.push_back(json::parse(out.substr(at + 6, end - at - 6)));
      at = end + 2;
    }
    return list;
  }
  [[nodiscard]] json last_delta() const { return chunks().back()["choices"][0]["delta"]; }
};

streamed feed(std::string_view bytes, std::string_view memo = {}, endpoint kind = endpoint::chat,
              std::size_t piece = 7) {
  const asked q(kind == endpoint::speech ? R"({"model":"m","input":"hi","voice":"Kore"})"
                                         : chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"),
                kind);
  streamed s;
  const auto decoder = find_dialect("gemini")->open_stream(about(q, memo), "text/event-stream");
  s.content_type = decoder->content_type();
  for (std::size_t at = 0; at < bytes.size() && s.fed; at += piece)
    s.fed = decoder->feed(std::string(bytes.substr(at, piece)), s.out);
  s.ended = decoder->end(s.out);
  s.facts = decoder->facts();
  return s;
}

std::string event(const std::string& parts, const std::string& reason = {}, const std::string& more = {}) {
  return R"(data: {"candidates":[{"content":{"parts":[)" + parts + "]}" +
         (reason.empty() ? "" : R"(,"finishReason":")" + reason + "\"") + more + "}]}\r\n\r\n";
}

TEST(gemini_stream, passes_text_thoughts_and_calls_on_as_they_come) {
  const auto s =
      feed(event(R"({"text":"hm","thought":true})") + event(R"({"text":"a"})") +
           event(R"({"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"S"},{"functionCall":{"name":"g"}})",
                 "STOP"));
  ASSERT_TRUE(s.ended);
  const auto chunks = s.chunks();
  EXPECT_EQ(chunks[0]["choices"][0]["delta"], json::parse(R"({"role":"assistant","reasoning_content":"hm"})"));
  EXPECT_EQ(chunks[1]["choices"][0]["delta"]["content"], "a");
  const auto& call = chunks[2]["choices"][0]["delta"]["tool_calls"][0];
  EXPECT_EQ(call["function"]["name"], "f");
  EXPECT_EQ(call["extra_content"]["google"]["thought_signature"], "S");
  EXPECT_EQ(chunks[3]["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"], R"({"a":1})");
  EXPECT_EQ(chunks[4]["choices"][0]["delta"]["reasoning_details"][0]["id"], call["id"]);
  EXPECT_EQ(chunks[5]["choices"][0]["delta"]["tool_calls"][0]["index"], 1);
  EXPECT_EQ(chunks[7]["choices"][0]["finish_reason"], "tool_calls");
  EXPECT_FALSE(s.facts.usage.has_value());
}

TEST(gemini_stream, reads_a_list_of_objects_however_it_is_cut) {
  const std::string list =
      "[{\n \"candidates\": [{\"content\": {\"parts\": [{\"text\": \"a}]{\\\"\"}]}}]\n}\n,\r\n"
      R"({"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3}})"
      "\n]\n";
  for (const std::size_t piece : {1u, 2u, 3u, 50u, 1000u}) {
    const auto s = feed(list, {}, endpoint::chat, piece);
    ASSERT_TRUE(s.ended) << piece;
    EXPECT_EQ(s.chunks()[0]["choices"][0]["delta"]["content"], "a}]{\"");
    EXPECT_EQ(s.facts.content_bytes, 6);
    EXPECT_EQ(s.facts.usage->prompt, 3);
  }
}

TEST(gemini_stream, an_error_inside_is_told_and_nothing_of_it_written) {
  const auto s =
      feed(event(R"({"text":"a"})") +
           "data: {\"error\":{\"code\":429,\"message\":\"slow down\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":"
           "[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"1.5s\"}]}}\n\n" +
           event(R"({"text":"b"})", "STOP"));
  EXPECT_TRUE(s.fed);
  EXPECT_FALSE(s.ended);
  ASSERT_TRUE(s.facts.error.has_value());
  EXPECT_EQ(s.facts.error->kind, error_class::rate_limited);
  EXPECT_EQ(s.facts.error->retry_after, std::chrono::milliseconds(1500));
  EXPECT_EQ(s.chunks().size(), 1u);
}

TEST(gemini_stream, a_stream_that_breaks_off_is_incomplete) {
  EXPECT_FALSE(feed(event(R"({"text":"a"})")).ended);
  EXPECT_FALSE(feed("").ended);
  EXPECT_FALSE(feed(event(R"({"text":"a"})") + "data: {\"candidates\":[{\"fin").ended);
}

TEST(gemini_stream, an_unusable_call_fails_before_content_and_only_ends_behind_it) {
  const auto early = feed(event("", "MALFORMED_FUNCTION_CALL"));
  EXPECT_TRUE(early.fed);
  ASSERT_TRUE(early.facts.error.has_value());
  EXPECT_TRUE(early.out.empty());
  const auto late = feed(event(R"({"text":"a"})") + event("", "MALFORMED_FUNCTION_CALL"));
  EXPECT_TRUE(late.ended);
  EXPECT_FALSE(late.facts.error.has_value());
}

TEST(gemini_stream, a_blocked_prompt_is_a_refusal) {
  const auto s = feed("data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n");
  ASSERT_TRUE(s.ended);
  EXPECT_EQ(s.chunks()[0]["choices"][0]["delta"]["refusal"], "The prompt was blocked by the provider (SAFETY).");
  EXPECT_EQ(s.chunks()[1]["choices"][0]["finish_reason"], "content_filter");
}

TEST(gemini_stream, what_is_no_stream_is_a_fault) {
  for (const auto* text : {"<html>", "data: <x>\n\n", "[{\"a\":1} x", "data: 3\n\n"}) {
    const auto s = feed(text);
    EXPECT_FALSE(s.fed) << text;
    EXPECT_EQ(s.facts.error->kind, error_class::failed);
  }
}

TEST(gemini_stream, an_answer_has_at_most_a_mebibyte) {
  const std::string big(1024 * 1024, 'x');
  EXPECT_FALSE(feed("data: {\"a\":\"" + big + "\"}\n\n", {}, endpoint::chat, 65'536).fed);
  EXPECT_FALSE(feed("[{\"a\":\"" + big + "\"}]", {}, endpoint::chat, 65'536).fed);
}

TEST(gemini_stream, small_parts_and_addresses_cited_often_do_not_make_much_of_little) {
  std::string parts, supports;
  for (int i = 0; i < 1'000; ++i) {
    parts += R"({"text":"a"},)";
    supports += R"({"segment":{"endIndex":)" + std::to_string(i) + R"(},"groundingChunkIndices":[0]},)";
  }
  parts.pop_back(), supports.pop_back();
  const auto stream = event(parts, "STOP",
                            R"(,"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.test/)" +
                                std::string(20'000, 'x') + R"("}}],"groundingSupports":[)" + supports + "]}");
  const auto s = feed(stream, {}, endpoint::chat, 4096);
  ASSERT_TRUE(s.ended);
  EXPECT_EQ(s.chunks()[0]["choices"][0]["delta"]["content"], std::string(1'000, 'a'));
  EXPECT_LT(s.out.size(), 8 * stream.size());
}

TEST(gemini_stream, the_answering_functions_arguments_are_content) {
  const auto s =
      feed(event(R"({"functionCall":{"name":"final_answer_in_json","args":{"a":1}}})", "STOP"), "format=tool");
  EXPECT_EQ(s.chunks()[0]["choices"][0]["delta"]["content"], R"({"a":1})");
  EXPECT_EQ(s.chunks()[1]["choices"][0]["finish_reason"], "stop");
}

TEST(gemini_speech, is_pcm_behind_a_head_that_says_how_it_sounds) {
  std::string data;
  append_base64(data, std::string("\x01\x02\x03\x04", 4));
  const auto part = R"({"inlineData":{"mimeType":"audio/L16;codec=pcm;rate=16000","data":")" + data + "\"}}";
  const auto stream = event(part) + event(part, "STOP");
  const auto wav = feed(stream, "wav", endpoint::speech);
  ASSERT_TRUE(wav.ended);
  EXPECT_EQ(wav.content_type, "audio/wav");
  ASSERT_EQ(wav.out.size(), 44u + 8u);
  EXPECT_EQ(wav.out.substr(0, 4) + wav.out.substr(8, 8), "RIFFWAVEfmt ");
  EXPECT_EQ(wav.out.substr(24, 4), std::string("\x80\x3e\x00\x00", 4));
  const auto pcm = feed(stream, "pcm", endpoint::speech);
  EXPECT_EQ(pcm.out, std::string("\x01\x02\x03\x04\x01\x02\x03\x04", 8));
  EXPECT_EQ(pcm.content_type, "audio/pcm");
}

TEST(gemini_speech, silence_and_refusals_are_errors) {
  const auto silent = feed(event("", "STOP"), "wav", endpoint::speech);
  EXPECT_FALSE(silent.ended);
  EXPECT_TRUE(silent.facts.error.has_value());
  const auto refused = feed(event("", "PROHIBITED_CONTENT"), "wav", endpoint::speech);
  EXPECT_EQ(refused.facts.error->kind, error_class::request_fault);
  EXPECT_TRUE(refused.out.empty());
}

}  // namespace
}  // namespace spidergate::providers
