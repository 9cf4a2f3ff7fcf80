// Exchanges that real clients had with Cohere's API v2, and the rerank and embed answers of v1, which are v2's.
#include "translated_replay.hpp"

#include <algorithm>

namespace spidergate::replay {
namespace {

using model::endpoint;
using providers::error_class;

/// Cohere's content as OpenAI's: a list of texts and images is the same, thinking is reasoning beside it.
void turn_message(json& m) {
  if (!m.contains("content") || !m["content"].is_array()) return;
  json parts = json::array();
  for (auto& part : m["content"]) {
    if (part.value("type", "") == "thinking") {
      m["reasoning_content"] = part["thinking"];
    } else {
      parts.push_back(part);
    }
  }
  m["content"] = parts;
  if (m.contains("tool_plan")) {
    m["reasoning_content"] = m["tool_plan"];
    m.erase("tool_plan");
  }
}

json chat_question(json asked) {
  const std::map<std::string, std::string> names{{"p", "top_p"}, {"k", "top_k"}, {"stop_sequences", "stop"}};
  for (const auto& [theirs, ours] : names) {
    if (!asked.contains(theirs)) continue;
    asked[ours] = asked[theirs];
    asked.erase(theirs);
  }
  for (auto& m : asked["messages"]) turn_message(m);
  if (asked.contains("tool_choice")) asked["tool_choice"] = asked["tool_choice"] == "REQUIRED" ? "required" : "none";
  const auto schema = asked.value("response_format", json::object()).value("schema", json());
  if (schema.is_object()) {
    asked["response_format"] = {{"type", "json_schema"}, {"json_schema", {{"name", "answer"}, {"schema", schema}}}};
  }
  return asked;
}

json embed_question(const json& asked) {
  json ours{{"model", asked["model"]}, {"input", asked["texts"]}};
  for (const auto* name : {"input_type", "truncate"}) {
    if (asked.contains(name) && !asked[name].is_null()) ours[name] = asked[name];
  }
  return ours;
}

std::optional<model::usage> usage_said(const json& usage) {
  if (!usage.contains("tokens")) return std::nullopt;
  const auto& tokens = usage["tokens"];
  model::usage used;
  used.prompt = tokens.value("input_tokens", 0) + tokens.value("image_tokens", 0);
  used.completion = tokens.value("output_tokens", 0);
  used.reasoning = tokens.value("reasoning_tokens", 0);
  used.cached = usage.value("cached_tokens", 0);
  return used;
}

std::string finish_said(const std::string& reason) {
  if (reason == "MAX_TOKENS") return "length";
  return reason == "TOOL_CALL" ? "tool_calls" : "stop";
}

meaning whole_said(const json& answer) {
  meaning out;
  const auto& message = answer.at("message");
  for (const auto& block : message.value("content", json::array())) {
    out.says.text += block.value("text", "");
    out.says.reasoning += block.value("thinking", "");
  }
  out.says.finish_reason = finish_said(answer.at("finish_reason"));
  out.usage = usage_said(answer.value("usage", json::object()));
  return out;
}

meaning stream_said(const std::string& body) {
  meaning out;
  for (const auto& data : events_of(body)) {
    if (data == "[DONE]") continue;
    const auto event = json::parse(data);
    const auto type = event.at("type").get<std::string>();
    const auto message = event.value("delta", json::object()).value("message", json::object());
    if (type == "content-delta") {
      out.says.text += message["content"].value("text", "");
      out.says.reasoning += message["content"].value("thinking", "");
    } else if (type == "tool-plan-delta") {
      out.says.reasoning += message["tool_plan"].get<std::string>();
    } else if (type == "tool-call-start") {
      const auto& call = message["tool_calls"];
      out.says.calls.push_back({call["id"], call["function"]["name"], ""});
    } else if (type == "tool-call-delta") {
      out.says.calls.at(event["index"].get<std::size_t>()).arguments += message["tool_calls"]["function"]["arguments"];
    } else if (type == "message-end") {
      const auto& delta = event["delta"];
      if (delta["finish_reason"] == "ERROR") out.error = delta["error"];
      out.says.finish_reason = finish_said(delta["finish_reason"]);
      out.usage = usage_said(delta.value("usage", json::object()));
    }
  }
  return out;
}

struct cohere_translation final : translation {
  std::string file() const override { return "cohere"; }
  std::string dialect_of(const json&) const override { return "cohere"; }
  std::string provider_of(const json&) const override { return "cohere"; }
  std::string base_path_of(const json&) const override { return "/v2"; }

  std::string not_applicable(const json& record) const override {
    return record.at("path") == "/v1/chat" ? "the chat of Cohere's first API" : "";
  }

  endpoint kind_of(const json& record) const override {
    const auto op = record.at("op").get<std::string>();
    return op == "embeddings" ? endpoint::embeddings : op == "rerank" ? endpoint::rerank : endpoint::chat;
  }

  std::optional<json> question_of(const json& record) const override {
    const auto& asked = record.at("request_body");
    if (kind_of(record) == endpoint::chat) return chat_question(asked);
    if (kind_of(record) == endpoint::rerank) return asked;
    // A client of OpenAI's cannot ask for vectors of small integers.
    if (asked.value("embedding_types", json::array({"float"})) != json::array({"float"})) return std::nullopt;
    return embed_question(asked);
  }

  json normal(json request) const override {
    json out = json::object();
    for (const auto& [name, value] : request.items()) {
      const bool nothing = value.is_null() || value == json::array() || (name == "stream" && value == false);
      if (!nothing) out[name] = value;
    }
    if (out.contains("texts")) out["embedding_types"] = {"float"};
    if (!out.contains("messages")) return out;
    for (auto& m : out["messages"]) {
      if (m.contains("content") && m["content"].is_null()) m.erase("content");
    }
    return out;
  }

  meaning said(const json& record, const std::string& body) const override {
    return record.at("stream").get<bool>() ? stream_said(body) : whole_said(json::parse(body));
  }

  error_class error_class_of(const json& record) const override {
    return record.at("status") == 404 ? error_class::no_such_model : error_class::context_length;
  }

  void check_other(const json& record, const json& client, const providers::answer_facts& facts) const override {
    const auto said = json::parse(body_of(record));
    EXPECT_EQ(client.at("object"), "list");
    ASSERT_TRUE(facts.usage.has_value());
    if (kind_of(record) == endpoint::rerank) {
      EXPECT_EQ(client.at("results"), said["results"]);
      EXPECT_EQ(facts.usage->searches, said["meta"]["billed_units"]["search_units"].get<int>());
      return;
    }
    const auto vectors = said["embeddings"].is_object() ? said["embeddings"].front() : said["embeddings"];
    ASSERT_EQ(client.at("data").size(), vectors.size());
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      EXPECT_EQ(client["data"][i]["embedding"], vectors[i]);
      EXPECT_EQ(client["data"][i]["index"], i);
    }
    EXPECT_EQ(facts.usage->prompt, said["meta"]["billed_units"]["input_tokens"].get<int>());
    EXPECT_EQ(client["usage"]["prompt_tokens"], facts.usage->prompt);
  }

  std::vector<std::string> dropped(const json&) const override { return {}; }
};

TEST(cohere_replay, says_what_the_provider_said) {
  replay_all(cohere_translation(), 19);
}

}  // namespace
}  // namespace spidergate::replay
