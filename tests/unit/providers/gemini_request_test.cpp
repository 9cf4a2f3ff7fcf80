#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;
using model::endpoint;

struct sent {
  json body;
  std::string target, headers, memo;
  std::vector<std::string> dropped;
  refusal refused;
};

sent encode(const std::string& text, std::string_view model = "gemini-2.5-flash", endpoint kind = endpoint::chat,
            std::string_view dialect = "gemini", std::string_view base = "/v1beta") {
  const asked q(text, kind);
  catalogue::provider provider;
  provider.id = std::string(dialect);
  provider.auth = catalogue::auth_style::header;
  provider.auth_name = "x-goog-api-key";
  const credential secret{secret_string("AIza-1"), {}};
  const std::vector<std::pair<std::string, std::string>> forwarded;
  auto encoded = find_dialect(dialect)->encode({.asked = q.request,
                                                .provider = provider,
                                                .base_path = base,
                                                .model = model,
                                                .secret = secret,
                                                .forwarded_headers = forwarded,
                                                .authority = "host.test"});
  if (!encoded) return {.refused = encoded.error()};
  return {json::parse(joined(encoded->body)),
          encoded->target,
          encoded->headers,
          encoded->memo,
          encoded->dropped_params,
          {}};
}

std::string messages(const std::string& list, const std::string& more = {}) {
  return R"({"model":"m","messages":[)" + list + "]" + more + "}";
}

json contents(const std::string& list, std::string_view model = "gemini-2.5-flash") {
  return encode(messages(list), model).body.value("contents", json());
}

constexpr auto weather =
    R"({"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}})";

