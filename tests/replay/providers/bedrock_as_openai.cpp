#include "bedrock_as_openai.hpp"

#include "reading.hpp"

#include <spidergate/core/base64.hpp>

#include <gtest/gtest.h>

#include <map>

namespace spidergate::replay::bedrock {
namespace {

std::string base64_of(const std::string& text) {
  std::string out;
  append_base64(out, text);
  return out;
}

std::string decoded(const std::string& text) {
  std::string out;
  EXPECT_TRUE(append_base64_decoded(out, text));
  return out;
}

const std::map<std::string, std::string> mimes{
    {"png", "image/png"},  {"jpeg", "image/jpeg"},     {"gif", "image/gif"},  {"webp", "image/webp"},
    {"mp4", "video/mp4"},  {"pdf", "application/pdf"}, {"txt", "text/plain"}, {"csv", "text/csv"},
    {"html", "text/html"}, {"md", "text/markdown"}};

/// A data URL, or the bucket's.
std::string url_of(const json& block) {
  const auto& source = block.at("source");
  if (source.contains("s3Location")) return source["s3Location"]["uri"];
  const auto bytes = source.contains("bytes") ? source["bytes"].get<std::string>() : base64_of(source.at("text"));
  return "data:" + mimes.at(block.at("format")) + ";base64," + bytes;
}

json part_of(const json& block) {
  if (block.contains("text")) return {{"type", "text"}, {"text", block["text"]}};
  if (block.contains("image")) return {{"type", "image_url"}, {"image_url", {{"url", url_of(block["image"])}}}};
  if (block.contains("video")) return {{"type", "video_url"}, {"video_url", {{"url", url_of(block["video"])}}}};
  if (block.contains("document")) {
    const auto& document = block["document"];
    const auto name = document["name"].get<std::string>() + "." + document["format"].get<std::string>();
    json part{{"type", "file"}, {"file", {{"filename", name}, {"file_data", url_of(document)}}}};
    if (document.contains("citations")) part["citations"] = document["citations"];
    return part;
  }
  if (block.contains("guardContent")) {
    const auto& text = block["guardContent"]["text"];
    return {{"type", "guarded_text"}, {"text", text["text"]}, {"qualifiers", text["qualifiers"]}};
  }
  return nullptr;
}

struct conversation {
  json messages = json::array();
  std::string why;

  void add_parts(const json& blocks, const char* role) {
    json parts = json::array(), calls = json::array(), details = json::array();
    for (const auto& block : blocks) {
      if (block.contains("cachePoint")) {
        if (!parts.empty()) parts.back()["cache_control"] = {{"type", "ephemeral"}};
      } else if (block.contains("toolUse")) {
        const auto& use = block["toolUse"];
        if (use.value("type", "") == "server_tool_use") why = "the history holds calls that the provider ran itself";
        calls.push_back({{"id", use["toolUseId"]},
                         {"type", "function"},
                         {"function", {{"name", use["name"]}, {"arguments", use["input"].dump()}}}});
      } else if (block.contains("toolResult")) {
        add_result(block["toolResult"], role);
      } else if (block.contains("reasoningContent")) {
        const auto& text = block["reasoningContent"]["reasoningText"];
        details.push_back({{"type", "reasoning.text"},
                           {"text", text["text"]},
                           {"signature", text["signature"]},
                           {"format", "anthropic-claude-v1"},
                           {"index", details.size()}});
      } else {
        parts.push_back(part_of(block));
      }
    }
    if (parts.empty() && calls.empty() && details.empty()) return;
    json message{{"role", role}, {"content", parts.empty() ? json() : parts}};
    if (!calls.empty()) message["tool_calls"] = calls;
    if (!details.empty()) message["reasoning_details"] = details;
    messages.push_back(message);
  }

