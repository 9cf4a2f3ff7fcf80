#include "produced.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace spidergate::providers::openai {

namespace {

constexpr std::array<std::string_view, 6> texts{"content",   "text",           "reasoning_content",
                                                "reasoning", "reasoning_text", "refusal"};
constexpr std::array<std::string_view, 5> others{"tool_calls", "function_call", "audio", "reasoning_details", "images"};

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::int64_t text_bytes(json::value v) {
  if (v.is(json::kind::string)) return static_cast<std::int64_t>(json::unescaped_size(v.literal()));
  // Mistral's content is a list of parts while it thinks; Cloudflare's may be an object.
  if ((v.is(json::kind::array) || v.is(json::kind::object)) && !v.empty())
    return static_cast<std::int64_t>(v.raw().size());
  return 0;
}

std::int64_t call_bytes(json::value call) {
  return text_bytes(call.find("name")) + text_bytes(call.find("arguments"));
}

}  // namespace

std::int64_t produced_bytes(const json::member& m) {
  if (among(texts, m.name)) return text_bytes(m.value);
  if (m.name == "function_call") return call_bytes(m.value);
  if (m.name == "audio") return text_bytes(m.value.find("transcript"));
  if (m.name != "tool_calls") return 0;
  std::int64_t bytes = 0;
  for (const auto call : m.value.elements()) {
    bytes += call_bytes(call.find("function")) + text_bytes(call.find("custom").find("input"));
  }
  return bytes;
}

bool is_content(const json::member& m) {
  if (among(texts, m.name)) return text_bytes(m.value) > 0;
  if (!among(others, m.name)) return false;
  return (m.value.is(json::kind::array) || m.value.is(json::kind::object)) && !m.value.empty();
}

}  // namespace spidergate::providers::openai
