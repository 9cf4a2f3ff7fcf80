#include "anthropic_as_openai.hpp"

#include <gtest/gtest.h>

#include <array>
#include <sstream>

namespace spidergate::replay {

namespace {

bool typed(const json& block, const char* type) {
  return block.value("type", "") == type;
}

json with_marker(json part, const json& block) {
  if (block.contains("cache_control") && !block["cache_control"].is_null())
    part["cache_control"] = block["cache_control"];
  return part;
}

json part_of(const json& block) {
  if (typed(block, "text")) return with_marker({{"type", "text"}, {"text", block.at("text")}}, block);
  const auto source = block.value("source", json());
  const std::string how = source.is_object() ? source.value("type", "") : "";
  const auto data_url = [&source] {
    return "data:" + source.at("media_type").get<std::string>() + ";base64," + source.at("data").get<std::string>();
  };
  if (typed(block, "image") && how == "url")
    return with_marker({{"type", "image_url"}, {"image_url", {{"url", source["url"]}}}}, block);
  if (typed(block, "image") && how == "base64")
    return with_marker({{"type", "image_url"}, {"image_url", {{"url", data_url()}}}}, block);
  if (typed(block, "document") && how == "base64")
    return with_marker({{"type", "file"}, {"file", {{"file_data", data_url()}}}}, block);
  if (typed(block, "document") && how == "url")
    return with_marker({{"type", "file"}, {"file", {{"file_url", source["url"]}}}}, block);
  if (typed(block, "document") && how == "file")
    return with_marker({{"type", "file"}, {"file", {{"file_id", source["file_id"]}}}}, block);
  return block;
}

json content_of(const json& blocks) {
  if (blocks.is_string()) return blocks;
  json parts = json::array();
  for (const auto& block : blocks) parts.push_back(part_of(block));
  if (parts.size() == 1 && parts[0]["type"] == "text" && !parts[0].contains("cache_control")) return parts[0]["text"];
  return parts;
}

void add_user(json& messages, const json& content) {
  if (content.is_string()) {
    messages.push_back({{"role", "user"}, {"content", content}});
    return;
  }
  json rest = json::array();
  for (const auto& block : content) {
    if (!typed(block, "tool_result")) {
      rest.push_back(block);
      continue;
    }
    json message{{"role", "tool"}, {"tool_call_id", block.at("tool_use_id")}};
    message["content"] = block.contains("content") ? content_of(block["content"]) : json("");
    if (block.value("is_error", false)) message["is_error"] = true;
    messages.push_back(with_marker(message, block));
  }
  if (!rest.empty()) messages.push_back({{"role", "user"}, {"content", content_of(rest)}});
}

void add_assistant(json& messages, const json& content) {
  json message{{"role", "assistant"}, {"content", nullptr}};
  if (content.is_string()) {
    message["content"] = content;
  } else {
    json rest = json::array();
    for (const auto& block : content) {
      if (typed(block, "tool_use")) {
        message["tool_calls"].push_back(
            {{"id", block["id"]},
             {"type", "function"},
             {"function", {{"name", block["name"]}, {"arguments", block["input"].dump()}}}});
      } else {
        rest.push_back(block);
      }
    }
    if (!rest.empty()) message["content"] = content_of(rest);
  }
  messages.push_back(message);
}

void set_tools(json& asked, const json& body) {
  for (const auto& tool : body.value("tools", json::array())) {
    if (typed(tool, "web_search_20250305")) {
      asked["web_search_options"] = json::object();
      continue;
    }
    if (!tool.contains("input_schema")) {
      asked["tools"].push_back(tool);
      continue;
    }
    json function{{"name", tool["name"]}, {"parameters", tool["input_schema"]}};
    for (const char* name : {"description", "strict"}) {
      if (tool.contains(name)) function[name] = tool[name];
    }
    json entry{{"type", "function"}, {"function", function}};
    if (tool.contains("defer_loading")) entry["defer_loading"] = tool["defer_loading"];
    asked["tools"].push_back(with_marker(entry, tool));
  }
  const auto choice = body.value("tool_choice", json());
  if (!choice.is_object()) return;
  const auto type = choice.at("type").get<std::string>();
  const std::map<std::string, json> words{{"auto", "auto"}, {"any", "required"}, {"none", "none"}};
  asked["tool_choice"] =
      type == "tool" ? json{{"type", "function"}, {"function", {{"name", choice["name"]}}}} : words.at(type);
  if (choice.contains("disable_parallel_tool_use"))
    asked["parallel_tool_calls"] = !choice["disable_parallel_tool_use"].get<bool>();
}

void set_thinking(json& asked, const json& body) {
  auto config = body.value("output_config", json::object());
  const auto format = config.contains("format") ? config["format"] : body.value("output_format", json());
  if (format.is_object())
    asked["response_format"] = {{"type", "json_schema"},
                                {"json_schema", {{"name", "answer"}, {"schema", format["schema"]}}}};
  const auto thinking = body.value("thinking", json());
  const std::string type = thinking.is_object() ? thinking.value("type", "") : "";
  if (type == "enabled") asked["reasoning"] = {{"max_tokens", thinking["budget_tokens"]}};
  if (type == "disabled") asked["reasoning_effort"] = "none";
  if (config.contains("effort")) asked[type == "adaptive" ? "reasoning_effort" : "verbosity"] = config["effort"];
  config.erase("format");
  config.erase("effort");
  if (!config.empty()) asked["output_config"] = config;
}

}  // namespace

std::optional<json> as_openai(const json& record) {
  const auto& body = record.at("request_body");
  if (!body.is_object()) return std::nullopt;
  json asked{{"model", record.at("model")}, {"messages", json::array()}};
  auto& messages = asked["messages"];
  if (body.contains("system")) messages.push_back({{"role", "system"}, {"content", content_of(body["system"])}});
  for (const auto& m : body.at("messages")) {
    // Tools that are added midway have no form in OpenAI's requests.
    if (m["role"] == "system") return std::nullopt;
    m["role"] == "user" ? add_user(messages, m["content"]) : add_assistant(messages, m["content"]);
  }
  for (const char* name : {"max_tokens", "temperature", "top_p", "top_k"}) {
    if (body.contains(name)) asked[name] = body[name];
  }
  if (body.contains("stop_sequences")) asked["stop"] = body["stop_sequences"];
  set_tools(asked, body);
  set_thinking(asked, body);
  return asked;
}

namespace {

json plain_blocks(const json& content) {
  if (content.is_string()) return json::array({{{"type", "text"}, {"text", content}}});
  json blocks = json::array();
  for (auto block : content) {
    block.erase("caller");
    if (block.contains("is_error") && block["is_error"] == false) block.erase("is_error");
    if (typed(block, "tool_result") && block.contains("content")) block["content"] = plain_blocks(block["content"]);
    blocks.push_back(block);
  }
  return blocks;
}

void drop_nulls(json& v) {
  if (v.is_object()) {
    for (auto it = v.begin(); it != v.end();) {
      if (it->is_null()) {
        it = v.erase(it);
      } else {
        drop_nulls(*it++);
      }
    }
  } else if (v.is_array()) {
    for (auto& one : v) drop_nulls(one);
  }
}

}  // namespace

json by_meaning(json request) {
  drop_nulls(request);
  for (auto& m : request["messages"]) m["content"] = plain_blocks(m["content"]);
  if (request.contains("system")) request["system"] = plain_blocks(request["system"]);
  if (request.contains("output_format")) {
    request["output_config"]["format"] = request["output_format"];
    request.erase("output_format");
  }
  if (request.value("stream", true) == false) request.erase("stream");
  if (request.contains("tools") && request["tools"].empty()) request.erase("tools");
  for (auto& tool : request.contains("tools") ? request["tools"] : request["none"]) {
    if (tool.value("strict", true) == false) tool.erase("strict");
  }
  request.erase("none");
  if (request.contains("tool_choice")) {
    auto& choice = request["tool_choice"];
    if (choice.value("disable_parallel_tool_use", true) == false) choice.erase("disable_parallel_tool_use");
    if (choice == json{{"type", "auto"}}) request.erase("tool_choice");
  }
  if (request.value("thinking", json()) == json{{"type", "disabled"}}) request.erase("thinking");
  return request;
}

namespace {

std::string finish_of(const json& reason) {
  if (!reason.is_string()) return "";
  const std::map<std::string, std::string> names{
      {"end_turn", "stop"}, {"stop_sequence", "stop"}, {"tool_use", "tool_calls"}, {"max_tokens", "length"}};
  return names.at(reason);
}

void add_citation(said_message& said, const json& citation) {
  if (citation.contains("url")) {
    said.urls.push_back(citation["url"]);
  } else if (citation.at("type") == "search_result_location") {
    said.urls.push_back(citation.at("source"));
  } else {
    ++said.other_citations;
  }
}

void add_block(said_message& said, const json& block) {
  if (typed(block, "text")) {
    said.text += block["text"];
    for (const auto& citation : block.value("citations", json::array())) add_citation(said, citation);
  } else if (typed(block, "thinking")) {
    said.thinking += block["thinking"];
    said.signed_thinking.emplace_back(block["thinking"], block["signature"]);
  } else if (typed(block, "redacted_thinking")) {
    said.signed_thinking.emplace_back(block["data"], "");
  } else if (typed(block, "tool_use")) {
    said.calls.emplace_back(block["id"], block["name"], block["input"]);
  }
}

/// Puts a stream's blocks together; the events' lines are whole, as the recordings have them.
void apply(std::map<int, json>& blocks, const json& event) {
  const int index = event.value("index", 0);
  if (event["type"] == "content_block_start") {
    blocks[index] = event["content_block"];
    blocks[index]["json"] = "";
    return;
  }
  auto& block = blocks.at(index);
  const auto& delta = event["delta"];
  const auto add = [&](const char* to, const char* from) {
    block[to] = block.value(to, "") + delta.at(from).get<std::string>();
  };
  if (delta["type"] == "text_delta") add("text", "text");
  if (delta["type"] == "thinking_delta") add("thinking", "thinking");
  if (delta["type"] == "signature_delta") add("signature", "signature");
  if (delta["type"] == "input_json_delta") add("json", "partial_json");
  if (delta["type"] == "citations_delta") block["citations"].push_back(delta["citation"]);
}

std::vector<json> data_of(const std::string& stream) {
  std::vector<json> all;
  std::istringstream in(stream);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("data:", 0) != 0 || line.find("[DONE]") != std::string::npos) continue;
    all.push_back(json::parse(line.substr(5)));
  }
  return all;
}

}  // namespace

