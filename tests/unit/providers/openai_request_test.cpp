#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>

namespace spidergate::providers {
namespace {

using catalogue::auth_style;
using json = nlohmann::json;

struct sent {
  std::string target, headers, body;
  std::size_t pieces = 0;
};

sent encode(const asked& q, const catalogue::provider& provider = {}, std::string_view model = "m",
            std::string_view key = "sk-1", std::string_view base = "/v1",
            const std::vector<std::pair<std::string, std::string>>& forwarded = {}) {
  const credential secret{secret_string(key), {}};
  const auto encoded = openai_dialect().encode({q.request, provider, base, model, secret, forwarded});
  const auto& wire = *encoded;
  return {wire.target, wire.headers, joined(wire.body), wire.body.size()};
}

TEST(openai_encode, leaves_a_body_alone_that_needs_no_change) {
  const asked q(
      " { \"model\" : \"m\" ,\n\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9 \\\"model\\\"\"}], \"new_field\" "
      ": {\"model\":\"other\"} } ");
  const auto s = encode(q);
  EXPECT_EQ(s.body, q.request.body);
  EXPECT_EQ(s.pieces, 1u);
}

TEST(openai_encode, replaces_the_models_value_and_nothing_else) {
  const asked q(
      R"({"messages":[{"role":"user","content":"\"model\":\"m\""}], "model" : "m" ,"metadata":{"model":"m"}})");
  EXPECT_EQ(
      encode(q, {}, "a/b\"c").body,
      R"({"messages":[{"role":"user","content":"\"model\":\"m\""}], "model" : "a/b\"c" ,"metadata":{"model":"m"}})");
}

TEST(openai_encode, takes_the_gateways_fields_out_with_their_commas) {
  EXPECT_EQ(encode(asked(R"({"spidergate_options":{}, "model":"m","messages":[{"role":"user","content":"a"}]})")).body,
            R"({"model":"m","messages":[{"role":"user","content":"a"}]})");
  EXPECT_EQ(
      encode(
          asked(
              R"({"model":"m","strict_params":true ,"x-routing-hints":{}, "messages":[{"role":"user","content":"a"}] , "x-fallback-chain":["a"] })"))
          .body,
      R"({"model":"m","messages":[{"role":"user","content":"a"}] })");
}

