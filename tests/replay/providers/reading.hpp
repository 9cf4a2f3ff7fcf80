#pragma once
#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

/// A second reading of streams, written for the tests alone and as simply as can be, to hold the dialect's against.
namespace spidergate::replay {

using json = nlohmann::json;

struct tool_call {
  std::string id, name, arguments;
  bool operator==(const tool_call&) const = default;
};

struct choice {
  std::string text, reasoning, finish_reason;
  std::vector<tool_call> calls;
  bool operator==(const choice&) const = default;
  friend void PrintTo(const choice& c, std::ostream* out) {
    *out << "text " << c.text << " reasoning " << c.reasoning << " finish " << c.finish_reason;
    for (const auto& call : c.calls) *out << " call " << call.id << " " << call.name << " " << call.arguments;
  }
};

struct reading {
  std::map<int, choice> choices;
  std::vector<json> usage;     ///< every usage object, in order
  int usage_with_choices = 0;  ///< of them, how many stood beside choices
  int usage_members = 0;       ///< `usage`, null or not
  bool done = false;
  std::optional<json> error;
  bool operator==(const reading&) const = default;
};

/// The data of each event; lines must end with LF.
inline std::vector<std::string> events_of(std::string_view stream) {
  std::vector<std::string> events;
  std::string data;
  while (!stream.empty()) {
    const auto end = std::min(stream.find('\n'), stream.size());
    auto line = stream.substr(0, end);
    stream.remove_prefix(std::min(end + 1, stream.size()));
    if (line.starts_with("data:")) {
      line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
      data += line;
    } else if (line.empty() && !data.empty()) {
      events.push_back(std::exchange(data, {}));
    }
  }
  if (!data.empty()) events.push_back(data);
  return events;
}

inline std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump();
}

inline void read_calls(const json& deltas, choice& into, std::map<std::string, std::size_t>& known) {
  for (const auto& delta : deltas) {
    const auto id = delta.value("id", json()).is_string() ? delta["id"].get<std::string>() : std::string();
    const auto index = delta.contains("index") && delta["index"].is_number() ? "#" + delta["index"].dump() : "@" + id;
    // The same index under another id is another call.
    if (const auto old = known.find(index); old != known.end() && !id.empty() && into.calls[old->second].id != id)
      known.erase(old);
    const auto [place, fresh] = known.try_emplace(index, into.calls.size());
    if (fresh) into.calls.push_back({id, {}, {}});
    auto& call = into.calls[place->second];
    const auto function = delta.value("function", json::object());
    if (function.contains("name") && function["name"].is_string() && call.name.empty()) call.name = function["name"];
    if (function.contains("arguments")) call.arguments += text_of(function["arguments"]);
  }
}

/// Mistral's content while it thinks: a list of parts.
inline void read_parts(const json& parts, choice& into) {
  for (const auto& part : parts) {
    if (part.value("type", "") == "text") into.text += part["text"];
    if (part.value("type", "") != "thinking") continue;
    for (const auto& piece : part["thinking"]) into.reasoning += piece["text"];
  }
}

/// `from_provider`: usage counts in Groq's own place too.
inline reading read_stream(std::string_view stream, bool from_provider) {
  reading out;
  std::map<int, std::map<std::string, std::size_t>> known;
  for (const auto& data : events_of(stream)) {
    if (data == "[DONE]") {
      out.done = true;
      continue;
    }
    const auto chunk = json::parse(data);
    const auto choices = chunk.value("choices", json::array());
    if (chunk.contains("error")) {
      out.error = chunk["error"];
      break;
    }
    out.usage_members += chunk.contains("usage") ? 1 : 0;
    if (chunk.contains("usage") && chunk["usage"].is_object()) {
      out.usage.push_back(chunk["usage"]);
      out.usage_with_choices += choices.empty() ? 0 : 1;
    }
    // Groq's own place, where nobody asked for usage.
    const auto groq = chunk.value("x_groq", json::object());
    if (from_provider && !chunk.contains("usage") && groq.contains("usage")) out.usage.push_back(groq["usage"]);
    for (const auto& c : choices) {
      auto& into = out.choices[c.value("index", 0)];
      const auto delta = c.value("delta", json::object());
      const bool in_parts = delta.contains("content") && delta["content"].is_array();
      if (in_parts) read_parts(delta["content"], into);
      if (delta.contains("content") && !in_parts) into.text += text_of(delta["content"]);
      if (delta.contains("refusal")) into.text += text_of(delta["refusal"]);
      if (!c.contains("delta") && c.contains("text")) into.text += text_of(c["text"]);
      for (const auto* name : {"reasoning_content", "reasoning"}) {
        if (delta.contains(name)) into.reasoning += text_of(delta[name]);
      }
      if (delta.contains("tool_calls") && delta["tool_calls"].is_array())
        read_calls(delta["tool_calls"], into, known[c.value("index", 0)]);
      if (c.contains("finish_reason") && c["finish_reason"].is_string() && c["finish_reason"] != "")
        into.finish_reason = c["finish_reason"];
    }
  }
  return out;
}

}  // namespace spidergate::replay