TEST(gemini_encode, asks_at_the_models_address_with_the_key_in_a_header) {
  const auto whole = encode(chat_body());
  EXPECT_EQ(whole.target, "/v1beta/models/gemini-2.5-flash:generateContent");
  EXPECT_NE(whole.headers.find("x-goog-api-key: AIza-1\r\n"), std::string::npos);
  EXPECT_EQ(encode(chat_body(R"(,"stream":true)")).target,
            "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  EXPECT_EQ(encode(chat_body(), "tunedModels/mine").target, "/v1beta/tunedModels/mine:generateContent");
  EXPECT_EQ(encode(chat_body(), "gemini-2.5-pro", endpoint::chat, "vertex", "/v1/projects/p/locations/l").target,
            "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent");
  EXPECT_EQ(encode(chat_body(), "123", endpoint::chat, "vertex", "/v1/x").target,
            "/v1/x/endpoints/123:generateContent");
}

TEST(gemini_encode, gathers_the_first_system_messages_and_leaves_later_ones_in_their_place) {
  const auto body = encode(messages(R"({"role":"system","content":"a"},{"role":"developer","content":"b"},
    {"role":"user","content":"c"},{"role":"assistant","content":"d"},{"role":"system","content":"e"},{"role":"user","content":"f"})"))
                        .body;
  EXPECT_EQ(body["systemInstruction"], json::parse(R"({"parts":[{"text":"a"},{"text":"b"}]})"));
  EXPECT_EQ(body["contents"],
            json::parse(R"([{"role":"user","parts":[{"text":"c"}]},{"role":"model","parts":[{"text":"d"}]},
    {"role":"user","parts":[{"text":"e"},{"text":"f"}]}])"));
}

TEST(gemini_encode, makes_a_system_prompt_without_a_question_the_question) {
  const auto body = encode(messages(R"({"role":"system","content":"a"})")).body;
  EXPECT_EQ(body["contents"], json::parse(R"([{"role":"user","parts":[{"text":"a"}]}])"));
  EXPECT_FALSE(body.contains("systemInstruction"));
}

TEST(gemini_encode, pairs_results_with_calls_by_id_and_keeps_them_a_turn_of_their_own) {
  const auto body = contents(R"({"role":"user","content":"q"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
      {"id":"2","type":"function","function":{"name":"g","arguments":""}}]},
    {"role":"tool","tool_call_id":"2","content":"[1]"},{"role":"tool","tool_call_id":"1","content":"{\"x\": 2}"},
    {"role":"user","content":"go on"})");
  EXPECT_EQ(body, json::parse(R"([{"role":"user","parts":[{"text":"q"}]},
    {"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1},"id":"1"}},{"functionCall":{"name":"g","args":{},"id":"2"}}]},
    {"role":"user","parts":[{"functionResponse":{"name":"g","id":"2","response":{"result":"[1]"}}},
      {"functionResponse":{"name":"f","id":"1","response":{"x":2}}}]},
    {"role":"user","parts":[{"text":"go on"}]}])"));
}

TEST(gemini_encode, shows_images_of_results_behind_all_of_them) {
  const auto body = contents(R"({"role":"user","content":"q"},
    {"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},
      {"id":"2","type":"function","function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"1","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
    {"role":"tool","tool_call_id":"2","content":"no","is_error":true})");
  ASSERT_EQ(body.size(), 4u);
  EXPECT_EQ(body[2]["parts"][1]["functionResponse"]["response"], json::parse(R"({"error":"no"})"));
  EXPECT_EQ(body[3]["parts"], json::parse(R"([{"inlineData":{"mimeType":"image/png","data":"AAAA"}}])"));
}

TEST(gemini_encode, refuses_a_result_that_belongs_to_no_call) {
  const auto s = encode(messages(R"({"role":"user","content":"q"},{"role":"tool","tool_call_id":"9","content":"x"})"));
  EXPECT_EQ(s.refused.param, "messages[1].tool_call_id");
}

TEST(gemini_encode, gives_signatures_back_to_what_they_came_with) {
  const std::string calls = R"("tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}])";
  const auto with = [&](const std::string& more, std::string_view model) {
    return contents(R"({"role":"user","content":"q"},{"role":"assistant",)" + more + "}", model)[1]["parts"];
  };
  const auto by_id = with(
      calls +
          R"(,"reasoning_details":[{"type":"reasoning.encrypted","format":"google-gemini-v1","id":"1","data":"S"}])",
      "gemini-3-pro");
  EXPECT_EQ(by_id[0]["thoughtSignature"], "S");
  const auto own = with(
      R"("tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"T"}}}])",
      "gemini-3-pro");
  EXPECT_EQ(own[0]["thoughtSignature"], "T");
  const auto text = with(
      R"("content":"t","reasoning_details":[{"type":"reasoning.encrypted","format":"google-gemini-v1","data":"U"}])",
      "gemini-2.5-pro");
  EXPECT_EQ(text[0]["thoughtSignature"], "U");
  const auto foreign = with(
      calls +
          R"(,"reasoning_details":[{"type":"reasoning.encrypted","format":"anthropic-claude-v1","id":"1","data":"S"}])",
      "gemini-2.5-pro");
  EXPECT_FALSE(foreign[0].contains("thoughtSignature"));
  EXPECT_EQ(with(calls, "gemini-3-pro")[0]["thoughtSignature"], "skip_thought_signature_validator");
  EXPECT_FALSE(with(calls, "gemini-2.5-pro")[0].contains("thoughtSignature"));
}

