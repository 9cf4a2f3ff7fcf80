#include "request_reading.hpp"

#include <algorithm>

namespace spidergate::providers::chat {

namespace {

std::size_t count_of(json::value list) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto element : list.elements()) ++count;
  return count;
}

message::role role_of(std::string_view name) {
  if (name == "user") return message::role::user;
  if (name == "assistant") return message::role::assistant;
  if (name == "tool" || name == "function") return message::role::tool;
  return message::role::system;
}

}  // namespace

bool request_reading::read_messages(json::value list) {
  into_.messages.clear();
  // Counting first costs little and keeps a long conversation from being moved again and again.
  into_.messages.reserve(count_of(list));
  for (const auto element : list.elements()) {
    auto& m = into_.messages.emplace_back();
    m.index = into_.messages.size() - 1;
    m.whole = element;
    if (!read_message(element, m)) return false;
  }
  return true;
}

bool request_reading::read_message(json::value v, message& m) {
  json::value content, calls, function_call, plain_reasoning;
  for (const auto& [name, value] : v.members()) {
    if (!value.given()) continue;
    if (name == "role") {
      m.from = role_of(value.literal());
    } else if (name == "content") {
      content = value;
    } else if (name == "tool_calls") {
      calls = value;
    } else if (name == "tool_call_id" && value.is(json::kind::string)) {
      m.tool_call_id = value;
    } else if (name == "name" && value.is(json::kind::string)) {
      m.name = value;
    } else if (name == "function_call" && value.is(json::kind::object)) {
      function_call = value;
    } else if (name == "is_error") {
      m.tool_failed = value.boolean().value_or(false);
    } else if (name == "reasoning_content" && value.is(json::kind::string)) {
      m.reasoning = value;
    } else if (name == "reasoning" && value.is(json::kind::string)) {
      plain_reasoning = value;
    } else if (name == "reasoning_details" && value.is(json::kind::array)) {
      m.reasoning_details = value;
    } else if (name == "cache_control" && value.is(json::kind::object)) {
      m.cache_control = value;
    }
  }
  if (!m.reasoning.exists()) m.reasoning = plain_reasoning;
  if (content.exists() && !read_content(content, m)) return false;
  if (m.from != message::role::assistant) return true;
  if (calls.exists() && !calls.empty()) return read_calls(calls, m);
  if (!function_call.exists()) return true;
  auto& call = m.calls.emplace_back();
  call.whole = function_call;
  call.name = function_call.find("name");
  call.arguments = function_call.find("arguments");
  return call.name.is(json::kind::string) || fail(place_of(m) + ".function_call.name", "expected a string");
}

bool request_reading::read_content(json::value v, message& m) {
  if (v.is(json::kind::string)) {
    auto& p = m.content.emplace_back();
    p.text = v;
    return true;
  }
  m.content.reserve(count_of(v));
  for (const auto element : v.elements()) {
    auto& p = m.content.emplace_back();
    p.whole = element;
    if (!read_part(element, m, p)) return false;
  }
  return true;
}

bool request_reading::read_calls(json::value list, message& m) {
  m.calls.reserve(count_of(list));
  std::size_t index = 0;
  for (const auto element : list.elements()) {
    auto& call = m.calls.emplace_back();
    if (!read_call(element, place_of(m) + ".tool_calls[" + std::to_string(index++) + "]", call)) return false;
  }
  return true;
}

bool request_reading::read_call(json::value v, const std::string& place, tool_call& call) {
  json::value function, custom;
  call.whole = v;
  for (const auto& [name, value] : v.members()) {
    if (name == "id" && value.is(json::kind::string)) call.id = value;
    if (name == "function") function = value;
    if (name == "custom") custom = value;
  }
  const bool plain = function.exists();
  for (const auto& [name, value] : (plain ? function : custom).members()) {
    if (name == "name") call.name = value;
    if (name == (plain ? "arguments" : "input") && value.given()) call.arguments = value;
  }
  if (!call.name.is(json::kind::string))
    return fail(place + (plain ? ".function.name" : ".function"), "the called function's name is missing");
  const bool sound =
      !call.arguments.exists() || call.arguments.is(json::kind::string) || call.arguments.is(json::kind::object);
  return sound || fail(place + ".function.arguments", "expected a string");
}

}  // namespace spidergate::providers::chat
