#include "tools.hpp"

#include "../chat/tool_schema.hpp"
#include "tool_names.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace spidergate::providers::gemini {

namespace {

using choice_kind = chat::tool_choice::kind;
using format_kind = chat::response_format::kind;
using pair = std::pair<std::string_view, std::string_view>;

// The API's own tools by the names that clients give them.
constexpr std::array own_tools{pair{"googleSearch", "googleSearch"},
                               pair{"google_search", "googleSearch"},
                               pair{"googleSearchRetrieval", "googleSearchRetrieval"},
                               pair{"google_search_retrieval", "googleSearchRetrieval"},
                               pair{"codeExecution", "codeExecution"},
                               pair{"code_execution", "codeExecution"},
                               pair{"urlContext", "urlContext"},
                               pair{"url_context", "urlContext"},
                               pair{"fileSearch", "fileSearch"},
                               pair{"file_search", "fileSearch"},
                               pair{"googleMaps", "googleMaps"},
                               pair{"google_maps", "googleMaps"},
                               pair{"enterpriseWebSearch", "enterpriseWebSearch"},
                               pair{"enterprise_web_search", "enterpriseWebSearch"}};

struct own_tool {
  std::string_view name;
  json::value settings;
};

/// {"googleSearch":{}}, or OpenAI's {"type":"web_search"}; an empty name where it is neither.
own_tool own_tool_of(json::value v) {
  for (const auto& [given, name] : own_tools) {
    const auto settings = v.find(given);
    if (settings.is(json::kind::object)) return {name, settings};
  }
  const auto type = v.find("type").literal();
  if (type.starts_with("web_search") || type == "google_search") return {"googleSearch", {}};
  return {};
}

class tools_writer {
 public:
  tools_writer(const encode_input& in, const chat::chat_request& asked, const model_traits& traits, body_text& out)
      : in_(in), asked_(asked), traits_(traits), out_(out), through_tool_(formats_through_tool(asked, traits)) {}

  boost::system::result<void, refusal> run(bool declares_mixing) {
    if (const auto done = collect_own(); !done) return done.error();
    const bool functions = !asked_.tools.empty();
    if (!own_.empty() && functions && !traits_.combines())
      return chat::cannot(in_, "tools", "cannot search and call functions in one request before Gemini 3");
    if (!own_.empty() && asked_.format.is != format_kind::text && !traits_.combines())
      return chat::cannot(in_, "response_format", "cannot hold a searched answer to a format before Gemini 3");
    if (through_tool_ && !asked_.format.schema.exists())
      return chat::cannot(in_, "response_format",
                          "cannot both call functions and answer in JSON without a schema before Gemini 3");
    if (!functions && own_.empty()) return {};
    out_.add(",\"tools\":[");
    if (functions) declarations();
    for (const auto& tool : own_) {
      out_.add(any_ ? ",{\"" : "{\"").add(tool.name).add("\":");
      out_.view(tool.settings.exists() ? tool.settings.raw() : std::string_view("{}")).add("}");
      any_ = true;
    }
    out_.add("]");
    config(declares_mixing && functions && !own_.empty());
    return {};
  }

 private:
  boost::system::result<void, refusal> collect_own() {
    for (const auto tool : asked_.other_tools) {
      const auto own = own_tool_of(tool);
      if (own.name.empty()) return chat::cannot(in_, "tools", "takes functions and its own tools alone");
      own_.push_back(own);
    }
    const bool searches =
        std::any_of(own_.begin(), own_.end(), [](const own_tool& t) { return t.name.starts_with("googleSearch"); });
    if (asked_.web_search_options.exists() && !searches) own_.push_back({"googleSearch", {}});
    return {};
  }

  [[nodiscard]] bool declared(const chat::tool& t) const {
    const auto& choice = asked_.tool_choice;
    if (choice.is != choice_kind::allowed || choice.allowed_required) return true;
    // "auto" among a few: the others are not shown, as there is no such mode.
    return std::any_of(choice.allowed.begin(), choice.allowed.end(),
                       [&t](json::value name) { return name.literal() == t.name.literal(); });
  }

