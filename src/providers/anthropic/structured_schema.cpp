#include "messages_body.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <array>

namespace spidergate::providers::anthropic {

namespace {

// What structured outputs do not enforce and refuse; told to the model in words instead. From Anthropic's page on the
// limits of JSON schemas in structured outputs.
constexpr std::array<std::string_view, 13> only_told{
    "minimum",  "maximum",  "exclusiveMinimum", "exclusiveMaximum", "multipleOf",    "minLength",    "maxLength",
    "maxItems", "minItems", "uniqueItems",      "pattern",          "minProperties", "maxProperties"};
// What changes which values fit, and cannot be said.
constexpr std::array<std::string_view, 10> not_sayable{"not",
                                                       "if",
                                                       "then",
                                                       "else",
                                                       "dependentRequired",
                                                       "dependentSchemas",
                                                       "prefixItems",
                                                       "contains",
                                                       "oneOf",
                                                       "patternProperties"};
constexpr std::array<std::string_view, 10> known_formats{"date-time", "time", "date", "duration", "email",
                                                         "hostname",  "uri",  "ipv4", "ipv6",     "uuid"};
constexpr std::size_t deepest = 32;

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

/// Members whose value is a schema, an array of schemas, or an object of schemas.
bool holds_schema(std::string_view name) {
  return name == "items" || name == "additionalProperties";
}
bool holds_list(std::string_view name) {
  return name == "anyOf" || name == "allOf";
}
bool holds_map(std::string_view name) {
  return name == "properties" || name == "$defs" || name == "definitions";
}

bool fits(json::value schema, std::size_t depth);

bool member_fits(const json::member& m, std::size_t depth) {
  if (among(not_sayable, m.name)) return false;
  if (m.name == "additionalProperties") return m.value.boolean() == false;
  if (holds_schema(m.name)) return fits(m.value, depth + 1);
  if (holds_list(m.name)) {
    const auto list = m.value.elements();
    for (const auto one : list) {
      if (!fits(one, depth + 1)) return false;
    }
  }
  if (holds_map(m.name)) {
    for (const auto& one : m.value.members()) {
      if (!fits(one.value, depth + 1)) return false;
    }
  }
  return true;
}

bool is_object_schema(json::value schema) {
  const auto type = schema.find("type");
  if (type.is(json::kind::array)) {
    for (const auto one : type.elements()) {
      if (one.literal() == "object") return true;
    }
  }
  return type.literal() == "object" || schema.find("properties").is(json::kind::object);
}

bool fits(json::value schema, std::size_t depth) {
  if (!schema.is(json::kind::object) || depth > deepest) return false;
  // An object of unknown members stays open, which cannot be said.
  if (is_object_schema(schema) && !schema.find("properties").is(json::kind::object)) return false;
  for (const auto& m : schema.members()) {
    if (!member_fits(m, depth)) return false;
  }
  return true;
}

/// Whether following references from `schema` comes back to a definition under way.
bool refers_to_itself(json::value root, json::value v, std::vector<std::string_view>& under_way, std::size_t& steps) {
  if (++steps > 20'000) return true;
  if (v.is(json::kind::object)) {
    if (const auto ref = v.find("$ref"); ref.is(json::kind::string)) {
      const auto path = ref.literal();
      if (path == "#" || among(under_way, path)) return true;
      json::value target;
      for (const std::string_view home : {"#/$defs/", "#/definitions/"}) {
        if (path.starts_with(home)) target = root.find(home.substr(2, home.size() - 3)).find(path.substr(home.size()));
      }
      if (!target.exists()) return true;
      under_way.push_back(path);
      const bool again = refers_to_itself(root, target, under_way, steps);
      under_way.pop_back();
      return again;
    }
    for (const auto& m : v.members()) {
      // Definitions are looked at where they are referred to.
      if (m.name == "$defs" || m.name == "definitions") continue;
      if (refers_to_itself(root, m.value, under_way, steps)) return true;
    }
  }
  for (const auto one : v.elements()) {
    if (refers_to_itself(root, one, under_way, steps)) return true;
  }
  return false;
}

void write_schema(std::string& out, json::value schema);

void write_value(std::string& out, const json::member& m) {
  if (holds_schema(m.name) && m.value.is(json::kind::object)) return write_schema(out, m.value);
  if (holds_list(m.name)) {
    out.push_back('[');
    for (const auto one : m.value.elements()) {
      if (out.back() != '[') out.push_back(',');
      write_schema(out, one);
    }
    out.push_back(']');
    return;
  }
  if (holds_map(m.name)) {
    out.push_back('{');
    for (const auto& one : m.value.members()) {
      if (out.back() != '{') out.push_back(',');
      out.append("\"").append(one.name).append("\":");
      write_schema(out, one.value);
    }
    out.push_back('}');
    return;
  }
  out.append(m.value.raw());
}

bool left_out(const json::member& m) {
  if (m.name == "minItems") return m.value.whole_number().value_or(2) > 1;
  if (m.name == "format") return !among(known_formats, m.value.literal());
  return among(only_told, m.name) || m.name == "$schema" || m.name == "$id" || m.name == "strict";
}

bool told(const json::member& m) {
  return m.name != "$schema" && m.name != "$id" && m.name != "strict";
}

void write_schema(std::string& out, json::value schema) {
  if (!schema.is(json::kind::object)) {
    out.append(schema.raw());
    return;
  }
  std::string hints;
  json::value description;
  out.push_back('{');
  for (const auto& m : schema.members()) {
    if (m.name == "description" && m.value.is(json::kind::string)) {
      description = m.value;
    } else if (m.name == "additionalProperties") {
      continue;
    } else if (left_out(m)) {
      if (told(m)) hints.append(hints.empty() ? "{" : ", ").append(m.name).append(": ").append(m.value.raw());
    } else {
      if (out.back() != '{') out.push_back(',');
      out.append("\"").append(m.name).append("\":");
      write_value(out, m);
    }
  }
  if (!hints.empty()) hints.push_back('}');
  if (description.exists() || !hints.empty()) {
    if (out.back() != '{') out.push_back(',');
    out.append(R"("description":")").append(description.literal());
    if (description.exists() && !description.literal().empty() && !hints.empty()) out.append("\\n\\n");
    std::string escaped;
    append_json_string(escaped, hints);
    out.append(escaped, 1, escaped.size() - 2).push_back('"');
  }
  if (is_object_schema(schema)) out.append(R"(,"additionalProperties":false)");
  out.push_back('}');
}

}  // namespace

bool fits_structured_outputs(json::value schema) {
  std::vector<std::string_view> under_way;
  std::size_t steps = 0;
  return fits(schema, 0) && !refers_to_itself(schema, schema, under_way, steps);
}

void append_structured_schema(std::string& out, json::value schema) {
  write_schema(out, schema);
}

}  // namespace spidergate::providers::anthropic
