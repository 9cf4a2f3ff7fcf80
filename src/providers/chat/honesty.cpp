#include "chat_request.hpp"

#include <spidergate/json/name_table.hpp>
#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace spidergate::providers::chat {

namespace {

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// What every dialect carries by itself, and what is the gateway's own.
constexpr json::name_table never_dropped(std::to_array<std::string_view>(
    {"model", "messages", "stream", "stream_options", "spidergate_options", "x-routing-hints", "x-fallback-chain",
     "strict_params", "include_route_trace", "include_receipt", "drop_params"}));

constexpr std::array<std::string_view, 9> question_changers{"n",          "response_format", "tools",
                                                            "functions",  "tool_choice",     "function_call",
                                                            "modalities", "audio",           "web_search_options"};

/// The value as one word: a string's inside, or a number, a boolean; nothing of what is longer than a word.
std::string_view word_of(std::string_view raw) {
  if (raw.size() >= 2 && raw.front() == '"') return raw.substr(1, raw.size() - 2);
  return raw;
}

/// An empty list, object or string, white space aside.
bool holds_nothing(std::string_view raw) {
  if (raw == "\"\"") return true;
  if (raw.front() != '[' && raw.front() != '{') return false;
  return raw.find_first_not_of(" \t\r\n", 1) == raw.size() - 1;
}

double number_of(std::string_view raw) {
  double number = 0;
  const auto [stop, failure] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  return failure == std::errc{} ? number : -1;
}

/// A format of plain text, and the modality of text, are what everybody gives anyway.
bool asks_for_text_alone(std::string_view name, std::string_view raw) {
  thread_local json::reader reader;
  if (!reader.read(raw)) return false;
  const auto root = reader.root();
  if (name == "response_format") return root.find("type").literal() == "text";
  for (const auto element : root.elements()) {
    if (element.literal() != "text") return false;
  }
  return root.is(json::kind::array);
}

/// Whether the value asks for what every provider does by default.
bool says_nothing(std::string_view name, std::string_view raw) {
  if (raw == "null" || holds_nothing(raw)) return true;
  const auto word = word_of(raw);
  if (name == "n" || name == "best_of" || name == "top_p" || name == "repetition_penalty") return number_of(raw) == 1;
  if (name == "frequency_penalty" || name == "presence_penalty" || name == "min_p" || name == "top_k" ||
      name == "top_logprobs")
    return number_of(raw) == 0;
  if (name == "tool_choice" || name == "function_call" || name == "service_tier") return word == "auto";
  if (name == "parallel_tool_calls") return raw == "true";
  if (name == "encoding_format") return word == "float";
  if (name == "verbosity") return word == "medium";
  if (name == "response_format" || name == "modalities") return asks_for_text_alone(name, raw);
  return raw == "false";
}

/// Without tools there is nothing to choose.
bool chooses_nothing(const encode_input& in, const model::body_member& m) {
  if (m.name != "tool_choice" && m.name != "function_call") return false;
  const auto offers = [&in](std::string_view name) {
    const auto* given = in.asked.find(name);
    return given != nullptr && !says_nothing(name, given->value);
  };
  return word_of(m.value) == "none" && !offers("tools") && !offers("functions");
}

std::string_view lacks(std::string_view name) {
  if (name == "n") return "gives one answer to a request";
  if (name == "response_format") return "cannot be held to a response format";
  if (name == "tools" || name == "functions") return "cannot call tools";
  if (name == "tool_choice" || name == "function_call") return "cannot be told which tool to call";
  if (name == "web_search_options") return "has no web search that can be asked for in this way";
  return "answers in text only";
}

}  // namespace

boost::system::result<void, refusal> drop_others(const encode_input& in, std::span<const std::string_view> carried,
                                                 wire_request& wire) {
  for (const auto& m : in.asked.members) {
    if (never_dropped.place(m.name) != never_dropped.none || among(carried, m.name) || says_nothing(m.name, m.value) ||
        chooses_nothing(in, m))
      continue;
    if (in.asked.kind == model::endpoint::chat && among(question_changers, m.name))
      return cannot(in, std::string(m.name), lacks(m.name));
    drop(wire, m.name);
  }
  return {};
}

void drop(wire_request& wire, std::string_view param) {
  if (!among(wire.dropped_params, param)) wire.dropped_params.emplace_back(param);
}

refusal cannot(const encode_input& in, std::string param, std::string_view what) {
  std::string message = in.provider.id.empty() ? "This provider" : in.provider.id;
  message.append(" ").append(what).append(" ('").append(param).append("').");
  return {std::move(param), std::move(message)};
}

}  // namespace spidergate::providers::chat