  void add_result(const json& result, std::string_view role) {
    if (role == "assistant") why = "the history holds calls that the provider ran itself";
    json parts = json::array();
    for (const auto& block : result["content"]) {
      if (block.contains("searchResult")) why = "no OpenAI client can send search results as such";
      if (block.contains("json")) parts.push_back({{"type", "text"}, {"text", block["json"].dump()}});
      if (!block.contains("json")) parts.push_back(part_of(block));
    }
    json message{{"role", "tool"}, {"tool_call_id", result["toolUseId"]}, {"content", parts}};
    if (result.value("status", "") == "error") message["is_error"] = true;
    messages.push_back(message);
  }
};

void add_tools(const json& config, json& asked) {
  for (const auto& tool : config["tools"]) {
    if (tool.contains("systemTool")) asked["tools"].push_back({{"type", tool["systemTool"]["name"]}});
    if (tool.contains("cachePoint")) asked["tools"].back()["cache_control"] = {{"type", "ephemeral"}};
    if (!tool.contains("toolSpec")) continue;
    const auto& spec = tool["toolSpec"];
    json function{{"name", spec["name"]}, {"parameters", spec["inputSchema"]["json"]}};
    for (const auto* name : {"description", "strict"}) {
      if (spec.contains(name)) function[name] = spec[name];
    }
    asked["tools"].push_back({{"type", "function"}, {"function", function}});
  }
  const auto choice = config.value("toolChoice", json::object());
  if (choice.contains("auto")) asked["tool_choice"] = "auto";
  if (choice.contains("any")) asked["tool_choice"] = "required";
  if (choice.contains("tool")) {
    asked["tool_choice"] = {{"type", "function"}, {"function", {{"name", choice["tool"]["name"]}}}};
  }
}

void add_options(const json& request, json& asked) {
  const std::map<std::string, const char*> names{
      {"maxTokens", "max_tokens"}, {"temperature", "temperature"}, {"topP", "top_p"}, {"stopSequences", "stop"}};
  const auto config = request.value("inferenceConfig", json::object());
  for (const auto& [name, value] : config.items()) asked[names.at(name)] = value;
  const auto fields = request.value("additionalModelRequestFields", json::object());
  for (const auto& [name, value] : fields.items()) {
    if (name == "thinking") asked["thinking"] = value;
    if (name == "inferenceConfig") asked["top_k"] = value["topK"];
    if (name == "reasoning_config") asked[value.is_string() ? "reasoning_effort" : "thinking"] = value;
  }
  if (request.contains("outputConfig")) {
    auto format = request["outputConfig"]["textFormat"]["structure"]["jsonSchema"];
    format["schema"] = json::parse(format["schema"].get<std::string>());
    format["strict"] = true;
    asked["response_format"] = {{"type", "json_schema"}, {"json_schema", format}};
  }
  if (request.contains("guardrailConfig")) asked["guardrailConfig"] = request["guardrailConfig"];
}

std::string finish_name(const std::string& reason, bool calls) {
  if (reason == "tool_use") return calls ? "tool_calls" : "stop";
  if (reason == "max_tokens") return "length";
  return reason == "guardrail_intervened" ? "content_filter" : "stop";
}

void add_citation(const json& citation, said& into) {
  const auto web = citation.value("location", json::object()).value("web", json::object());
  const auto url = web.contains("url") ? web["url"].get<std::string>() : citation.value("source", std::string());
  if (url.empty())
    ++into.other_citations;
  else
    into.urls.push_back(url);
}

std::size_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value * 256 + static_cast<unsigned char>(bytes[at + i]);
  return value;
}

void read_event(const std::string& type, const json& event, said& into, std::map<int, std::string>& arguments,
                std::map<int, std::string>& signatures) {
  const int index = event.value("contentBlockIndex", 0);
  const auto use = event.value("start", json::object()).value("toolUse", json::object());
  if (use.contains("name") && use.value("type", "") != "server_tool_use") {
    into.calls.emplace_back(use["name"], json());
    into.ids.push_back(use["toolUseId"]);
    arguments[index];
  }
  const auto delta = event.value("delta", json::object());
  if (delta.contains("text")) into.text += delta["text"].get<std::string>();
  if (delta.contains("toolUse") && arguments.contains(index))
    arguments[index] += delta["toolUse"]["input"].get<std::string>();
  if (delta.contains("citation")) add_citation(delta["citation"], into);
  const auto reasoning = delta.value("reasoningContent", json::object());
  into.thinking += reasoning.value("text", "");
  if (reasoning.contains("signature")) signatures[index] += reasoning["signature"].get<std::string>();
  if (reasoning.contains("redactedContent")) into.signatures.push_back(decoded(reasoning["redactedContent"]));
  if (type == "messageStop") into.finish = finish_name(event["stopReason"], !into.calls.empty());
  if (type == "metadata") into.usage = event["usage"];
}

void read_details(const json& details, said& into) {
  for (const auto& one : details) {
    if (one.contains("signature")) into.signatures.push_back(one["signature"]);
    if (one.contains("data")) into.signatures.push_back(one["data"]);
  }
}

}  // namespace