  void declarations() {
    out_.add("{\"functionDeclarations\":[");
    for (const auto& t : asked_.tools) {
      if (declared(t)) declaration(t.name.literal(), t.description, t.parameters);
    }
    if (through_tool_) declaration(answer_tool, asked_.format.description, asked_.format.schema);
    out_.add("]}");
    any_ = true;
  }

  void declaration(std::string_view name, json::value description, json::value parameters) {
    out_.add(declared_any_ ? ",{\"name\":" : "{\"name\":").literal(name_for_provider(name));
    declared_any_ = true;
    if (name == answer_tool) {
      out_.add(R"(,"description":"Call this, and nothing else, to give the final answer.)");
      if (description.exists()) out_.add(" ").view(description.literal());
      out_.add("\"");
    } else if (description.exists()) {
      out_.add(",\"description\":").literal(description.literal());
    }
    // An object without properties is refused as a schema; without a schema a function takes nothing, which is the
    // same.
    const auto properties = parameters.find("properties");
    const bool takes_any = properties.exists() ? !properties.empty() : parameters.exists() && !parameters.empty();
    if (parameters.exists() && traits_.tool_json_schema()) {
      out_.add(",\"parametersJsonSchema\":").view(parameters.raw());
    } else if (takes_any) {
      out_.add(",\"parameters\":");
      chat::append_schema(out_.text(), parameters,
                          {.inline_references = true,
                           .drop_dollar_members = true,
                           .drop_additional_properties = true,
                           .type_lists_as_nullable = true,
                           .const_as_enum = true,
                           .only_known_formats = true,
                           .drop_strict = true});
    }
    out_.add("}");
  }

  void config(bool announce) {
    std::string inside;
    if (const auto mode = mode_of(); !mode.empty()) {
      inside.append(",\"functionCallingConfig\":{\"mode\":\"").append(mode).append("\"");
      append_names(inside);
      inside.append("}");
    }
    if (announce) inside.append(",\"includeServerSideToolInvocations\":true");
    if (!inside.empty()) out_.add(",\"toolConfig\":{").add(std::string_view(inside).substr(1)).add("}");
  }

  [[nodiscard]] std::string_view mode_of() const {
    if (asked_.tools.empty()) return {};
    switch (asked_.tool_choice.is) {
      case choice_kind::none:
        return "NONE";
      case choice_kind::required:
      case choice_kind::named:
        return "ANY";
      case choice_kind::allowed:
        if (asked_.tool_choice.allowed_required) return "ANY";
        break;
      case choice_kind::automatic:
      case choice_kind::unset:
        break;
    }
    if (through_tool_) return "ANY";
    return asked_.tool_choice.is == choice_kind::automatic ? "AUTO" : std::string_view();
  }

  void append_names(std::string& to) const {
    const auto& choice = asked_.tool_choice;
    const bool some = choice.is == choice_kind::allowed && choice.allowed_required;
    if (choice.is != choice_kind::named && !some) return;
    const auto names = some ? choice.allowed : std::vector<json::value>{choice.name};
    to.append(",\"allowedFunctionNames\":[");
    for (const auto name : names) to.append("\"").append(name_for_provider(name.literal())).append("\",");
    to.back() = ']';
  }

  const encode_input& in_;
  const chat::chat_request& asked_;
  const model_traits& traits_;
  body_text& out_;
  const bool through_tool_;
  std::vector<own_tool> own_;
  bool any_ = false, declared_any_ = false;
};

}  // namespace

bool formats_through_tool(const chat::chat_request& asked, const model_traits& traits) {
  if (traits.combines() || asked.tools.empty() || asked.format.is == format_kind::text) return false;
  const auto& choice = asked.tool_choice;
  // Where no function may be called the format stands alone; where one must be, no text comes that had a format.
  return choice.is == choice_kind::unset || choice.is == choice_kind::automatic ||
         (choice.is == choice_kind::allowed && !choice.allowed_required);
}

boost::system::result<void, refusal> append_tools(const encode_input& in, const chat::chat_request& asked,
                                                  const model_traits& traits, bool declares_mixing, body_text& out) {
  return tools_writer(in, asked, traits, out).run(declares_mixing);
}

}  // namespace spidergate::providers::gemini