said_message read_message(const json& message) {
  said_message said;
  said.id = message.at("id");
  said.model = message.at("model");
  said.finish = finish_of(message.at("stop_reason"));
  said.usage = message.at("usage");
  for (const auto& block : message.at("content")) add_block(said, block);
  return said;
}

said_message read_events(const std::string& stream) {
  said_message said;
  std::map<int, json> blocks;
  for (const auto& event : data_of(stream)) {
    const auto type = event.at("type").get<std::string>();
    if (type == "error") said.error = event["error"]["message"];
    if (type == "message_start") {
      said.id = event["message"]["id"];
      said.model = event["message"]["model"];
      said.usage = event["message"]["usage"];
    }
    if (type == "content_block_start" || type == "content_block_delta") apply(blocks, event);
    if (type == "message_delta") {
      said.finish = finish_of(event["delta"]["stop_reason"]);
      said.usage.update(event["usage"]);
    }
  }
  for (auto& [index, block] : blocks) {
    const auto text = block["json"].get<std::string>();
    if (typed(block, "tool_use") && !text.empty()) block["input"] = json::parse(text);
    add_block(said, block);
  }
  return said;
}

namespace {

void add_detail(client_message& got, const json& detail) {
  EXPECT_EQ(detail.at("format"), "anthropic-claude-v1");
  const bool text = detail.at("type") == "reasoning.text";
  got.signed_thinking.emplace_back(detail.at(text ? "text" : "data"), text ? detail.at("signature") : json(""));
}

void add_members(client_message& got, const json& message) {
  if (message.contains("content") && message["content"].is_string()) got.text += message["content"];
  got.thinking += message.value("reasoning_content", "");
  for (const auto& detail : message.value("reasoning_details", json::array())) add_detail(got, detail);
  for (const auto& one : message.value("annotations", json::array())) {
    got.urls.push_back(one.at("url_citation").at("url"));
    EXPECT_LT(one["url_citation"]["start_index"], one["url_citation"]["end_index"]);
  }
  got.other_citations += static_cast<int>(message.value("citations", json::array()).size());
}

}  // namespace

