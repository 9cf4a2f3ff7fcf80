// Exchanges that real clients had with Voyage AI.
#include "translated_replay.hpp"

namespace spidergate::replay {
namespace {

using model::endpoint;
using providers::error_class;

struct voyage_translation final : translation {
  std::string file() const override { return "voyage"; }
  std::string dialect_of(const json&) const override { return "voyage"; }
  std::string provider_of(const json&) const override { return "voyage"; }
  std::string base_path_of(const json&) const override { return "/v1"; }

  endpoint kind_of(const json& record) const override {
    return record.at("op") == "rerank" ? endpoint::rerank : endpoint::embeddings;
  }

  std::optional<json> question_of(const json& record) const override {
    auto asked = record.at("request_body");
    if (asked.contains("top_k")) asked["top_n"] = asked["top_k"];
    asked.erase("top_k");
    for (const auto* nothing : {"output_dtype", "output_dimension"}) asked.erase(nothing);
    return asked;
  }

  /// How vectors travel is ours to say: the client gets the form that it asked for.
  json normal(json request) const override {
    for (const auto* own : {"encoding_format", "output_dtype", "output_dimension"}) request.erase(own);
    return request;
  }

  meaning said(const json&, const std::string&) const override { return {}; }
  error_class error_class_of(const json&) const override { return error_class::no_such_model; }

  void check_other(const json& record, const json& client, const providers::answer_facts& facts) const override {
    const auto said = json::parse(body_of(record));
    EXPECT_EQ(client.at("object"), "list");
    ASSERT_TRUE(facts.usage.has_value());
    EXPECT_EQ(facts.usage->prompt, said.at("usage").at("total_tokens").get<int>());
    if (kind_of(record) == endpoint::embeddings) {
      EXPECT_EQ(client.at("data"), said.at("data"));
      return;
    }
    ASSERT_EQ(client.at("results").size(), said.at("data").size());
    for (std::size_t i = 0; i < said["data"].size(); ++i) {
      EXPECT_EQ(client["results"][i]["index"], said["data"][i]["index"]);
      EXPECT_EQ(client["results"][i]["relevance_score"], said["data"][i]["relevance_score"]);
    }
  }
};

TEST(voyage_replay, says_what_the_provider_said) {
  replay_all(voyage_translation(), 3);
}

}  // namespace
}  // namespace spidergate::replay
