#include "../anthropic/messages_body.hpp"
#include "converse_body.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <set>

namespace spidergate::providers::bedrock {

namespace {

using choice = chat::tool_choice::kind;
using format = chat::response_format::kind;

constexpr std::string_view no_parameters = R"({"type":"object","properties":{}})";
constexpr std::string_view any_object = R"({"type":"object","additionalProperties":true})";

}  // namespace

bool converse_body::history_calls() const {
  return std::any_of(asked_.messages.begin(), asked_.messages.end(),
                     [](const chat::message& m) { return !m.calls.empty() || m.from == chat::message::role::tool; });
}

/// Of an allowed list, and of a named tool where the model cannot be told the name, only those are offered.
bool converse_body::offers(const chat::tool& t) const {
  const auto& wanted = asked_.tool_choice;
  if (wanted.is == choice::allowed) {
    return std::any_of(wanted.allowed.begin(), wanted.allowed.end(),
                       [&t](json::value name) { return name.literal() == t.name.literal(); });
  }
  return wanted.is != choice::named || can_.forces_named_tool || wanted.name.literal() == t.name.literal();
}

converse_body::outcome converse_body::choose_tools() {
  const auto& wanted = asked_.tool_choice;
  offers_tools_ = !asked_.tools.empty() || !asked_.other_tools.empty() || asked_.web_search_options.given();
  if (!offers_tools_) return {};
  if (wanted.is == choice::none) {
    if (history_calls()) {
      return chat::cannot(in_, "tool_choice",
                          "cannot keep a model from calling tools that the conversation has used; leave 'tools' out");
    }
    offers_tools_ = false;
    return {};
  }
  const bool must = wanted.is == choice::required || wanted.is == choice::named ||
                    (wanted.is == choice::allowed && wanted.allowed_required);
  if (!must) return {};
  if (!can_.forces_tools) return chat::cannot(in_, "tool_choice", "cannot make this model call a tool");
  forced_ = wanted.is == choice::named && can_.forces_named_tool ? force::named : force::any;
  if (forced_ == force::named) forced_name_ = wanted.name.literal();
  return {};
}

/// JSON: by the API's own structured outputs, else through a function that the model has to call.
converse_body::outcome converse_body::choose_format() {
  const auto& wanted = asked_.format;
  // Who has to call a tool writes no text that could have a format.
  if (wanted.is == format::text || forced_ != force::none) return {};
  const bool claude = can_.of == vendor::anthropic;
  const bool schema = wanted.is == format::json_schema && wanted.schema.exists();
  native_format_ =
      can_.structured_outputs && (!claude || (schema && anthropic::fits_structured_outputs(wanted.schema)));
  if (native_format_) return {};
  if (!can_.forces_tools) return chat::cannot(in_, "response_format", "cannot hold this model to JSON");
  memo_.json_tool = "json_response";
  const auto taken = [this](const chat::tool& t) { return t.name.literal() == memo_.json_tool; };
  while (std::any_of(asked_.tools.begin(), asked_.tools.end(), taken)) memo_.json_tool.push_back('_');
  forced_ = !offers_tools_ && can_.forces_named_tool ? force::named : force::any;
  forced_name_ = memo_.json_tool;
  return {};
}

void converse_body::tool_spec(const chat::tool& t) {
  out_.element(R"({"toolSpec":{"name":)").literal(t.name.literal());
  const auto description = t.description.literal();
  if (description.find_first_not_of(' ') != std::string_view::npos) out_.raw(R"(,"description":)").literal(description);
  const bool wants_strict = t.strict.boolean() == true;
  const bool claude = can_.of == vendor::anthropic;
  const bool strict = wants_strict && can_.structured_outputs && t.parameters.exists() &&
                      (!claude || anthropic::fits_structured_outputs(t.parameters));
  out_.raw(R"(,"inputSchema":{"json":)");
  if (!t.parameters.exists() || t.parameters.empty()) {
    out_.raw(no_parameters);
  } else if (strict && claude) {
    std::string schema;
    anthropic::append_structured_schema(schema, t.parameters);
    out_.raw(schema);
  } else if (t.parameters.find("type").exists()) {
    out_.raw(t.parameters.raw());
  } else {
    out_.raw(R"({"type":"object",)").raw(t.parameters.raw().substr(1));
  }
  out_.raw("}");
  if (strict) out_.raw(R"(,"strict":true)");
  if (wants_strict && !strict) chat::drop(wire_, "tools.function.strict");
  out_.raw("}}");
  cache_point(t.cache_control, can_.caches_tools);
}

void converse_body::json_tool_spec() {
  out_.element(R"({"toolSpec":{"name":)").string(memo_.json_tool).raw(R"(,"description":)");
  const auto description = asked_.format.description.literal();
  if (description.empty()) {
    out_.string("Gives the final answer. Its input is the JSON object that the answer consists of.");
  } else {
    out_.literal(description);
  }
  out_.raw(R"(,"inputSchema":{"json":)");
  out_.raw(asked_.format.schema.exists() ? asked_.format.schema.raw() : any_object).raw("}}}");
}

/// Converse refuses a history with tools unless tools are offered: those that were called stand in.
void converse_body::tools_of_history() {
  std::set<std::string_view> names;
  for (const auto& m : asked_.messages) {
    for (const auto& call : m.calls) {
      if (!names.insert(call.name.literal()).second) continue;
      out_.element(R"({"toolSpec":{"name":)").literal(call.name.literal());
      out_.raw(R"(,"inputSchema":{"json":)").raw(no_parameters).raw("}}}");
    }
  }
  if (names.empty()) {
    out_.element(R"({"toolSpec":{"name":"unknown","inputSchema":{"json":)").raw(no_parameters).raw("}}}");
  }
}

/// What Amazon runs itself: {"type":"nova_grounding"}, {"type":"nova_code_interpreter"}, and the search of
/// web_search_options.
converse_body::outcome converse_body::system_tools() {
  std::set<std::string_view> names;
  if (asked_.web_search_options.given()) {
    if (!can_.system_tools) return chat::cannot(in_, "web_search_options", "has no web search for this model");
    names.insert("nova_grounding");
  }
  for (const auto other : asked_.other_tools) {
    auto name = other.find("systemTool").find("name").literal();
    if (name.empty()) name = other.find("type").literal();
    if (!can_.system_tools || !name.starts_with("nova_"))
      return chat::cannot(in_, "tools", "does not know a tool of this type for this model");
    names.insert(name);
  }
  for (const auto name : names) out_.element(R"({"systemTool":{"name":)").literal(name).raw("}}");
  return {};
}

converse_body::outcome converse_body::tools() {
  if (auto chosen = choose_tools(); !chosen) return chosen;
  if (auto chosen = choose_format(); !chosen) return chosen;
  const bool history = !offers_tools_ && memo_.json_tool.empty() && history_calls();
  if (!offers_tools_ && memo_.json_tool.empty() && !history) return {};
  out_.member("toolConfig").raw(R"({"tools":[)");
  if (offers_tools_) {
    for (const auto& t : asked_.tools) {
      if (offers(t)) tool_spec(t);
    }
    if (auto written = system_tools(); !written) return written;
  }
  if (history || (!offers_tools_ && history_calls())) tools_of_history();
  if (!memo_.json_tool.empty()) json_tool_spec();
  out_.raw("]");
  if (forced_ == force::any) out_.raw(R"(,"toolChoice":{"any":{}})");
  if (forced_ == force::named) out_.raw(R"(,"toolChoice":{"tool":{"name":)").literal(forced_name_).raw("}}");
  out_.raw("}");
  return {};
}

void converse_body::output_config() {
  if (!native_format_) return;
  const auto& wanted = asked_.format;
  out_.member("outputConfig").raw(R"({"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":)");
  // Claude's is held to what structured outputs enforce; the others read schemas as they are.
  std::string schema;
  if (wanted.schema.exists() && can_.of == vendor::anthropic) {
    anthropic::append_structured_schema(schema, wanted.schema);
  } else {
    schema = wanted.schema.exists() ? wanted.schema.raw() : std::string_view(R"({"type":"object"})");
  }
  out_.string(schema);
  if (!wanted.name.literal().empty()) out_.raw(R"(,"name":)").literal(wanted.name.literal());
  if (!wanted.description.literal().empty()) out_.raw(R"(,"description":)").literal(wanted.description.literal());
  out_.raw("}}}}");
}

}  // namespace spidergate::providers::bedrock