client_message read_client_answer(const json& answer) {
  client_message got;
  got.id = answer.at("id");
  got.model = answer.at("model");
  const auto& choice = answer.at("choices").at(0);
  got.finish = choice.at("finish_reason");
  add_members(got, choice.at("message"));
  for (const auto& call : choice["message"].value("tool_calls", json::array())) {
    got.calls.emplace_back(call.at("id"), call.at("function").at("name"),
                           json::parse(call["function"].at("arguments").get<std::string>()));
  }
  return got;
}

client_message read_client_stream(const std::string& stream) {
  client_message got;
  std::map<int, std::array<std::string, 3>> calls;
  for (const auto& chunk : data_of(stream)) {
    EXPECT_EQ(chunk.at("object"), "chat.completion.chunk");
    got.id = chunk.at("id");
    got.model = chunk.at("model");
    if (chunk.contains("usage")) ++got.usages;
    for (const auto& choice : chunk.at("choices")) {
      if (choice.at("finish_reason").is_string()) got.finish = choice["finish_reason"];
      add_members(got, choice.at("delta"));
      for (const auto& call : choice["delta"].value("tool_calls", json::array())) {
        auto& into = calls[call.at("index")];
        if (call.contains("id")) into[0] = call["id"];
        into[1] += call.at("function").value("name", "");
        into[2] += call["function"].value("arguments", "");
      }
    }
  }
  for (const auto& [index, call] : calls) got.calls.emplace_back(call[0], call[1], json::parse(call[2]));
  return got;
}

}  // namespace spidergate::replay