std::optional<json> as_openai(const json& record, std::string& why) {
  const auto& request = record.at("request_body");
  if (!request.is_object()) {
    why = "the request is not recorded";
    return std::nullopt;
  }
  conversation said;
  if (request.contains("system")) said.add_parts(request["system"], "system");
  for (const auto& message : request.at("messages"))
    said.add_parts(message["content"], message["role"].get<std::string>() == "user" ? "user" : "assistant");
  json asked{{"model", record.at("model")}, {"messages", said.messages}};
  if (request.contains("toolConfig")) add_tools(request["toolConfig"], asked);
  add_options(request, asked);
  if (!said.why.empty()) {
    why = said.why;
    return std::nullopt;
  }
  return asked;
}

json by_meaning(json request) {
  json messages = json::array();
  for (auto& message : request["messages"]) {
    for (auto& block : message["content"]) {
      if (block.contains("document") && block["document"]["source"].contains("text")) {
        auto& source = block["document"]["source"];
        source = {{"bytes", base64_of(source["text"])}};
      }
      if (!block.contains("toolResult")) continue;
      auto& result = block["toolResult"];
      if (result.value("status", "") == "success") result.erase("status");
      for (auto& piece : result["content"]) {
        if (piece.contains("json")) piece = {{"text", piece["json"].dump()}};
      }
    }
    if (!messages.empty() && messages.back()["role"] == message["role"]) {
      for (auto& block : message["content"]) messages.back()["content"].push_back(block);
    } else {
      messages.push_back(message);
    }
  }
  request["messages"] = messages;
  for (const auto* name : {"system", "inferenceConfig"}) {
    auto& value = request[name];
    if (value.is_object() && value.contains("stopSequences") && value["stopSequences"].empty())
      value.erase("stopSequences");
    if (value.empty()) request.erase(name);
  }
  if (request.contains("toolConfig") && request["toolConfig"].value("toolChoice", json::object()).contains("auto"))
    request["toolConfig"].erase("toolChoice");
  if (request.contains("additionalModelRequestFields")) {
    auto& fields = request["additionalModelRequestFields"];
    // The name of before, which is still taken.
    if (fields.contains("reasoning_config") && fields["reasoning_config"].is_object()) {
      fields["thinking"] = fields["reasoning_config"];
      fields.erase("reasoning_config");
    }
  }
  if (request.contains("outputConfig")) {
    auto& schema = request["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"];
    schema = json::parse(schema.get<std::string>());
  }
  return request;
}

