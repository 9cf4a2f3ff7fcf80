#include "request_builder.hpp"

namespace spidergate::openai {

bool request_builder::tools(json::value v, const path& at) {
  if (!v.is(json::kind::array)) return wrong_type(v, "an array of objects", at);
  text_bytes_ += v.raw().size();
  std::size_t index = 0;
  for (const auto tool : v.elements()) {
    const path tool_at = at.element(index++);
    if (!want(tool, json::kind::object, tool_at)) return false;
    // Providers have tools of their own under other types, so only a function's shape is known.
    const auto type = tool.find("type");
    if (type.exists() && !want(type, json::kind::string, tool_at.member("type"))) return false;
    if (type.literal() != "function") continue;
    const auto function = tool.find("function");
    if (!function.exists()) return missing(tool_at.member("function"));
    if (!named_function(function, tool_at.member("function"))) return false;
  }
  request_.needs.tools = request_.needs.tools || !v.empty();
  return true;
}

bool request_builder::functions(json::value v, const path& at) {
  if (!v.is(json::kind::array)) return wrong_type(v, "an array of objects", at);
  text_bytes_ += v.raw().size();
  std::size_t index = 0;
  for (const auto function : v.elements()) {
    if (!named_function(function, at.element(index++))) return false;
  }
  request_.needs.tools = request_.needs.tools || !v.empty();
  return true;
}

bool request_builder::named_function(json::value v, const path& at) {
  if (!want(v, json::kind::object, at)) return false;
  const auto name = v.find("name");
  if (!name.exists()) return missing(at.member("name"));
  if (!want(name, json::kind::string, at.member("name"))) return false;
  const auto parameters = v.find("parameters");
  return !parameters.given() || want(parameters, json::kind::object, at.member("parameters"));
}

bool request_builder::response_format(json::value v, const path& at) {
  if (!want(v, json::kind::object, at)) return false;
  const auto type = v.find("type");
  if (!type.exists()) return missing(at.member("type"));
  if (!want(type, json::kind::string, at.member("type"))) return false;
  if (type.literal() != "json_schema") return true;
  request_.needs.json_schema = true;
  text_bytes_ += v.raw().size();
  const auto schema = v.find("json_schema");
  if (!schema.exists()) return missing(at.member("json_schema"));
  return want(schema, json::kind::object, at.member("json_schema"));
}

}  // namespace spidergate::openai
