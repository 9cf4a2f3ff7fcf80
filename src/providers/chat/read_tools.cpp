#include "request_reading.hpp"

namespace spidergate::providers::chat {

namespace {

void read_function(json::value v, tool& t) {
  for (const auto& [name, value] : v.members()) {
    if (name == "name") t.name = value;
    if (name == "description" && value.is(json::kind::string)) t.description = value;
    if (name == "parameters" && value.is(json::kind::object)) t.parameters = value;
    if (name == "strict" && value.is(json::kind::boolean)) t.strict = value;
    if (name == "cache_control" && value.is(json::kind::object)) t.cache_control = value;
  }
}

std::string element_of(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

}  // namespace

bool request_reading::read_tools(json::value list) {
  std::size_t index = 0;
  for (const auto element : list.elements()) {
    const std::size_t at = index++;
    json::value function, type, cache;
    for (const auto& [name, value] : element.members()) {
      if (name == "function") function = value;
      if (name == "type") type = value;
      if (name == "cache_control" && value.is(json::kind::object)) cache = value;
    }
    if (!function.is(json::kind::object) || (type.exists() && type.literal() != "function")) {
      if (!into_.keeps_other_tools)
        return fail(element_of("tools", at), "only tools of the type 'function' can be translated for this provider");
      into_.other_tools.push_back(element);
      continue;
    }
    auto& t = into_.tools.emplace_back();
    t.whole = element;
    read_function(function, t);
    if (!t.name.is(json::kind::string)) return fail(element_of("tools", at) + ".function.name", "expected a string");
    if (cache.exists()) t.cache_control = cache;
  }
  if (!into_.tools.empty() || !into_.other_tools.empty()) into_.legacy_functions = false;
  return true;
}

bool request_reading::read_functions(json::value list) {
  // `tools` is the newer name; a client that gives both means that.
  if (into_.root.find("tools").given()) return true;
  std::size_t index = 0;
  for (const auto element : list.elements()) {
    auto& t = into_.tools.emplace_back();
    t.whole = element;
    read_function(element, t);
    if (!t.name.is(json::kind::string)) return fail(element_of("functions", index) + ".name", "expected a string");
    ++index;
  }
  into_.legacy_functions = !into_.tools.empty();
  return true;
}

bool request_reading::read_tool_choice(json::value v) {
  auto& choice = into_.tool_choice;
  using kind = tool_choice::kind;
  const auto word = v.is(json::kind::string) ? v.literal() : v.find("type").literal();
  if (word == "auto") choice.is = kind::automatic;
  if (word == "none") choice.is = kind::none;
  // "any" is Mistral's and Anthropic's word.
  if (word == "required" || word == "any") choice.is = kind::required;
  if (choice.is != kind::unset) return true;
  if (word == "allowed_tools") return read_allowed(v);
  const auto function = v.find("function");
  auto name = function.find("name");
  if (!name.exists()) name = v.find("name");
  if (!name.exists() && into_.keeps_other_tools) name = v.find("custom").find("name");
  if (!v.is(json::kind::object) || !name.is(json::kind::string))
    return fail("tool_choice", "expected 'none', 'auto', 'required' or the name of a function");
  choice.is = kind::named;
  choice.name = name;
  return true;
}

bool request_reading::read_allowed(json::value v) {
  auto inner = v.find("allowed_tools");
  if (!inner.is(json::kind::object)) inner = v;
  auto& choice = into_.tool_choice;
  choice.is = tool_choice::kind::allowed;
  choice.allowed_required = inner.find("mode").literal() == "required";
  for (const auto element : inner.find("tools").elements()) {
    auto name = element.find("function").find("name");
    if (!name.exists()) name = element.find("name");
    if (!name.is(json::kind::string))
      return fail("tool_choice.allowed_tools.tools", "expected functions with their names");
    choice.allowed.push_back(name);
  }
  return !choice.allowed.empty() || fail("tool_choice.allowed_tools.tools", "it names no tool");
}

bool request_reading::read_function_call(json::value v) {
  const auto name = v.find("name");
  if (v.is(json::kind::string) || name.is(json::kind::string)) {
    into_.tool_choice.is = name.exists()           ? tool_choice::kind::named
                           : v.literal() == "none" ? tool_choice::kind::none
                                                   : tool_choice::kind::automatic;
    into_.tool_choice.name = name;
    return true;
  }
  return fail("function_call", "expected 'none', 'auto' or the name of a function");
}

}  // namespace spidergate::providers::chat
