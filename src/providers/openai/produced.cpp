#include "produced.hpp"

#include <spidergate/json/name_table.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace spidergate::providers::openai {

namespace {

constexpr json::name_table names(std::to_array<std::string_view>({
    "content",
    "text",
    "reasoning_content",
    "reasoning",
    "reasoning_text",
    "refusal",
    "tool_calls",
    "function_call",
    "audio",
    "reasoning_details",
    "images",
}));

/// Of the table's places: those before the calls hold text.
constexpr bool is_text(std::size_t place) {
  return place < names["tool_calls"];
}

std::int64_t text_bytes(json::value v) {
  if (v.is(json::kind::string)) return static_cast<std::int64_t>(v.text_size());
  // Mistral's content is a list of parts while it thinks; Cloudflare's may be an object.
  if ((v.is(json::kind::array) || v.is(json::kind::object)) && !v.empty())
    return static_cast<std::int64_t>(v.raw().size());
  return 0;
}

std::int64_t call_bytes(json::value call) {
  return text_bytes(call.find("name")) + text_bytes(call.find("arguments"));
}

std::int64_t all_call_bytes(json::value calls) {
  std::int64_t bytes = 0;
  for (const auto call : calls.elements()) {
    bytes += call_bytes(call.find("function")) + text_bytes(call.find("custom").find("input"));
  }
  return bytes;
}

}  // namespace

std::int64_t produced_bytes(const json::member& m) {
  const auto place = names.place(m.name);
  if (is_text(place)) return text_bytes(m.value);
  switch (place) {
    case names["tool_calls"]:
      return all_call_bytes(m.value);
    case names["function_call"]:
      return call_bytes(m.value);
    case names["audio"]:
      return text_bytes(m.value.find("transcript"));
    default:
      return 0;
  }
}

bool is_content(const json::member& m) {
  const auto place = names.place(m.name);
  if (place == names.none) return false;
  if (is_text(place)) return text_bytes(m.value) > 0;
  return (m.value.is(json::kind::array) || m.value.is(json::kind::object)) && !m.value.empty();
}

}  // namespace spidergate::providers::openai
