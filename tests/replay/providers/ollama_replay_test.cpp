// Exchanges that real clients had with Ollama's own API; those with its OpenAI-like one are run by openai_replay_test.
#include "translated_replay.hpp"

#include <sstream>

namespace spidergate::replay {
namespace {

using model::endpoint;
using providers::error_class;

void turn_message(json& m, std::size_t& calls_made) {
  if (m.contains("tool_calls")) {
    for (auto& call : m["tool_calls"]) {
      call["type"] = "function";
      if (!call.contains("id")) call["id"] = "made_" + std::to_string(calls_made++);
      call["function"]["arguments"] = call["function"]["arguments"].dump();
      call["function"].erase("index");
    }
  }
  if (m.contains("thinking")) {
    m["reasoning_content"] = m["thinking"];
    m.erase("thinking");
  }
  if (m.contains("tool_name")) {
    m["name"] = m["tool_name"];
    m.erase("tool_name");
  }
}

std::optional<model::usage> usage_said(const json& message) {
  if (!message.contains("eval_count") && !message.contains("prompt_eval_count")) return std::nullopt;
  model::usage used;
  used.prompt = message.value("prompt_eval_count", 0);
  used.completion = message.value("eval_count", 0);
  return used;
}

struct ollama_translation final : translation {
  std::string file() const override { return "ollama"; }
  std::string dialect_of(const json&) const override { return "ollama"; }
  std::string provider_of(const json&) const override { return "ollama"; }
  std::string base_path_of(const json&) const override { return "/v1"; }

  std::string not_applicable(const json& record) const override {
    const auto path = record.at("path").get<std::string>();
    if (path.starts_with("/v1/")) return "OpenAI's form: run by the openai dialect";
    return path == "/api/generate" ? "a bare prompt, which no endpoint of ours becomes" : "";
  }

  endpoint kind_of(const json& record) const override {
    return record.at("op") == "embeddings" ? endpoint::embeddings : endpoint::chat;
  }

  std::optional<json> question_of(const json& record) const override {
    auto asked = record.at("request_body");
    std::size_t made = 0;
    if (asked.contains("messages")) {
      for (auto& m : asked["messages"]) turn_message(m, made);
    }
    if (asked.value("format", json()) == "json") asked["response_format"] = {{"type", "json_object"}};
    asked.erase("format");
    const auto options = asked.value("options", json::object());
    for (const auto& [name, value] : options.items()) asked[name] = value;
    asked.erase("options");
    if (kind_of(record) == endpoint::embeddings) {
      // A client of OpenAI's cannot ask for it: these go along as Ollama's own.
      asked.erase("temperature");
      asked["options"] = record.at("request_body").at("options");
    }
    return asked;
  }

  json normal(json request) const override {
    if (request.value("options", json()) == json::object()) request.erase("options");
    if (request.value("stream", true)) request.erase("stream");
    if (!request.contains("messages")) return request;
    for (auto& m : request["messages"]) {
      if (!m.contains("tool_calls")) continue;
      for (auto& call : m["tool_calls"]) {
        if (call.value("id", "").starts_with("made_")) call.erase("id");
        call["function"].erase("index");
        call.erase("type");
      }
    }
    return request;
  }

  meaning said(const json& record, const std::string& body) const override {
    meaning out;
    std::istringstream lines(body);
    std::string line;
    while (std::getline(lines, line)) {
      if (line.empty() || line == "\r") continue;
      const auto said = json::parse(line);
      const auto& message = said.at("message");
      out.says.text += message.value("content", "");
      out.says.reasoning += message.value("thinking", "");
      for (const auto& call : message.value("tool_calls", json::array())) {
        const auto& function = call.at("function");
        out.says.calls.push_back({call.value("id", ""), function.at("name"), function.at("arguments").dump()});
      }
      if (!said.at("done").get<bool>()) continue;
      const bool cut = said.value("done_reason", "") == "length";
      out.says.finish_reason = !out.says.calls.empty() ? "tool_calls" : cut ? "length" : "stop";
      out.usage = usage_said(said);
    }
    (void)record;
    return out;
  }

  error_class error_class_of(const json&) const override { return error_class::request_fault; }

  void check_other(const json& record, const json& client, const providers::answer_facts& facts) const override {
    const auto said = json::parse(body_of(record));
    ASSERT_EQ(client.at("data").size(), said.at("embeddings").size());
    for (std::size_t i = 0; i < said["embeddings"].size(); ++i) {
      EXPECT_EQ(client["data"][i]["embedding"], said["embeddings"][i]);
      EXPECT_EQ(client["data"][i]["index"], i);
    }
    ASSERT_EQ(facts.usage.has_value(), said.contains("prompt_eval_count"));
    if (facts.usage) {
      EXPECT_EQ(facts.usage->prompt, said["prompt_eval_count"].get<int>());
    }
  }
};

TEST(ollama_replay, says_what_the_provider_said) {
  replay_all(ollama_translation(), 4);
}

}  // namespace
}  // namespace spidergate::replay