said read_answer(const json& answer) {
  said out;
  for (const auto& block : answer.at("output").at("message").at("content")) {
    if (block.contains("text")) out.text += block["text"].get<std::string>();
    if (block.contains("toolUse") && block["toolUse"].value("type", "") != "server_tool_use") {
      out.calls.emplace_back(block["toolUse"]["name"], block["toolUse"]["input"]);
      out.ids.push_back(block["toolUse"]["toolUseId"]);
    }
    if (block.contains("reasoningContent")) {
      const auto& reasoning = block["reasoningContent"]["reasoningText"];
      out.thinking += reasoning["text"].get<std::string>();
      if (reasoning.contains("signature")) out.signatures.push_back(reasoning["signature"]);
    }
    if (!block.contains("citationsContent")) continue;
    const auto& cited = block["citationsContent"];
    for (const auto& piece : cited.value("content", json::array())) out.text += piece["text"].get<std::string>();
    for (const auto& citation : cited.value("citations", json::array())) add_citation(citation, out);
  }
  out.finish = finish_name(answer.at("stopReason"), !out.calls.empty());
  out.usage = answer.at("usage");
  return out;
}

said read_stream(std::string_view bytes) {
  said out;
  std::map<int, std::string> arguments, signatures;
  while (!bytes.empty()) {
    const auto total = number_at(bytes, 0, 4), header_bytes = number_at(bytes, 4, 4);
    auto headers = bytes.substr(12, header_bytes);
    std::map<std::string, std::string> fields;
    while (!headers.empty()) {
      const auto name_size = number_at(headers, 0, 1), value_size = number_at(headers, 2 + name_size, 2);
      fields[std::string(headers.substr(1, name_size))] = headers.substr(4 + name_size, value_size);
      headers.remove_prefix(4 + name_size + value_size);
    }
    const auto payload = bytes.substr(12 + header_bytes, total - 16 - header_bytes);
    read_event(fields[":event-type"], json::parse(payload), out, arguments, signatures);
    bytes.remove_prefix(total);
  }
  std::size_t call = 0;
  for (const auto& [index, text] : arguments) out.calls[call++].second = json::parse(text.empty() ? "{}" : text);
  for (const auto& [index, text] : signatures) out.signatures.push_back(text);
  return out;
}

said read_completion(const json& completion) {
  said out;
  const auto& choice = completion.at("choices").at(0);
  const auto& message = choice.at("message");
  if (message["content"].is_string()) out.text = message["content"];
  out.thinking = message.value("reasoning_content", "");
  for (const auto& call : message.value("tool_calls", json::array())) {
    out.calls.emplace_back(call["function"]["name"], json::parse(call["function"]["arguments"].get<std::string>()));
    out.ids.push_back(call["id"]);
  }
  read_details(message.value("reasoning_details", json::array()), out);
  for (const auto& one : message.value("annotations", json::array())) out.urls.push_back(one["url_citation"]["url"]);
  out.other_citations = static_cast<int>(message.value("citations", json::array()).size());
  out.finish = choice.at("finish_reason");
  return out;
}

said read_chunks(std::string_view stream, int& usages) {
  said out;
  const auto read = replay::read_stream(stream, false);
  usages = static_cast<int>(read.usage.size());
  if (read.choices.contains(0)) {
    const auto& choice = read.choices.at(0);
    out.text = choice.text;
    out.thinking = choice.reasoning;
    out.finish = choice.finish_reason;
    for (const auto& call : choice.calls) {
      out.calls.emplace_back(call.name, json::parse(call.arguments));
      out.ids.push_back(call.id);
    }
  }
  for (const auto& data : events_of(stream)) {
    const auto chunk = json::parse(data);
    if (chunk["choices"].empty()) continue;
    const auto& delta = chunk["choices"][0]["delta"];
    read_details(delta.value("reasoning_details", json::array()), out);
    for (const auto& one : delta.value("annotations", json::array())) out.urls.push_back(one["url_citation"]["url"]);
    out.other_citations += static_cast<int>(delta.value("citations", json::array()).size());
  }
  return out;
}

}  // namespace spidergate::replay::bedrock