TEST(gemini_encode, passes_media_on_inline_and_by_address) {
  const auto part = [](const std::string& one, std::string_view dialect = "gemini") {
    return encode(messages(R"({"role":"user","content":[)" + one + "]}"), "gemini-2.5-flash", endpoint::chat, dialect)
        .body["contents"][0]["parts"][0];
  };
  EXPECT_EQ(part(R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"mp3"}})"),
            json::parse(R"({"inlineData":{"mimeType":"audio/mpeg","data":"AAAA"}})"));
  EXPECT_EQ(part(R"({"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA","filename":"a.pdf"}})"),
            json::parse(R"({"inlineData":{"mimeType":"application/pdf","data":"AAAA"}})"));
  EXPECT_EQ(part(R"({"type":"image_url","image_url":{"url":"https://x.test/a.PNG?b=1"}})"),
            json::parse(R"({"fileData":{"fileUri":"https://x.test/a.PNG?b=1","mimeType":"image/png"}})"));
  EXPECT_EQ(part(R"({"type":"video_url","video_url":{"url":"https://youtu.be/x"}})"),
            json::parse(R"({"fileData":{"fileUri":"https://youtu.be/x"}})"));
  EXPECT_EQ(part(R"({"type":"video_url","video_url":{"url":"https://youtu.be/x"}})", "vertex")["fileData"]["mimeType"],
            "video/mp4");
  EXPECT_EQ(part(R"({"type":"file","file":{"file_id":"files/abc"}})")["fileData"]["fileUri"],
            "https://host.test/v1beta/files/abc");
  EXPECT_EQ(
      encode(messages(R"({"role":"user","content":[{"type":"file","file":{"file_id":"file-abc"}}]})")).refused.param,
      "messages[0].content[0].file");
}

TEST(gemini_encode, sends_sampling_and_limits_as_they_are_called_here) {
  const auto s = encode(chat_body(
      R"(,"temperature":0.5,"top_p":0.9,"top_k":3,"seed":7,"frequency_penalty":0.1,"presence_penalty":0.2,"max_completion_tokens":9,"n":2,"stop":["a","b"],"logprobs":true,"top_logprobs":3)"));
  EXPECT_EQ(s.body["generationConfig"],
            json::parse(R"({"temperature":0.5,"topP":0.9,"topK":3,"seed":7,"frequencyPenalty":0.1,
    "presencePenalty":0.2,"maxOutputTokens":9,"candidateCount":2,"stopSequences":["a","b"],"responseLogprobs":true,"logprobs":3})"));
  EXPECT_TRUE(s.dropped.empty());
}

TEST(gemini_encode, lists_what_it_leaves_out_and_refuses_what_it_cannot_do) {
  EXPECT_EQ(encode(chat_body(R"(,"store":true,"parallel_tool_calls":false,"logit_bias":{"1":2},"user":"u")")).dropped,
            (std::vector<std::string>{"store", "parallel_tool_calls", "logit_bias", "user"}));
  EXPECT_EQ(encode(chat_body(R"(,"stop":["1","2","3","4","5","6"])")).refused.param, "stop");
  EXPECT_EQ(encode(chat_body(R"(,"n":9)")).refused.param, "n");
  EXPECT_EQ(
      encode(chat_body(R"(,"modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"})")).refused.param,
      "audio");
  EXPECT_EQ(encode(chat_body(R"(,"reasoning_effort":"low")"), "gemini-2.0-flash").dropped,
            std::vector<std::string>{"reasoning_effort"});
}

TEST(gemini_encode, says_how_much_to_think_in_each_generations_way) {
  const auto thinking = [](const std::string& wish, std::string_view model) {
    return encode(chat_body("," + wish), model)
        .body.value("generationConfig", json::object())
        .value("thinkingConfig", json());
  };
  const auto budget = [&](const std::string& wish, std::string_view model) {
    return thinking(wish, model).value("thinkingBudget", -1);
  };
  EXPECT_EQ(budget(R"("reasoning_effort":"medium")", "gemini-2.5-flash"), 8192);
  EXPECT_EQ(budget(R"("reasoning_effort":"none")", "gemini-2.5-flash"), 0);
  EXPECT_EQ(budget(R"("reasoning_effort":"none")", "gemini-2.5-pro"), 128);
  EXPECT_EQ(budget(R"("thinking":{"type":"enabled","budget_tokens":2000})", "gemini-2.5-flash"), 2000);
  EXPECT_EQ(budget(R"("reasoning":{"max_tokens":100})", "gemini-2.5-flash-lite"), 512);
  EXPECT_EQ(thinking(R"("reasoning_effort":"low")", "gemini-3-flash"),
            json::parse(R"({"includeThoughts":true,"thinkingLevel":"low"})"));
  EXPECT_EQ(thinking(R"("reasoning_effort":"none")", "gemini-3.5-flash"),
            json::parse(R"({"thinkingLevel":"minimal"})"));
  EXPECT_EQ(thinking(R"("reasoning_effort":"medium")", "gemini-3-pro-preview")["thinkingLevel"], "high");
  EXPECT_EQ(thinking(R"("reasoning_effort":"medium")", "gemini-3.1-pro-preview")["thinkingLevel"], "medium");
  EXPECT_EQ(thinking(R"("reasoning":{"effort":"high","exclude":true})", "gemini-3-flash"),
            json::parse(R"({"thinkingLevel":"high"})"));
  EXPECT_EQ(thinking(R"("reasoning":{"enabled":true})", "gemini-2.5-flash"),
            json::parse(R"({"includeThoughts":true})"));
}

TEST(gemini_encode, says_which_tools_may_be_called) {
  const auto config = [](const std::string& choice) {
    return encode(chat_body(std::string(R"(,"tools":[)") + weather +
                            R"(,{"type":"function","function":{"name":"1st"}}],"tool_choice":)" + choice))
        .body.value("toolConfig", json::object())
        .value("functionCallingConfig", json());
  };
  EXPECT_EQ(config(R"("auto")")["mode"], "AUTO");
  EXPECT_EQ(config(R"("none")")["mode"], "NONE");
  EXPECT_EQ(config(R"("required")"), json::parse(R"({"mode":"ANY"})"));
  EXPECT_EQ(config(R"({"type":"function","function":{"name":"1st"}})"),
            json::parse(R"({"mode":"ANY","allowedFunctionNames":["_1st"]})"));
  EXPECT_EQ(
      config(
          R"({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"weather"}}]}})"),
      json::parse(R"({"mode":"ANY","allowedFunctionNames":["weather"]})"));
  const auto few = encode(chat_body(
      std::string(R"(,"tools":[)") + weather +
      R"(,{"type":"function","function":{"name":"1st"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"1st"}}]}})"));
  EXPECT_EQ(few.body["tools"], json::parse(R"([{"functionDeclarations":[{"name":"_1st"}]}])"));
}

TEST(gemini_encode, gives_schemas_whole_where_they_are_taken_and_in_openapis_subset_elsewhere) {
  const std::string format =
      R"(,"response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"type":"object","properties":{"a":{"type":["string","null"]}},"additionalProperties":false}}})";
  const auto now = encode(chat_body(format)).body["generationConfig"];
  EXPECT_EQ(now["responseMimeType"], "application/json");
  EXPECT_EQ(now["responseJsonSchema"]["additionalProperties"], false);
  const auto then = encode(chat_body(format), "gemini-2.0-flash").body["generationConfig"]["responseSchema"];
  EXPECT_EQ(then, json::parse(R"({"type":"object","properties":{"a":{"type":"string","nullable":true}}})"));
}

TEST(gemini_encode, answers_by_a_function_where_tools_and_a_format_exclude_each_other) {
  const std::string both =
      std::string(R"(,"tools":[)") + weather +
      R"(],"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object"}}})";
  const auto old = encode(chat_body(both));
  EXPECT_EQ(old.memo, "format=tool");
  EXPECT_EQ(old.body["tools"][0]["functionDeclarations"][1]["name"], "final_answer_in_json");
  EXPECT_EQ(old.body["toolConfig"]["functionCallingConfig"]["mode"], "ANY");
  EXPECT_FALSE(old.body.value("generationConfig", json::object()).contains("responseMimeType"));
  const auto now = encode(chat_body(both), "gemini-3-flash");
  EXPECT_EQ(now.memo, "");
  EXPECT_EQ(now.body["generationConfig"]["responseMimeType"], "application/json");
  EXPECT_EQ(encode(chat_body(std::string(R"(,"tools":[)") + weather + R"(],"response_format":{"type":"json_object"})"))
                .refused.param,
            "response_format");
}

TEST(gemini_encode, searches_when_asked) {
  EXPECT_EQ(encode(chat_body(R"(,"web_search_options":{})")).body["tools"], json::parse(R"([{"googleSearch":{}}])"));
  const auto both = std::string(R"(,"web_search_options":{},"tools":[)") + weather + "]";
  EXPECT_EQ(encode(chat_body(both)).refused.param, "tools");
  EXPECT_EQ(encode(chat_body(both), "gemini-3-flash").body["toolConfig"],
            json::parse(R"({"includeServerSideToolInvocations":true})"));
}

TEST(gemini_encode, carries_what_only_google_has) {
  const auto body =
      encode(
          chat_body(
              R"(,"cached_content":"cachedContents/1","safety_settings":[{"category":"c"}],"extra_body":{"google":{"thinking_config":{"thinking_budget":5}}})"))
          .body;
  EXPECT_EQ(body["cachedContent"], "cachedContents/1");
  EXPECT_EQ(body["safetySettings"], json::parse(R"([{"category":"c"}])"));
  EXPECT_EQ(body["generationConfig"]["thinkingConfig"], json::parse(R"({"thinking_budget":5})"));
}

TEST(gemini_encode, embeds_in_batches_and_on_vertex_by_prediction) {
  const std::string text = R"({"model":"m","input":["a","b"],"dimensions":4})";
  const auto s = encode(text, "gemini-embedding-001", endpoint::embeddings);
  EXPECT_EQ(s.target, "/v1beta/models/gemini-embedding-001:batchEmbedContents");
  EXPECT_EQ(
      s.body["requests"][1],
      json::parse(
          R"({"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]},"outputDimensionality":4})"));
  const auto v = encode(text, "text-embedding-005", endpoint::embeddings, "vertex", "/v1/p");
  EXPECT_EQ(v.target, "/v1/p/publishers/google/models/text-embedding-005:predict");
  EXPECT_EQ(v.body,
            json::parse(R"({"instances":[{"content":"a"},{"content":"b"}],"parameters":{"outputDimensionality":4}})"));
  EXPECT_EQ(encode(R"({"model":"m","input":[1,2]})", "gemini-embedding-001", endpoint::embeddings).refused.param,
            "input");
}

