#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;
using model::endpoint;

const dialect& gemini() {
  return *find_dialect("gemini");
}

struct answered {
  json body;
  answer_facts facts;
  std::optional<provider_error> error;
};

answered decode(std::string text, const std::string& question = chat_body(), endpoint kind = endpoint::chat,
                std::string_view memo = {}) {
  const asked q(question, kind);
  const std::size_t size = text.size();
  text.append(64, '\0');
  auto decoded = gemini().decode(about(q, memo), "application/json", std::string_view(text).substr(0, size));
  if (!decoded) return {{}, {}, decoded.error()};
  const auto& answer = std::get<client_answer>(*decoded);
  return {json::parse(joined(answer.body)), answer.facts, std::nullopt};
}

std::string candidate(const std::string& parts, const std::string& reason = "STOP", const std::string& more = {}) {
  return R"({"candidates":[{"content":{"role":"model","parts":[)" + parts + R"(]},"finishReason":")" + reason + "\"" +
         more + R"(}],"responseId":"r1","modelVersion":"gemini-x"})";
}

json choice(const std::string& text) {
  return decode(text).body.at("choices").at(0);
}

TEST(gemini_decode, keeps_thoughts_and_text_apart) {
  const auto c =
      choice(candidate(R"({"text":"hm \"x\"","thought":true},{"text":"a"},{"text":"b","thoughtSignature":"S"})"));
  EXPECT_EQ(c["message"]["content"], "ab");
  EXPECT_EQ(c["message"]["reasoning_content"], "hm \"x\"");
  EXPECT_EQ(c["message"]["reasoning_details"],
            json::parse(R"([{"type":"reasoning.encrypted","data":"S","format":"google-gemini-v1","index":0}])"));
  EXPECT_EQ(c["finish_reason"], "stop");
}

TEST(gemini_decode, makes_calls_with_ids_texts_as_arguments_and_signatures_beside_them) {
  const auto c = choice(candidate(
      R"({"functionCall":{"name":"_1st","args":{ "a" : "x \"y\" \\ é", "b":[1, 2] }},"thoughtSignature":"S"},{"functionCall":{"name":"g","id":"own"}})"));
  const auto& calls = c["message"]["tool_calls"];
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0]["function"]["name"], "1st");
  EXPECT_EQ(calls[0]["function"]["arguments"], R"({"a":"x \"y\" \\ é","b":[1,2]})");
  EXPECT_EQ(calls[0]["extra_content"]["google"]["thought_signature"], "S");
  EXPECT_FALSE(calls[0]["id"].get<std::string>().empty());
  EXPECT_EQ(c["message"]["reasoning_details"][0]["id"], calls[0]["id"]);
  EXPECT_EQ(calls[1]["id"], "own");
  EXPECT_EQ(calls[1]["function"]["arguments"], "{}");
  EXPECT_EQ(c["finish_reason"], "tool_calls");
}

TEST(gemini_decode, the_answering_functions_arguments_are_the_answer) {
  const auto a = decode(candidate(R"({"functionCall":{"name":"final_answer_in_json","args":{"a":1}}})"), chat_body(),
                        endpoint::chat, "format=tool");
  EXPECT_EQ(a.body["choices"][0]["message"]["content"], R"({"a":1})");
  EXPECT_EQ(a.body["choices"][0]["finish_reason"], "stop");
}

TEST(gemini_decode, knows_every_reason_to_finish) {
  for (const auto& [reason, wanted] :
       std::vector<std::pair<std::string, std::string>>{{"STOP", "stop"},
                                                        {"MAX_TOKENS", "length"},
                                                        {"SAFETY", "content_filter"},
                                                        {"RECITATION", "content_filter"},
                                                        {"BLOCKLIST", "content_filter"},
                                                        {"PROHIBITED_CONTENT", "content_filter"},
                                                        {"SPII", "content_filter"},
                                                        {"LANGUAGE", "content_filter"},
                                                        {"IMAGE_SAFETY", "content_filter"},
                                                        {"OTHER", "stop"},
                                                        {"NEW_WORD", "stop"},
                                                        {"MALFORMED_FUNCTION_CALL", "stop"}}) {
    const auto c = choice(candidate(R"({"text":"a"})", reason));
    EXPECT_EQ(c["finish_reason"], wanted) << reason;
    EXPECT_EQ(c.value("native_finish_reason", ""), reason);
  }
}

TEST(gemini_decode, an_unusable_call_is_a_failure_that_another_attempt_may_mend) {
  for (const auto* reason : {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE"}) {
    const auto a = decode(candidate("", reason, R"f(,"finishMessage":"print(x)")f"));
    ASSERT_TRUE(a.error.has_value()) << reason;
    EXPECT_EQ(a.error->kind, error_class::failed);
    EXPECT_EQ(a.error->message, "print(x)");
  }
}

TEST(gemini_decode, a_blocked_prompt_is_a_refusal) {
  const auto c =
      choice(R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":3}})");
  EXPECT_EQ(c["finish_reason"], "content_filter");
  EXPECT_EQ(c["message"]["refusal"], "The prompt was blocked by the provider (PROHIBITED_CONTENT).");
  EXPECT_TRUE(c["message"]["content"].is_null());
}

TEST(gemini_decode, counts_tools_reading_thoughts_cache_sound_and_images) {
  const auto a = decode(R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{
    "promptTokenCount":100,"toolUsePromptTokenCount":20,"candidatesTokenCount":7,"thoughtsTokenCount":5,"totalTokenCount":132,
    "cachedContentTokenCount":40,"promptTokensDetails":[{"modality":"TEXT","tokenCount":50},{"modality":"AUDIO","tokenCount":30},{"modality":"IMAGE","tokenCount":20}],
    "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":10},{"modality":"TEXT","tokenCount":30}],
    "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":6}]}})");
  ASSERT_TRUE(a.facts.usage.has_value());
  model::usage wanted;
  wanted.prompt = 120, wanted.cached = 40, wanted.completion = 12, wanted.reasoning = 5;
  wanted.audio_prompt = 20, wanted.image_prompt = 20, wanted.image_completion = 6;
  EXPECT_EQ(*a.facts.usage, wanted);
}

