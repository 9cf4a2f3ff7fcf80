#include "asked.hpp"

#include <nlohmann/json.hpp>

namespace spidergate::providers::bedrock {
namespace {

using nlohmann::json;

boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
    std::string body, const asked& q, std::string_view memo = "show ",
    std::string_view model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0") {
  static std::string kept;
  kept = std::move(body);
  const std::size_t size = kept.size();
  kept.append(64, '\0');
  auto in = about(q, memo);
  in.model = model;
  return find_dialect("bedrock")->decode(in, "application/json", std::string_view(kept).substr(0, size));
}

json message_of(const client_answer& answer) {
  return json::parse(joined(answer.body))["choices"][0]["message"];
}

std::string answer_with(const std::string& content, const std::string& stop = "end_turn") {
  return R"({"output":{"message":{"role":"assistant","content":[)" + content + R"(]}},"stopReason":")" + stop +
         R"(","usage":{"inputTokens":5,"outputTokens":7,"totalTokens":30,"cacheReadInputTokens":10,)"
         R"("cacheWriteInputTokens":8,"cacheDetails":[{"ttl":"1h","inputTokens":6}]},"serviceTier":{"type":"flex"}})";
}

TEST(bedrock_response, counts_what_the_cache_gave_and_took_into_the_prompt) {
  const asked q(chat_body());
  const auto answer = final_of(decode(answer_with(R"({"text":"hi"})"), q));
  EXPECT_EQ(answer.facts.usage->prompt, 23);
  EXPECT_EQ(answer.facts.usage->cached, 10);
  EXPECT_EQ(answer.facts.usage->cache_written, 8);
  EXPECT_EQ(answer.facts.usage->cache_written_1h, 6);
  EXPECT_EQ(answer.facts.usage->total(), 30);
  EXPECT_EQ(json::parse(joined(answer.body))["service_tier"], "flex");
}

TEST(bedrock_response, every_stop_reason_has_its_finish) {
  const asked q(chat_body());
  const std::vector<std::pair<std::string, std::string>> cases{{"end_turn", "stop"},
                                                               {"stop_sequence", "stop"},
                                                               {"max_tokens", "length"},
                                                               {"model_context_window_exceeded", "length"},
                                                               {"guardrail_intervened", "content_filter"},
                                                               {"content_filtered", "content_filter"},
                                                               {"something_new", "stop"}};
  for (const auto& [reason, finish] : cases) {
    const auto answer = final_of(decode(answer_with(R"({"text":"hi"})", reason), q));
    EXPECT_EQ(json::parse(joined(answer.body))["choices"][0]["finish_reason"], finish) << reason;
  }
  const auto malformed = decode(answer_with("", "malformed_tool_use"), q);
  ASSERT_FALSE(malformed.has_value());
  EXPECT_EQ(malformed.error().kind, error_class::failed);
}

TEST(bedrock_response, calls_thinking_and_images_come_through) {
  const asked q(chat_body());
  const auto answer = final_of(decode(
      answer_with(R"({"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},{"text":"Look: "},)"
                  R"({"image":{"format":"png","source":{"bytes":"aGk="}}},)"
                  R"({"toolUse":{"toolUseId":"t1","name":"weather","input":{"city":"Paris"},"type":"tool_use"}},)"
                  R"({"toolUse":{"toolUseId":"t2","name":"nova_grounding","input":{},"type":"server_tool_use"}})",
                  "tool_use"),
      q));
  const auto message = message_of(answer);
  EXPECT_EQ(message["content"], "Look: ");
  EXPECT_EQ(message["reasoning_content"], "hm");
  EXPECT_EQ(message["reasoning_details"][0]["signature"], "s");
  EXPECT_EQ(message["images"][0]["image_url"]["url"], "data:image/png;base64,aGk=");
  ASSERT_EQ(message["tool_calls"].size(), 1U);
  EXPECT_EQ(json::parse(message["tool_calls"][0]["function"]["arguments"].get<std::string>())["city"], "Paris");
  EXPECT_EQ(answer.facts.usage->web_searches, 1);
}

