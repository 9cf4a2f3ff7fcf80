#include "asked.hpp"

#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;
using model::endpoint;

const dialect& watsonx() {
  return *find_dialect("watsonx");
}

credential account() {
  credential secret{secret_string("token-1"), {}};
  secret.settings.emplace_back("project_id", secret_string("p1"));
  return secret;
}

boost::system::result<wire_request, refusal> encode(const asked& q, const credential& secret) {
  catalogue::provider who;
  who.id = "watsonx";
  who.auth = catalogue::auth_style::oauth2;
  return watsonx().encode({.asked = q.request,
                           .provider = who,
                           .base_path = "",
                           .model = "ibm/granite",
                           .secret = secret,
                           .forwarded_headers = {}});
}

TEST(watsonx_request, names_model_project_and_version_its_own_way) {
  const auto wire = encode(asked(chat_body(R"(,"temperature":0,"tool_choice":"auto","store":true)")), account());
  ASSERT_TRUE(wire.has_value());
  EXPECT_EQ(wire->target, "/ml/v1/text/chat?version=2025-02-06");
  EXPECT_NE(wire->headers.find("authorization: Bearer token-1\r\n"), std::string::npos);
  const auto body = json::parse(joined(wire->body));
  EXPECT_EQ(body["model_id"], "ibm/granite");
  EXPECT_EQ(body["project_id"], "p1");
  EXPECT_EQ(body["tool_choice_option"], "auto");
  EXPECT_EQ(body["temperature"], 0);
  EXPECT_FALSE(body.contains("model") || body.contains("store") || body.contains("stream"));
  EXPECT_EQ(wire->dropped_params, std::vector<std::string>{"store"});
  EXPECT_EQ(encode(asked(chat_body(R"(,"stream":true)")), account())->target,
            "/ml/v1/text/chat_stream?version=2025-02-06");
  EXPECT_FALSE(encode(asked(chat_body()), credential{secret_string("k"), {}}).has_value())
      << "an account without project or space";
}

TEST(watsonx_request, has_other_words_for_embeddings_and_rerank) {
  const auto vectors = encode(asked(R"({"model":"m","input":["a","b"]})", endpoint::embeddings), account());
  EXPECT_EQ(json::parse(joined(vectors->body))["inputs"], json({"a", "b"}));
  EXPECT_FALSE(encode(asked(R"({"model":"m","input":[1,2]})", endpoint::embeddings), account()).has_value());
  const auto ranking = encode(
      asked(R"({"model":"m","query":"q","documents":["a",{"text":"b"}],"top_n":1})", endpoint::rerank), account());
  const auto body = json::parse(joined(ranking->body));
  EXPECT_EQ(body["inputs"], json::parse(R"([{"text":"a"},{"text":"b"}])"));
  EXPECT_EQ(body["parameters"]["return_options"]["top_n"], 1);
}

