#include "gemini_as_openai.hpp"

#include "chat/invented.hpp"

#include <algorithm>
#include <set>

namespace spidergate::replay {

namespace {

using ordered = nlohmann::ordered_json;  // arguments are texts, whose order shows

constexpr auto made_id = "call_made_";

/// Proto3 JSON takes both spellings of a name.
const std::map<std::string, std::string> camel{{"function_call", "functionCall"},
                                               {"function_response", "functionResponse"},
                                               {"thought_signature", "thoughtSignature"},
                                               {"file_data", "fileData"},
                                               {"inline_data", "inlineData"},
                                               {"file_uri", "fileUri"},
                                               {"mime_type", "mimeType"},
                                               {"response_mime_type", "responseMimeType"},
                                               {"response_schema", "responseSchema"},
                                               {"include_thoughts", "includeThoughts"},
                                               {"thinking_level", "thinkingLevel"},
                                               {"parameters_json_schema", "parametersJsonSchema"}};

json in_camel_case(const json& v) {
  if (v.is_array()) {
    json out = json::array();
    for (const auto& e : v) out.push_back(in_camel_case(e));
    return out;
  }
  if (!v.is_object()) return v;
  json out = json::object();
  for (const auto& [name, value] : v.items()) {
    if (value.is_null()) continue;
    const auto known = camel.find(name);
    const bool free = name == "args" || name == "response" || name == "properties";
    out[known == camel.end() ? name : known->second] = free ? value : in_camel_case(value);
  }
  return out;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

json with_lower_types(json schema) {
  if (schema.is_object()) {
    for (auto& [name, value] : schema.items()) {
      value = name == "type" && value.is_string() ? json(lower(value)) : with_lower_types(value);
    }
  } else if (schema.is_array()) {
    for (auto& e : schema) e = with_lower_types(e);
  }
  return schema;
}

std::string data_url(const json& data) {
  return "data:" + data.at("mimeType").get<std::string>() + ";base64," + data.at("data").get<std::string>();
}

json part_of(const json& part) {
  if (part.contains("text")) return {{"type", "text"}, {"text", part["text"]}};
  const bool inside = part.contains("inlineData");
  const auto& media = inside ? part["inlineData"] : part.at("fileData");
  const std::string type = media.at("mimeType");
  const std::string url = inside ? data_url(media) : media.at("fileUri").get<std::string>();
  if (type.starts_with("image/")) return {{"type", "image_url"}, {"image_url", {{"url", url}}}};
  if (type.starts_with("audio/")) return {{"type", "audio_url"}, {"audio_url", {{"url", url}}}};
  if (type.starts_with("video/")) return {{"type", "video_url"}, {"video_url", {{"url", url}}}};
  return {{"type", "file"}, {"file", {{"file_data", url}}}};
}

json result_text(const json& response) {
  const bool plain = response.size() == 1 && response.contains("result") && response["result"].is_string();
  return plain ? response["result"] : json(response.dump());
}

/// Calls that wait for their results, with ids made up where there are none.
struct open_calls {
  std::vector<std::pair<std::string, std::string>> waiting;  ///< name, id
  int made = 0;

  std::string open(const json& call) {
    const auto id = call.value("id", made_id + std::to_string(made++));
    waiting.emplace_back(call.at("name"), id);
    return id;
  }
  std::string close(const json& response) {
    if (response.contains("id")) return response["id"];
    const auto found = std::find_if(waiting.begin(), waiting.end(),
                                    [&](const auto& w) { return w.first == response.at("name").get<std::string>(); });
    const auto id = found->second;
    waiting.erase(found);
    return id;
  }
};

json assistant_of(const json& parts, open_calls& calls) {
  json message{{"role", "assistant"}, {"content", json::array()}};
  json signatures = json::array();
  for (const auto& part : parts) {
    json signature{{"type", "reasoning.encrypted"},
                   {"format", "google-gemini-v1"},
                   {"data", part.value("thoughtSignature", "")},
                   {"index", signatures.size()}};
    if (part.contains("functionCall")) {
      const auto id = calls.open(part["functionCall"]);
      signature["id"] = id;
      message["tool_calls"].push_back(
          {{"id", id},
           {"type", "function"},
           {"function",
            {{"name", part["functionCall"].at("name")}, {"arguments", part["functionCall"].at("args").dump()}}}});
    } else {
      message["content"].push_back(part_of(part));
    }
    if (signature["data"] != "") signatures.push_back(signature);
  }
  if (message["content"].empty()) message["content"] = nullptr;
  if (!signatures.empty()) message["reasoning_details"] = signatures;
  return message;
}

void add_user(json& messages, const json& parts, open_calls& calls) {
  json content = json::array();
  for (const auto& part : parts) {
    if (!part.contains("functionResponse")) {
      content.push_back(part_of(part));
      continue;
    }
    const auto& response = part["functionResponse"];
    messages.push_back(
        {{"role", "tool"}, {"tool_call_id", calls.close(response)}, {"content", result_text(response.at("response"))}});
  }
  if (!content.empty()) messages.push_back({{"role", "user"}, {"content", content}});
}

json messages_of(const json& request) {
  json messages = json::array();
  if (request.contains("systemInstruction")) {
    json content = json::array();
    for (const auto& part : request["systemInstruction"].at("parts")) content.push_back(part_of(part));
    messages.push_back({{"role", "system"}, {"content", content}});
  }
  open_calls calls;
  for (const auto& turn : request.at("contents")) {
    if (turn.value("role", "user") == "model") {
      messages.push_back(assistant_of(turn.at("parts"), calls));
    } else {
      add_user(messages, turn.at("parts"), calls);
    }
  }
  return messages;
}

void add_tools(const json& request, json& asked) {
  for (const auto& tool : request.value("tools", json::array())) {
    for (const auto& [name, settings] : tool.items()) {
      if (name == "googleSearch") {
        asked["web_search_options"] = {{"search_context_size", "medium"}};
      } else if (name != "functionDeclarations") {
        asked["tools"].push_back({{"type", "google"}, {name, settings}});
      } else {
        for (const auto& f : settings) {
          json function{{"name", f.at("name")}};
          if (f.contains("description")) function["description"] = f["description"];
          if (f.contains("parameters")) function["parameters"] = with_lower_types(f["parameters"]);
          if (f.contains("parametersJsonSchema")) function["parameters"] = f["parametersJsonSchema"];
          asked["tools"].push_back({{"type", "function"}, {"function", function}});
        }
      }
    }
  }
  if (request.value("toolConfig", json::object()).contains("functionCallingConfig")) asked["tool_choice"] = "auto";
}

void add_settings(const json& config, json& asked) {
  const std::map<std::string, std::string> names{
      {"temperature", "temperature"},    {"topP", "top_p"},           {"topK", "top_k"},
      {"maxOutputTokens", "max_tokens"}, {"stopSequences", "stop"},   {"candidateCount", "n"},
      {"responseLogprobs", "logprobs"},  {"logprobs", "top_logprobs"}};
  for (const auto& [theirs, ours] : names) {
    if (config.contains(theirs)) asked[ours] = config[theirs];
  }
  if (config.contains("responseMimeType")) {
    asked["response_format"] = {{"type", "json_object"}};
    for (const auto* name : {"responseJsonSchema", "responseSchema"}) {
      if (config.contains(name))
        asked["response_format"] = {{"type", "json_schema"},
                                    {"json_schema", {{"name", "x"}, {"schema", config[name]}}}};
    }
  }
  if (!config.contains("thinkingConfig")) return;
  const auto& thinking = config["thinkingConfig"];
  json wish{{"enabled", true}};
  if (thinking.contains("thinkingLevel")) wish = {{"effort", lower(thinking["thinkingLevel"])}};
  if (thinking.contains("thinkingBudget")) wish = {{"max_tokens", thinking["thinkingBudget"]}};
  if (thinking.value("thinkingBudget", 1) == 0) wish = {{"effort", "none"}};
  asked["reasoning"] = wish;
}

json merged_neighbours(const json& contents) {
  json out = json::array();
  for (const auto& turn : contents) {
    const std::string role = turn.value("role", "user");
    if (out.empty() || out.back()["role"] != role) out.push_back({{"role", role}, {"parts", json::array()}});
    for (auto part : turn.at("parts")) {
      if (part.value("thought", true) == false) part.erase("thought");
      for (const auto* name : {"functionCall", "functionResponse"}) {
        if (part.contains(name) && part[name].value("id", "").starts_with(made_id)) part[name].erase("id");
      }
      out.back()["parts"].push_back(part);
    }
  }
  return out;
}

json normal_tools(const json& tools) {
  std::vector<json> sorted;
  for (auto tool : tools) {
    if (tool.contains("functionDeclarations")) {
      for (auto& f : tool["functionDeclarations"]) {
        if (f.value("description", "") == "") f.erase("description");
        if (f.contains("parametersJsonSchema")) f["parameters"] = f["parametersJsonSchema"];
        f.erase("parametersJsonSchema");
        if (f.contains("parameters")) f["parameters"] = with_lower_types(f["parameters"]);
      }
    }
    sorted.push_back(tool);
  }
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::vector<ordered> answers_of(const std::string& body) {
  const auto first = body.find_first_not_of(" \n");
  std::vector<ordered> answers;
  if (first == std::string::npos) return answers;
  if (body[first] == '{' || body[first] == '[') {
    const auto whole = ordered::parse(body);
    if (whole.is_object()) return {whole};
    for (const auto& answer : whole) answers.push_back(answer);
    return answers;
  }
  for (const auto& data : events_of(body)) answers.push_back(ordered::parse(data));
  return answers;
}

void read_part(const ordered& part, meaning& said) {
  if (part.contains("functionCall")) {
    const auto& call = part["functionCall"];
    const std::string name = call.at("name");
    std::string id = call.value("id", "");
    static const model::inference_request nothing;
    static const catalogue::provider nobody;
    if (id.empty())
      id = providers::chat::invented_call_id({.asked = nothing, .provider = nobody, .model = {}, .request_id = "req_1"},
                                             0, static_cast<std::int64_t>(said.says.calls.size()), name);
    said.says.calls.push_back({id, name, call.value("args", ordered::object()).dump()});
  } else if (part.contains("text")) {
    (part.value("thought", false) ? said.says.reasoning : said.says.text) += part["text"].get<std::string>();
  }
}

void read_sources(const ordered& candidate, std::set<std::string>& seen, meaning& said) {
  const auto grounding = candidate.value("groundingMetadata", ordered::object());
  const auto chunks = grounding.value("groundingChunks", ordered::array());
  std::set<std::size_t> cited;
  const auto add = [&](std::size_t index, const ordered& segment) {
    const auto source = chunks.at(index).contains("web") ? chunks[index]["web"]
                                                         : chunks[index].value("retrievedContext", ordered::object());
    const std::string uri = source.value("uri", "");
    const auto place =
        uri + segment.value("startIndex", ordered(0)).dump() + "-" + segment.value("endIndex", ordered()).dump();
    if (!uri.empty() && seen.insert(place).second) said.urls.push_back(uri);
  };
  for (const auto& support : grounding.value("groundingSupports", ordered::array())) {
    for (const std::size_t index : support.value("groundingChunkIndices", ordered::array())) {
      cited.insert(index);
      add(index, support.value("segment", ordered::object()));
    }
  }
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (!cited.contains(i)) add(i, ordered::object());
  }
}

std::string finish_of(const ordered& reason, bool calls) {
  const std::string name = reason.is_number() ? (reason == 1 ? "STOP" : "?") : reason.get<std::string>();
  if (name == "STOP") return calls ? "tool_calls" : "stop";
  return name == "MAX_TOKENS" ? "length" : name == "SAFETY" ? "content_filter" : name;
}

}  // namespace

std::optional<json> gemini_question(const json& record) {
  if (!record.at("request_body").is_object()) return std::nullopt;
  const auto request = in_camel_case(record.at("request_body"));
  if (request.dump().find("\"toolCall\"") != std::string::npos) return std::nullopt;
  json asked{{"model", "m"}, {"messages", messages_of(request)}};
  add_tools(request, asked);
  add_settings(request.value("generationConfig", json::object()), asked);
  if (request.contains("safetySettings")) asked["safety_settings"] = request["safetySettings"];
  if (request.contains("cachedContent")) asked["cached_content"] = request["cachedContent"];
  return asked;
}

json gemini_normal(json request) {
  request = in_camel_case(request);
  request.erase("model");
  request["contents"] = merged_neighbours(request.value("contents", json::array()));
  if (request.contains("systemInstruction")) {
    request["systemInstruction"].erase("role");
    for (auto& part : request["systemInstruction"]["parts"]) part.erase("thought");
  }
  if (request.contains("tools")) request["tools"] = normal_tools(request["tools"]);
  auto& config = request["generationConfig"];
  if (config.is_null()) config = json::object();
  config.erase("responseModalities");
  if (config.value("candidateCount", 0) == 1) config.erase("candidateCount");
  if (config.contains("responseSchema")) config["responseJsonSchema"] = config["responseSchema"];
  config.erase("responseSchema");
  if (config.value("thinkingConfig", json::object()).contains("thinkingLevel"))
    config["thinkingConfig"]["thinkingLevel"] = lower(config["thinkingConfig"]["thinkingLevel"]);
  // AUTO is what happens without a word; VALIDATED is AUTO that keeps to the schemas.
  auto choice = request.value("toolConfig", json::object());
  const std::string mode = choice.value("functionCallingConfig", json::object()).value("mode", "");
  if (mode == "AUTO" || mode == "VALIDATED") choice.erase("functionCallingConfig");
  choice.erase("includeServerSideToolInvocations");
  request.erase("toolConfig");
  if (!choice.empty()) request["toolConfig"] = choice;
  return request;
}

meaning gemini_said(const std::string& body) {
  meaning said;
  std::set<std::string> seen;
  for (const auto& answer : answers_of(body)) {
    for (const auto& candidate : answer.value("candidates", ordered::array())) {
      for (const auto& part : candidate.value("content", ordered::object()).value("parts", ordered::array()))
        read_part(part, said);
      read_sources(candidate, seen, said);
      if (candidate.contains("finishReason"))
        said.says.finish_reason = finish_of(candidate["finishReason"], !said.says.calls.empty());
    }
    const auto counted = answer.value("usageMetadata", ordered::object());
    if (!counted.contains("promptTokenCount")) continue;
    model::usage used;
    used.prompt = counted["promptTokenCount"].get<int>() + counted.value("toolUsePromptTokenCount", 0);
    used.cached = counted.value("cachedContentTokenCount", 0);
    used.reasoning = counted.value("thoughtsTokenCount", 0);
    used.completion = counted.value("candidatesTokenCount", 0) + used.reasoning;
    said.usage = used;
  }
  return said;
}

}  // namespace spidergate::replay