TEST(bedrock_response, citations_point_at_the_characters_they_are_about) {
  const asked q(chat_body());
  const auto answer = final_of(decode(
      answer_with(
          R"({"text":"Né: "},{"citationsContent":{"content":[{"text":"Ruby is old."}],"citations":[)"
          R"({"location":{"web":{"url":"https://r.org/a","domain":"r.org"}}},{"title":"facts","location":{}}]}})"),
      q));
  const auto message = message_of(answer);
  EXPECT_EQ(message["content"], "Né: Ruby is old.");
  const auto& cited = message["annotations"][0]["url_citation"];
  EXPECT_EQ(cited["url"], "https://r.org/a");
  EXPECT_EQ(cited["start_index"], 4);
  EXPECT_EQ(cited["end_index"], 16);
  EXPECT_EQ(message["citations"][0]["title"], "facts");
}

TEST(bedrock_response, the_tool_that_stands_for_json_is_the_content) {
  const asked q(chat_body());
  const auto answer = final_of(
      decode(answer_with(R"({"text":"Sure!"},{"toolUse":{"toolUseId":"t","name":"json_response","input":{"a":1}}})",
                         "tool_use"),
             q, "show json_response"));
  EXPECT_EQ(json::parse(message_of(answer)["content"].get<std::string>()), json({{"a", 1}}));
  EXPECT_EQ(json::parse(joined(answer.body))["choices"][0]["finish_reason"], "stop");
}

TEST(bedrock_response, an_error_with_status_200_is_one) {
  const asked q(chat_body());
  const auto decoded = decode(R"({"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"}})", q);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().kind, error_class::no_such_model);
}

TEST(bedrock_response, vectors_images_and_ranks_come_in_the_clients_form) {
  const asked vectors(R"({"model":"m","input":"hi","encoding_format":"float"})", model::endpoint::embeddings);
  const auto titan = final_of(decode(R"({"embedding":[0.5,1],"inputTextTokenCount":3})", vectors));
  EXPECT_EQ(json::parse(joined(titan.body))["data"][0]["embedding"], json({0.5, 1}));
  EXPECT_EQ(titan.facts.usage->prompt, 3);
  const auto cohere = final_of(decode(R"({"embeddings":{"float":[[1],[2]]}})", vectors));
  EXPECT_EQ(json::parse(joined(cohere.body))["data"][1]["embedding"], json({2}));
  EXPECT_FALSE(cohere.facts.usage.has_value());
  const asked base64(R"({"model":"m","input":"hi","encoding_format":"base64"})", model::endpoint::embeddings);
  const auto packed = final_of(decode(R"({"embedding":[1]})", base64));
  EXPECT_EQ(json::parse(joined(packed.body))["data"][0]["embedding"], "AACAPw==");

  const asked picture(R"({"model":"m","prompt":"a cat"})", model::endpoint::images);
  const auto images = final_of(decode(R"({"images":["aGk=","aG8="],"error":null})", picture));
  EXPECT_EQ(json::parse(joined(images.body))["data"][1]["b64_json"], "aG8=");
  EXPECT_EQ(images.facts.usage->images, 2);
  const auto filtered = decode(R"({"images":[null],"finish_reasons":["Filter reason: prompt"]})", picture);
  ASSERT_FALSE(filtered.has_value());
  EXPECT_EQ(filtered.error().kind, error_class::request_fault);

  const asked order(R"({"model":"m","query":"q","documents":["a","b"]})", model::endpoint::rerank);
  const auto ranks = final_of(decode(R"({"results":[{"index":1,"relevance_score":0.9}]})", order));
  EXPECT_EQ(json::parse(joined(ranks.body))["results"][0]["index"], 1);
  EXPECT_EQ(ranks.facts.usage->searches, 1);
}

}  // namespace
}  // namespace spidergate::providers::bedrock