TEST(watsonx_token, is_asked_for_with_the_key_and_read_with_its_life) {
  catalogue::provider who;
  who.auth = catalogue::auth_style::oauth2;
  who.token_url = "https://iam.test/token";
  const auto ask = watsonx().ask_token(who, credential{secret_string("a+b"), {}}, 0);
  ASSERT_TRUE(ask && *ask);
  EXPECT_EQ((*ask)->url, "https://iam.test/token");
  EXPECT_TRUE((*ask)->body.ends_with("apikey=a%2Bb"));
  const auto token = watsonx().read_token(200, R"({"access_token":"t","expires_in":3600,"token_type":"Bearer"})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->token.reveal(), "t");
  EXPECT_EQ(token->valid_for, std::chrono::seconds(3600));
  const auto refused =
      watsonx().read_token(400, R"({"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found."})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, error_class::invalid_credentials);
  EXPECT_EQ(refused.error().message, "Provided API key could not be found.");
  who.auth = catalogue::auth_style::scheme;
  EXPECT_FALSE(watsonx().ask_token(who, credential{secret_string("zen"), {}}, 0)->has_value());
}

json decode(const asked& q, std::string body) {
  const auto size = body.size();
  body.append(64, '\0');
  const auto answer = final_of(watsonx().decode(about(q), "application/json", std::string_view(body).substr(0, size)));
  return json::parse(joined(answer.body));
}

TEST(watsonx_response, becomes_openais_lists) {
  const auto vectors = decode(asked(R"({"model":"m","input":"a"})", endpoint::embeddings),
                              R"({"model_id":"ibm/e","results":[{"embedding":[0.5]}],"input_token_count":4})");
  EXPECT_EQ(vectors["data"][0]["embedding"], json({0.5}));
  EXPECT_EQ(vectors["usage"]["prompt_tokens"], 4);
  const auto ranking =
      decode(asked(R"({"model":"m","query":"q","documents":["a"]})", endpoint::rerank),
             R"({"model_id":"r","results":[{"index":1,"score":0.7,"input":{"text":"b"}}],"input_token_count":9})");
  EXPECT_EQ(ranking["results"], json::parse(R"([{"index":1,"relevance_score":0.7,"document":{"text":"b"}}])"));
}

TEST(watsonx_response, says_what_it_is_though_ibm_does_not) {
  const auto whole = decode(asked(chat_body()), R"({"id":"c","model_id":"ibm/g","choices":[{"index":0,
    "message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]})");
  EXPECT_EQ(whole["object"], "chat.completion");
  EXPECT_EQ(whole["model"], "ibm/g");
  EXPECT_EQ(whole["created"], 0);
  const asked q(chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  const auto in = about(q);
  const auto decoder = watsonx().open_stream(in, "text/event-stream");
  std::string out;
  EXPECT_TRUE(
      decoder->feed("id: 1\nevent: message\ndata: {\"id\":\"c\",\"model_id\":\"ibm/g\",\"choices\":[{\"index\":0,"
                    "\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,"
                    "\"completion_tokens\":1,\"total_tokens\":2}}\n\n",
                    out));
  EXPECT_TRUE(decoder->end(out));
  std::size_t chunks = 0;
  for (std::size_t at = 0; (at = out.find("data: ", at)) != std::string::npos; ++at, ++chunks) {
    const auto chunk = json::parse(out.substr(at + 6, out.find("\n\n", at) - at - 6));
    EXPECT_EQ(chunk["object"], "chat.completion.chunk") << chunk.dump();
    EXPECT_EQ(chunk["model"], "ibm/g");
  }
  EXPECT_EQ(chunks, 2u);
}

TEST(nomic, asks_for_texts_and_gives_openais_list) {
  catalogue::provider who;
  const credential secret{secret_string("k"), {}};
  const asked q(R"({"model":"m","input":["a"],"dimensions":64,"task_type":"search_query"})", endpoint::embeddings);
  const auto& nomic = *find_dialect("nomic");
  const auto wire = nomic.encode({.asked = q.request,
                                  .provider = who,
                                  .base_path = "/v1",
                                  .model = "nomic-embed",
                                  .secret = secret,
                                  .forwarded_headers = {}});
  ASSERT_TRUE(wire.has_value());
  EXPECT_EQ(wire->target, "/v1/embedding/text");
  EXPECT_EQ(json::parse(joined(wire->body)),
            json::parse(R"({"model":"nomic-embed","texts":["a"],"dimensionality":64,"task_type":"search_query"})"));
  std::string body = R"({"embeddings":[[1,2]],"usage":{"prompt_tokens":3,"total_tokens":3},"model":"nomic-embed"})";
  body.append(64, '\0');
  const auto answer =
      final_of(nomic.decode(about(q), "application/json", std::string_view(body).substr(0, body.size() - 64)));
  EXPECT_EQ(json::parse(joined(answer.body))["data"][0]["embedding"], json({1, 2}));
  EXPECT_EQ(answer.facts.usage->prompt, 3);
}

}  // namespace
}  // namespace spidergate::providers
