#include "asked.hpp"

#include <nlohmann/json.hpp>

#include <functional>

namespace spidergate::providers::bedrock {
namespace {

using nlohmann::json;

struct sent {
  json body;
  wire_request wire;
  std::optional<refusal> refused;
};

struct options {
  std::string model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  model::endpoint kind = model::endpoint::chat;
  bool keys = false;
};

sent encode(const json& request, const options& how = {}) {
  auto body = request;
  if (!body.contains("model")) body["model"] = "m";
  const asked q(body.dump(), how.kind);
  catalogue::provider provider;
  provider.id = "bedrock";
  provider.auth = catalogue::auth_style::sigv4;
  credential secret;
  if (how.keys) {
    secret.settings.emplace_back("access_key_id", secret_string("AKIDEXAMPLE"));
    secret.settings.emplace_back("secret_access_key", secret_string("very-secret"));
    secret.settings.emplace_back("session_token", secret_string("session-1"));
    secret.settings.emplace_back("region", secret_string("eu-west-1"));
  } else {
    secret.key = secret_string("ABSK-1");
  }
  auto encoded = find_dialect("bedrock")->encode({.asked = q.request,
                                                  .provider = provider,
                                                  .base_path = "",
                                                  .model = how.model,
                                                  .secret = secret,
                                                  .forwarded_headers = {},
                                                  .authority = "bedrock-runtime.eu-west-1.amazonaws.com",
                                                  .now = 1'440'938'160'000});
  if (!encoded) return {json(), {}, encoded.error()};
  sent s;
  s.body = json::parse(joined(encoded->body));
  s.wire = std::move(*encoded);
  return s;
}

json chat(const std::vector<json>& messages, const json& more = json::object()) {
  json request{{"messages", messages}};
  request.update(more);
  return request;
}

json user(const std::vector<json>& parts) {
  return {{"role", "user"}, {"content", parts}};
}

json user(const char* content) {
  return {{"role", "user"}, {"content", content}};
}

const json weather{{"type", "function"}, {"function", {{"name", "weather"}, {"parameters", {{"type", "object"}}}}}};
const json call{{"role", "assistant"},
                {"content", nullptr},
                {"tool_calls",
                 {{{"id", "call_1"}, {"type", "function"}, {"function", {{"name", "weather"}, {"arguments", "{}"}}}}}}};
const json result{{"role", "tool"}, {"tool_call_id", "call_1"}, {"content", "30 degrees"}};

TEST(bedrock_request, merges_neighbours_of_one_role_and_puts_results_with_the_user) {
  const auto s = encode(chat({{{"role", "system"}, {"content", "Be brief."}},
                              user("a"),
                              user("b"),
                              call,
                              result,
                              user("and now?"),
                              {{"role", "developer"}, {"content", "Be kind."}}},
                             {{"tools", json::array({weather})}}));
  EXPECT_EQ(s.body["system"], json::parse(R"([{"text":"Be brief."},{"text":"Be kind."}])"));
  EXPECT_EQ(s.body["messages"], json::parse(R"([
    {"role":"user","content":[{"text":"a"},{"text":"b"}]},
    {"role":"assistant","content":[{"toolUse":{"toolUseId":"call_1","name":"weather","input":{}}}]},
    {"role":"user","content":[{"toolResult":{"toolUseId":"call_1","content":[{"text":"30 degrees"}]}},
                              {"text":"and now?"}]}])"));
}

TEST(bedrock_request, every_tool_choice_is_carried_or_refused) {
  const auto with = [](const json& choice, const std::string& model) {
    return encode(chat({user("?")}, {{"tools", json::array({weather})}, {"tool_choice", choice}}), {.model = model});
  };
  const std::string claude = "anthropic.claude-sonnet-4-5-20250929-v1:0", llama = "us.meta.llama3-3-70b-instruct-v1:0";
  const json named{{"type", "function"}, {"function", {{"name", "weather"}}}};
  EXPECT_FALSE(with("auto", claude).body["toolConfig"].contains("toolChoice"));
  EXPECT_EQ(with("required", claude).body["toolConfig"]["toolChoice"], json::parse(R"({"any":{}})"));
  EXPECT_EQ(with(named, claude).body["toolConfig"]["toolChoice"], json::parse(R"({"tool":{"name":"weather"}})"));
  EXPECT_FALSE(with("none", claude).body.contains("toolConfig"));
  EXPECT_EQ(with("required", llama).refused->param, "tool_choice");
  EXPECT_EQ(with(named, "qwen.qwen3-32b-v1:0").body["toolConfig"]["toolChoice"], json::parse(R"({"any":{}})"));
  const auto none =
      encode(chat({user("?"), call, result}, {{"tools", json::array({weather})}, {"tool_choice", "none"}}));
  EXPECT_EQ(none.refused->param, "tool_choice");
}

TEST(bedrock_request, a_history_with_tools_brings_its_tools) {
  const auto s = encode(chat({user("?"), call, result}));
  EXPECT_EQ(s.body["toolConfig"]["tools"][0]["toolSpec"]["name"], "weather");
}

TEST(bedrock_request, media_go_as_data_or_from_a_bucket_only) {
  const auto image = [](const std::string& url) {
    return encode(chat({user(std::vector<json>{{{"type", "image_url"}, {"image_url", {{"url", url}}}}})}));
  };
  EXPECT_EQ(image("data:image/jpg;base64,aGk=").body["messages"][0]["content"][0],
            json::parse(R"({"image":{"format":"jpeg","source":{"bytes":"aGk="}}})"));
  EXPECT_EQ(image("s3://bucket/cat.png").body["messages"][0]["content"][0],
            json::parse(R"({"image":{"format":"png","source":{"s3Location":{"uri":"s3://bucket/cat.png"}}}})"));
  EXPECT_EQ(image("https://example.com/cat.png").refused->param, "messages[0].content[0].image_url");
  EXPECT_EQ(image("data:image/tiff;base64,aGk=").refused->param, "messages[0].content[0].image_url");
}

TEST(bedrock_request, documents_have_names_that_are_allowed_and_unique) {
  const auto file = [](const std::string& name) {
    return json{{"type", "file"}, {"file", {{"filename", name}, {"file_data", "data:application/pdf;base64,aGk="}}}};
  };
  const auto s = encode(chat({user({file("Q3_report.final.pdf"), file("Q3_report.final.pdf"), file("…")})}));
  const auto& content = s.body["messages"][0]["content"];
  EXPECT_EQ(content[0]["document"]["name"], "Q3-report-final");
  EXPECT_EQ(content[1]["document"]["name"], "Q3-report-final (2)");
  EXPECT_EQ(content[2]["document"]["name"], "Document 1");
  EXPECT_EQ(content[0]["document"]["format"], "pdf");
}

TEST(bedrock_request, json_is_held_to_by_structured_outputs_or_a_forced_tool) {
  const json schema{
      {"type", "object"}, {"properties", {{"a", {{"type", "integer"}}}}}, {"additionalProperties", false}};
  const json format{
      {"response_format", {{"type", "json_schema"}, {"json_schema", {{"name", "A"}, {"schema", schema}}}}}};
  const auto native = encode(chat({user("?")}, format));
  const auto& definition = native.body["outputConfig"]["textFormat"]["structure"]["jsonSchema"];
  EXPECT_EQ(definition["name"], "A");
  EXPECT_EQ(json::parse(definition["schema"].get<std::string>()), schema);
  EXPECT_EQ(native.wire.memo, "show ");
  auto ranged = format;
  ranged["response_format"]["json_schema"]["schema"]["properties"]["a"]["minimum"] = 3;
  const auto told = encode(chat({user("?")}, ranged)).body["outputConfig"]["textFormat"]["structure"]["jsonSchema"];
  EXPECT_FALSE(json::parse(told["schema"].get<std::string>())["properties"]["a"].contains("minimum"));
  const auto forced = encode(chat({user("?")}, format), {.model = "us.amazon.nova-lite-v1:0"});
  EXPECT_EQ(forced.body["toolConfig"]["toolChoice"], json::parse(R"({"tool":{"name":"json_response"}})"));
  EXPECT_EQ(forced.body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"], schema);
  EXPECT_EQ(forced.wire.memo, "show json_response");
  EXPECT_EQ(encode(chat({user("?")}, format), {.model = "us.meta.llama3-3-70b-instruct-v1:0"}).refused->param,
            "response_format");
}

TEST(bedrock_request, thinking_is_asked_for_in_each_vendors_way) {
  const auto fields = [](const std::string& model, const json& more) {
    return encode(chat({user("?")}, more), {.model = model}).body["additionalModelRequestFields"];
  };
  const json high{{"reasoning_effort", "high"}};
  EXPECT_EQ(fields("anthropic.claude-haiku-4-5-20251001-v1:0", {{"reasoning_effort", "low"}, {"max_tokens", 10000}}),
            json::parse(R"({"thinking":{"type":"enabled","budget_tokens":2000}})"));
  EXPECT_EQ(fields("global.anthropic.claude-opus-4-8", high),
            json::parse(R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}})"));
  EXPECT_EQ(fields("us.amazon.nova-2-lite-v1:0", {{"reasoning_effort", "low"}}),
            json::parse(R"({"reasoningConfig":{"type":"enabled","maxReasoningEffort":"low"}})"));
  EXPECT_EQ(fields("openai.gpt-oss-120b-1:0", high), json::parse(R"({"reasoning_effort":"high"})"));
  EXPECT_EQ(fields("qwen.qwen3-32b-v1:0", high), json::parse(R"({"reasoning_config":"high"})"));
  EXPECT_EQ(fields("us.amazon.nova-pro-v1:0", high), json());
  const auto nova = encode(chat({user("?")}, {{"reasoning_effort", "high"}, {"temperature", 0.5}}),
                           {.model = "us.amazon.nova-2-lite-v1:0"});
  EXPECT_FALSE(nova.body.contains("inferenceConfig"));
  EXPECT_EQ(nova.wire.dropped_params, std::vector<std::string>{"temperature"});
}

TEST(bedrock_request, signed_thinking_goes_back_to_where_it_came_from) {
  const json details = json::parse(R"([
    {"type":"reasoning.text","text":"Let me ","format":"anthropic-claude-v1","index":0},
    {"type":"reasoning.text","text":"see","signature":"s1","format":"anthropic-claude-v1","index":0},
    {"type":"reasoning.encrypted","data":"sec","format":"anthropic-claude-v1","index":1},
    {"type":"reasoning.encrypted","data":"x","format":"google-gemini-v1","index":2}])");
  const json turn{{"role", "assistant"}, {"content", "8"}, {"reasoning_details", details}};
  const auto claude = encode(chat({user("?"), turn, user("more")}));
  EXPECT_EQ(claude.body["messages"][1]["content"], json::parse(R"([
    {"reasoningContent":{"reasoningText":{"text":"Let me see","signature":"s1"}}},
    {"reasoningContent":{"redactedContent":"c2Vj"}},{"text":"8"}])"));
  const auto nova = encode(chat({user("?"), turn, user("more")}), {.model = "us.amazon.nova-2-lite-v1:0"});
  EXPECT_EQ(nova.body["messages"][1]["content"], json::parse(R"([{"text":"8"}])"));
}

TEST(bedrock_request, marks_for_the_cache_become_cache_points) {
  const json marked{{"type", "text"}, {"text", "long"}, {"cache_control", {{"type", "ephemeral"}, {"ttl", "1h"}}}};
  const auto claude = encode(chat({user(std::vector<json>{marked})}));
  EXPECT_EQ(claude.body["messages"][0]["content"][1], json::parse(R"({"cachePoint":{"type":"default","ttl":"1h"}})"));
  const auto qwen = encode(chat({user(std::vector<json>{marked})}), {.model = "qwen.qwen3-32b-v1:0"});
  EXPECT_EQ(qwen.body["messages"][0]["content"].size(), 1U);
  EXPECT_EQ(qwen.wire.dropped_params, std::vector<std::string>{"cache_control"});
}

TEST(bedrock_request, says_what_it_leaves_out) {
  const auto s =
      encode(chat({user("?")}, {{"temperature", 1.5}, {"top_p", 0.9}, {"seed", 1}, {"user", "u"}, {"stop", {"x"}}}));
  EXPECT_EQ(s.body["inferenceConfig"], json::parse(R"({"topP":0.9,"stopSequences":["x"]})"));
  for (const auto* name : {"temperature", "seed", "user"}) {
    EXPECT_NE(std::find(s.wire.dropped_params.begin(), s.wire.dropped_params.end(), name), s.wire.dropped_params.end());
  }
  EXPECT_EQ(encode(chat({user("?")}, {{"n", 2}})).refused->param, "n");
}

TEST(bedrock_request, models_without_a_system_prompt_hear_it_first) {
  const auto s = encode(chat({{{"role", "system"}, {"content", "Be brief."}}, user("?")}),
                        {.model = "amazon.titan-text-express-v1"});
  EXPECT_FALSE(s.body.contains("system"));
  EXPECT_EQ(s.body["messages"], json::parse(R"([{"role":"user","content":[{"text":"Be brief."},{"text":"?"}]}])"));
}

TEST(bedrock_request, an_api_key_is_a_bearer_token_and_access_keys_sign) {
  const auto bearer = encode(chat({user("?")}, {{"stream", true}}));
  EXPECT_EQ(bearer.wire.target, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream");
  EXPECT_NE(bearer.wire.headers.find("authorization: Bearer ABSK-1\r\n"), std::string::npos);
  EXPECT_NE(bearer.wire.headers.find("accept: application/vnd.amazon.eventstream\r\n"), std::string::npos);
  const auto signed_one = encode(chat({user("?")}), {.keys = true});
  const auto& headers = signed_one.wire.headers;
  EXPECT_NE(headers.find("x-amz-date: 20150830T123600Z\r\n"), std::string::npos);
  EXPECT_NE(headers.find("x-amz-security-token: session-1\r\n"), std::string::npos);
  EXPECT_NE(headers.find("Credential=AKIDEXAMPLE/20150830/eu-west-1/bedrock/aws4_request"), std::string::npos);
  EXPECT_EQ(headers.find("very-secret"), std::string::npos);
}

TEST(bedrock_request, embeddings_images_and_rerank_go_through_invoke_model) {
  const auto titan = encode({{"input", "hi"}, {"dimensions", 256}},
                            {.model = "amazon.titan-embed-text-v2:0", .kind = model::endpoint::embeddings});
  EXPECT_EQ(titan.wire.target, "/model/amazon.titan-embed-text-v2%3A0/invoke");
  EXPECT_EQ(titan.body, json::parse(R"({"inputText":"hi","dimensions":256})"));
  const auto two =
      encode({{"input", {"a", "b"}}}, {.model = "amazon.titan-embed-text-v2:0", .kind = model::endpoint::embeddings});
  EXPECT_EQ(two.refused->param, "input");
  const auto cohere =
      encode({{"input", {"a", "b"}}}, {.model = "cohere.embed-v4:0", .kind = model::endpoint::embeddings});
  EXPECT_EQ(cohere.body,
            json::parse(R"({"texts":["a","b"],"input_type":"search_document","embedding_types":["float"]})"));
  const auto canvas = encode({{"prompt", "a cat"}, {"size", "512x768"}, {"n", 2}},
                             {.model = "amazon.nova-canvas-v1:0", .kind = model::endpoint::images});
  EXPECT_EQ(canvas.body, json::parse(R"({"taskType":"TEXT_IMAGE","textToImageParams":{"text":"a cat"},
                                         "imageGenerationConfig":{"numberOfImages":2,"width":512,"height":768}})"));
  const auto ranked = encode({{"query", "q"}, {"documents", {"a", {{"text", "b"}}}}, {"top_n", 1}},
                             {.model = "cohere.rerank-v3-5:0", .kind = model::endpoint::rerank});
  EXPECT_EQ(ranked.body, json::parse(R"({"query":"q","documents":["a","b"],"top_n":1,"api_version":2})"));
  const auto unknown =
      encode({{"input", "a"}}, {.model = "twelvelabs.marengo-embed-2-7-v1:0", .kind = model::endpoint::embeddings});
  EXPECT_EQ(unknown.refused->param, "model");
}

}  // namespace
}  // namespace spidergate::providers::bedrock