TEST(gemini_decode, counts_thoughts_once_where_the_candidates_hold_them) {
  const auto a = decode(R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{
    "promptTokenCount":10,"candidatesTokenCount":7,"thoughtsTokenCount":5,"totalTokenCount":17}})");
  EXPECT_EQ(a.facts.usage->completion, 7);
}

TEST(gemini_decode, impossible_or_absent_usage_is_none) {
  for (const auto* usage : {R"({"promptTokenCount":-1})", R"({"promptTokenCount":1.5})",
                            R"({"promptTokenCount":5,"cachedContentTokenCount":9})", "{}"}) {
    const auto a =
        decode(R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":)" +
               std::string(usage) + "}");
    EXPECT_FALSE(a.facts.usage.has_value()) << usage;
  }
}

TEST(gemini_decode, cites_with_places_in_characters_not_bytes) {
  const auto c = choice(candidate(
      R"({"text":"é \u00e9\ud83d\ude00 fact. tail"})", "STOP",
      R"(,"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.test","title":"A"}},{"web":{"uri":"https://b.test"}}],
      "groundingSupports":[{"segment":{"startIndex":10,"endIndex":15},"groundingChunkIndices":[0]}]})"));
  const auto& notes = c["message"]["annotations"];
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(
      notes[0],
      json::parse(
          R"({"type":"url_citation","url_citation":{"url":"https://a.test","title":"A","start_index":5,"end_index":10}})"));
  EXPECT_EQ(notes[1]["url_citation"], json::parse(R"({"url":"https://b.test","title":""})"));
}

TEST(gemini_decode, hands_out_images_and_logprobs) {
  const auto c = choice(candidate(
      R"({"inlineData":{"mimeType":"image/png","data":"AAAA"}})", "STOP",
      R"(,"logprobsResult":{"chosenCandidates":[{"token":"é","logProbability":-0.5}],"topCandidates":[{"candidates":[{"token":"a","logProbability":-1}]}]})"));
  EXPECT_EQ(c["message"]["images"][0]["image_url"]["url"], "data:image/png;base64,AAAA");
  EXPECT_EQ(
      c["logprobs"]["content"][0],
      json::parse(
          R"({"token":"é","logprob":-0.5,"bytes":[195,169],"top_logprobs":[{"token":"a","logprob":-1,"bytes":[97]}]})"));
}

TEST(gemini_decode, puts_a_list_of_answers_together) {
  const auto a = decode("[" + candidate(R"({"text":"a"})", "") + ",\n" + candidate(R"({"text":"b"})") + "]");
  EXPECT_EQ(a.body["choices"][0]["message"]["content"], "ab");
}

TEST(gemini_decode, what_is_no_answer_is_said_to_be_none) {
  for (const auto* text : {"", "<html>", "{}", "[]", "3", "{\"candidates\":[]}", "{\"candidates\""})
    EXPECT_TRUE(decode(text).error.has_value()) << text;
  EXPECT_EQ(decode(R"({"error":{"code":503,"message":"m","status":"UNAVAILABLE"}})").error->kind,
            error_class::overloaded);
}

TEST(gemini_decode, gives_vectors_as_asked) {
  const std::string said =
      R"({"embeddings":[{"values":[0.5, -1]},{"values":[2,3]}],"usageMetadata":{"promptTokenCount":4}})";
  const auto floats = decode(said, R"({"model":"m","input":"a"})", endpoint::embeddings);
  EXPECT_EQ(floats.body["data"][0], json::parse(R"({"object":"embedding","index":0,"embedding":[0.5,-1]})"));
  EXPECT_EQ(floats.body["usage"]["prompt_tokens"], 4);
  const auto packed = decode(said, R"({"model":"m","input":"a","encoding_format":"base64"})", endpoint::embeddings);
  EXPECT_EQ(packed.body["data"][0]["embedding"], "AAAAPwAAgL8=");
  EXPECT_EQ(packed.body["data"][1]["index"], 1);
}

TEST(gemini_decode, gives_images_as_data_and_as_addresses_that_hold_it) {
  const std::string said =
      R"({"predictions":[{"mimeType":"image/png","bytesBase64Encoded":"AAAA","prompt":"better"},{"mimeType":"image/png","bytesBase64Encoded":"BBBB"}]})";
  const auto data = decode(said, R"({"model":"m","prompt":"p"})", endpoint::images);
  EXPECT_EQ(data.body["data"][0], json::parse(R"({"revised_prompt":"better","b64_json":"AAAA"})"));
  EXPECT_EQ(data.facts.usage->images, 2);
  const auto url = decode(said, R"({"model":"m","prompt":"p","response_format":"url"})", endpoint::images);
  EXPECT_EQ(url.body["data"][1]["url"], "data:image/png;base64,BBBB");
  const auto filtered = decode(R"({"predictions":[{"raiFilteredReason":"no spiders"}]})",
                               R"({"model":"m","prompt":"p"})", endpoint::images);
  EXPECT_EQ(filtered.error->kind, error_class::request_fault);
  EXPECT_NE(filtered.error->message.find("no spiders"), std::string::npos);
}

}  // namespace
}  // namespace spidergate::providers