TEST(openai_encode, asks_for_usage_in_streams) {
  EXPECT_EQ(encode(asked(chat_body(R"(,"stream":true)"))).body,
            chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  EXPECT_EQ(encode(asked(chat_body(R"(,"stream":true,"strict_params":false)"))).body,
            chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  EXPECT_EQ(encode(asked(chat_body(R"(,"stream_options":{"a":1},"stream":true)"))).body,
            chat_body(R"(,"stream_options":{"include_usage":true,"a":1},"stream":true)"));
  EXPECT_EQ(encode(asked(chat_body(R"(,"stream_options":{"a":1,"include_usage" : false },"stream":true)"))).body,
            chat_body(R"(,"stream_options":{"a":1,"include_usage" : true },"stream":true)"));
  EXPECT_EQ(encode(asked(chat_body(R"(,"stream_options":{},"stream":true)"))).body,
            chat_body(R"(,"stream_options":{"include_usage":true},"stream":true)"));
  EXPECT_EQ(encode(asked(chat_body(R"(,"stream_options":null,"stream":true)"))).body,
            chat_body(R"(,"stream_options":{"include_usage":true},"stream":true)"));
  EXPECT_EQ(encode(asked(chat_body(R"(,"stream":false)"))).body, chat_body(R"(,"stream":false)"));
}

TEST(openai_encode, renames_what_the_provider_calls_otherwise) {
  catalogue::provider provider;
  provider.renames = {{"max_completion_tokens", "max_tokens"}};
  EXPECT_EQ(encode(asked(chat_body(R"(,"max_completion_tokens":5)")), provider).body, chat_body(R"(,"max_tokens":5)"));
  const auto both = chat_body(R"(,"max_completion_tokens":5,"max_tokens":6)");
  EXPECT_EQ(encode(asked(both), provider).body, both);
}

std::string clamped(const asked& q, const catalogue::provider& provider) {
  const credential secret{secret_string("k"), {}};
  return joined(openai_dialect()
                    .encode({.asked = q.request,
                             .provider = provider,
                             .base_path = "/v1",
                             .model = "m",
                             .secret = secret,
                             .forwarded_headers = {},
                             .clamped_max_tokens = 77})
                    ->body);
}

TEST(openai_encode, tells_the_provider_how_long_an_answer_the_budget_pays_for) {
  catalogue::provider any;
  catalogue::provider openai;
  openai.id = "openai";
  catalogue::provider renaming;
  renaming.renames = {{"max_completion_tokens", "max_tokens"}};
  const asked plain(chat_body());
  EXPECT_EQ(clamped(plain, any), chat_body(R"(,"max_tokens":77)"));
  EXPECT_EQ(clamped(plain, renaming), chat_body(R"(,"max_tokens":77)"));
  EXPECT_EQ(clamped(plain, openai), chat_body(R"(,"max_completion_tokens":77)"));
  const asked text(R"({"model":"m","prompt":"hi"})", model::endpoint::completions);
  EXPECT_EQ(clamped(text, openai), R"({"model":"m","prompt":"hi","max_tokens":77})");
}

TEST(openai_encode, clamp_takes_the_place_of_a_null) {
  catalogue::provider openai;
  openai.id = "openai";
  catalogue::provider renaming;
  renaming.renames = {{"max_completion_tokens", "max_tokens"}};
  const asked both(chat_body(R"(,"max_completion_tokens":null,"max_tokens":null)"));
  EXPECT_EQ(clamped(both, openai), chat_body(R"(,"max_completion_tokens":77,"max_tokens":null)"));
  EXPECT_EQ(clamped(both, renaming), chat_body(R"(,"max_completion_tokens":null,"max_tokens":77)"));
}

TEST(openai_encode, adds_the_model_where_the_client_may_leave_it_out) {
  EXPECT_EQ(encode(asked(R"({"input":"a"})", model::endpoint::moderations), {}, "omni").body,
            R"({"input":"a","model":"omni"})");
}

TEST(openai_encode, knows_where_to_send) {
  const auto target = [](model::endpoint kind, const std::string& body, std::string_view base = "/v1") {
    return encode(asked(body, kind), {}, "m", "k", base).target;
  };
  EXPECT_EQ(target(model::endpoint::chat, chat_body()), "/v1/chat/completions");
  EXPECT_EQ(target(model::endpoint::completions, R"({"model":"m","prompt":"a"})"), "/v1/completions");
  EXPECT_EQ(target(model::endpoint::embeddings, R"({"model":"m","input":"a"})", ""), "/embeddings");
  EXPECT_EQ(target(model::endpoint::moderations, R"({"model":"m","input":"a"})"), "/v1/moderations");
  EXPECT_EQ(target(model::endpoint::chat, chat_body(), "/v1?api-version=1"), "/v1/chat/completions?api-version=1");
}

TEST(openai_encode, authenticates_in_every_style) {
  const asked q(chat_body());
  const auto headers = [&](auth_style style, std::string name = {}, std::string_view key = "sk-1") {
    catalogue::provider p;
    p.auth = style;
    p.auth_name = std::move(name);
    return encode(q, p, "m", key);
  };
  const std::string start = "accept: application/json\r\n";
  EXPECT_EQ(headers(auth_style::bearer).headers, start + "authorization: Bearer sk-1\r\n");
  EXPECT_EQ(headers(auth_style::header, "x-key").headers, start + "x-key: sk-1\r\n");
  EXPECT_EQ(headers(auth_style::scheme, "Key").headers, start + "authorization: Key sk-1\r\n");
  EXPECT_EQ(headers(auth_style::scheme, "raw").headers, start + "authorization: sk-1\r\n");
  EXPECT_EQ(headers(auth_style::none, "", "").headers, start);
  EXPECT_EQ(headers(auth_style::none).headers, start + "authorization: Bearer sk-1\r\n");
  EXPECT_EQ(headers(auth_style::query, "key", "a b&c").target, "/v1/chat/completions?key=a%20b%26c");
  EXPECT_EQ(headers(auth_style::bearer, "", "sk-1\r\nx-evil: 1").headers,
            start + "authorization: Bearer sk-1x-evil: 1\r\n");
}

TEST(openai_encode, forwards_headers_but_never_credentials_or_line_ends) {
  const auto s = encode(
      asked(chat_body(R"(,"stream":true)")), {}, "m", "sk-1", "/v1",
      {{"openai-beta", "x=1"}, {"authorization", "Bearer theirs"}, {"cookie", "c"}, {"traceparent", "a\r\nb: c"}});
  EXPECT_EQ(s.headers,
            "accept: text/event-stream\r\nauthorization: Bearer sk-1\r\nopenai-beta: "
            "x=1\r\n");
}

TEST(openai_encode, means_the_input_with_its_changes_whatever_the_order) {
  std::mt19937 random(11);
  const std::vector<std::string> all{R"("model" : "m")",
                                     R"("messages":[{"role":"user","content":"a"}])",
                                     R"("stream":true)",
                                     R"("stream_options":{"x":[1]})",
                                     R"("spidergate_options":{"tags":["a"]})",
                                     R"("x-routing-hints":{})",
                                     R"("x-fallback-chain":[])",
                                     R"("strict_params":null)",
                                     R"("user":"\u00e9,}")",
                                     R"("x":{"model":"m","stream_options":{}})",
                                     R"("temperature": 1e-1 )"};
  for (int round = 0; round < 3000; ++round) {
    auto members = all;
    std::shuffle(members.begin(), members.end(), random);
    std::string text = "{ ";
    json expected = json::object();
    bool first = true;
    for (const auto& m : members) {
      const bool needed = m.starts_with("\"model") || m.starts_with("\"messages");
      if (!needed && random() % 3 == 0) continue;
      text += (first ? "" : random() % 2 ? "," : " ,\n ") + m;
      first = false;
      expected.update(json::parse("{" + m + "}"));
    }
    text += random() % 2 ? "}" : " \n}";
    for (const auto* ours : {"spidergate_options", "x-routing-hints", "x-fallback-chain", "strict_params"})
      expected.erase(ours);
    expected["model"] = "served";
    if (expected.contains("stream")) expected["stream_options"]["include_usage"] = true;
    ASSERT_EQ(json::parse(encode(asked(text), {}, "served").body), expected) << text;
  }
}

}  // namespace
}  // namespace spidergate::providers