TEST(gemini_encode, makes_images_by_imagen_and_by_gemini) {
  const auto imagen = encode(R"({"model":"m","prompt":"p","n":2,"size":"1792x1024","quality":"hd"})",
                             "imagen-4.0-generate-001", endpoint::images);
  EXPECT_EQ(imagen.target, "/v1beta/models/imagen-4.0-generate-001:predict");
  EXPECT_EQ(imagen.body,
            json::parse(R"({"instances":[{"prompt":"p"}],"parameters":{"sampleCount":2,"aspectRatio":"16:9"}})"));
  EXPECT_EQ(imagen.dropped, std::vector<std::string>{"quality"});
  const auto gemini =
      encode(R"({"model":"m","prompt":"p","size":"1536x1024"})", "gemini-2.5-flash-image", endpoint::images);
  EXPECT_EQ(gemini.body["generationConfig"],
            json::parse(R"({"responseModalities":["TEXT","IMAGE"],"imageConfig":{"aspectRatio":"3:2"}})"));
  EXPECT_EQ(encode(R"({"model":"m","prompt":"p","n":2})", "gemini-2.5-flash-image", endpoint::images).refused.param,
            "n");
}

TEST(gemini_encode, speaks_wav_and_pcm_with_voices_of_its_own) {
  const auto s =
      encode(R"({"model":"m","input":"hi","voice":"Kore","instructions":"Say it softly","response_format":"pcm"})",
             "gemini-2.5-flash-preview-tts", endpoint::speech);
  EXPECT_EQ(s.memo, "pcm");
  EXPECT_EQ(s.body["contents"][0]["parts"][0]["text"], "Say it softly:\nhi");
  EXPECT_EQ(s.body["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"], "Kore");
  EXPECT_EQ(encode(R"({"model":"m","input":"hi","voice":"Kore","response_format":"mp3"})", "t", endpoint::speech)
                .refused.param,
            "response_format");
  EXPECT_EQ(encode(R"({"model":"m","input":"hi","voice":"alloy"})", "t", endpoint::speech).refused.param, "voice");
}

}  // namespace
}  // namespace spidergate::providers
