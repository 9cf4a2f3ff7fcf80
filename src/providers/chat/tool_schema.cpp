#include "tool_schema.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace spidergate::providers::chat {

namespace {

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// What stands behind these is a schema, a list of schemas, or an object of schemas by name; all else is data.
constexpr std::array<std::string_view, 12> holds_schema{"items",
                                                        "additionalProperties",
                                                        "not",
                                                        "contains",
                                                        "propertyNames",
                                                        "if",
                                                        "then",
                                                        "else",
                                                        "unevaluatedProperties",
                                                        "unevaluatedItems",
                                                        "additionalItems",
                                                        "contentSchema"};
constexpr std::array<std::string_view, 4> holds_list{"anyOf", "oneOf", "allOf", "prefixItems"};
constexpr std::array<std::string_view, 5> holds_named{"properties", "patternProperties", "$defs", "definitions",
                                                      "dependentSchemas"};
constexpr std::array<std::string_view, 6> known_formats{"enum", "date-time", "float", "double", "int32", "int64"};

bool is_null_type(json::value schema) {
  return schema.find("type").literal() == "null";
}

/// One step of a JSON pointer, "~1" and "~0" undone.
json::value step_into(json::value at, std::string_view step) {
  std::string name;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escape = step[i] == '~' && i + 1 < step.size();
    name.push_back(!escape ? step[i] : step[++i] == '1' ? '/' : '~');
  }
  if (!at.is(json::kind::array)) return at.find(name);
  std::size_t index = 0;
  for (const auto element : at.elements()) {
    if (std::to_string(index++) == name) return element;
  }
  return {};
}

/// Schemas whose members win over those of the schema that stands in their place: their own, beside a "$ref".
struct shadow {
  json::value by;
  const shadow* next = nullptr;
};

bool shadowed(const shadow* above, std::string_view name) {
  // Beside a reference stand a description and a default; who writes more gets some names twice.
  constexpr int enough = 32;
  for (; above != nullptr; above = above->next) {
    int looked_at = 0;
    for (const auto& m : above->by.members()) {
      if (m.name == name) return true;
      if (++looked_at == enough) break;
    }
  }
  return false;
}

class schema_writer {
 public:
  schema_writer(std::string& out, json::value root, const schema_limits& limits)
      : out_(out), root_(root), limits_(limits), budget_(64 * 1024 + 16 * root.raw().size()), start_(out.size()) {}

  void schema(json::value v) {
    if (!v.is(json::kind::object)) {
      out_.append(v.raw());
      return;
    }
    out_.push_back('{');
    contents(v, nullptr);
    close();
  }

 private:
  void close() {
    if (out_.back() == ',') out_.pop_back();
    out_.push_back('}');
  }

  /// The members of a schema, or of what it refers to, each followed by a comma.
  void contents(json::value v, const shadow* above) {
    if (depth_ >= limits_.deepest) return;
    ++depth_;
    if (const auto reference = v.find("$ref"); limits_.inline_references && reference.is(json::kind::string)) {
      const shadow own{v, above};
      inlined(target_of(reference.literal()), &own);
    }
    members(v, above);
    --depth_;
  }

  void inlined(json::value target, const shadow* above) {
    const auto size = target.raw().size();
    const bool recursive = std::find(open_.begin(), open_.end(), target.raw().data()) != open_.end();
    const bool fits = out_.size() - start_ + reserved_ + size <= budget_;
    if (!target.is(json::kind::object) || recursive || !fits) {
      if (!shadowed(above, "type")) out_.append("\"type\":\"object\",");
      return;
    }
    open_.push_back(target.raw().data());
    reserved_ += size;
    contents(target, above);
    reserved_ -= size;
    open_.pop_back();
  }

  /// Within this schema only: nothing is fetched. References with escapes in them are not followed.
  [[nodiscard]] json::value target_of(std::string_view reference) {
    if (!reference.starts_with('#')) return {};
    reference.remove_prefix(1);
    auto at = root_;
    while (reference.starts_with('/')) {
      reference.remove_prefix(1);
      const auto end = std::min(reference.find('/'), reference.size());
      const auto step = reference.substr(0, end);
      at = defined_in(at) ? definition(at, step) : step_into(at, step);
      reference.remove_prefix(end);
    }
    return reference.empty() ? at : json::value();
  }

  [[nodiscard]] bool defined_in(json::value at) {
    if (!definitions_.exists()) {
      definitions_ = root_.find("$defs");
      if (!definitions_.exists()) definitions_ = root_.find("definitions");
      if (!definitions_.exists()) definitions_ = root_;
    }
    return at.raw().data() == definitions_.raw().data();
  }

  /// Looked up many times: a schema may have thousands of definitions and references.
  [[nodiscard]] json::value definition(json::value in, std::string_view step) {
    if (by_name_.empty()) {
      for (const auto& m : in.members()) by_name_.insert_or_assign(m.name, m.value);
    }
    const auto found = by_name_.find(step);
    return found != by_name_.end() ? found->second : step_into(in, step);
  }

  [[nodiscard]] bool left_out(std::string_view name) const {
    if (name == "$ref") return limits_.inline_references;
    if (limits_.drop_dollar_members && name.starts_with('$')) return true;
    if (limits_.inline_references && (name == "$defs" || name == "definitions")) return true;
    if (limits_.drop_additional_properties && name == "additionalProperties") return true;
    return limits_.drop_strict && name == "strict";
  }

  void members(json::value v, const shadow* above) {
    for (const auto& m : v.members()) {
      if (!left_out(m.name) && !shadowed(above, m.name)) member(v, m, above);
    }
  }

  void member(json::value in, const json::member& m, const shadow* above) {
    if (limits_.type_lists_as_nullable && m.name == "type" && m.value.is(json::kind::array)) return types(in, m.value);
    if (limits_.type_lists_as_nullable && (m.name == "anyOf" || m.name == "oneOf") && alternatives(in, m, above))
      return;
    if (limits_.const_as_enum && m.name == "const") {
      out_.append("\"enum\":[").append(m.value.raw()).append("],");
      return;
    }
    if (limits_.only_known_formats && m.name == "format" && !among(known_formats, m.value.literal())) return;
    out_.append("\"").append(m.name).append("\":");
    if (m.value.is(json::kind::object) && among(holds_named, m.name)) {
      named(m.value);
    } else if (m.value.is(json::kind::array) && (among(holds_list, m.name) || among(holds_schema, m.name))) {
      list(m.value);
    } else if (among(holds_schema, m.name)) {
      schema(m.value);
    } else {
      out_.append(m.value.raw());
    }
    out_.push_back(',');
  }

  void named(json::value schemas) {
    out_.push_back('{');
    for (const auto& m : schemas.members()) {
      out_.append("\"").append(m.name).append("\":");
      schema(m.value);
      out_.push_back(',');
    }
    close();
  }

  void list(json::value schemas) {
    out_.push_back('[');
    for (const auto element : schemas.elements()) {
      schema(element);
      out_.push_back(',');
    }
    if (out_.back() == ',') out_.pop_back();
    out_.push_back(']');
  }

  void nullable(json::value in) {
    if (!in.find("nullable").exists()) out_.append("\"nullable\":true,");
  }

  /// ["string","null"]: one type and "nullable"; several become alternatives where there are none yet.
  void types(json::value in, json::value names) {
    std::vector<json::value> kinds;
    bool null = false;
    for (const auto name : names.elements()) {
      if (name.literal() == "null") {
        null = true;
      } else {
        kinds.push_back(name);
      }
    }
    const bool alternatives = kinds.size() > 1 && !in.find("anyOf").exists() && !in.find("oneOf").exists();
    if (alternatives) {
      out_.append("\"anyOf\":[");
      for (const auto name : kinds) out_.append("{\"type\":").append(name.raw()).append("},");
      out_.back() = ']';
      out_.push_back(',');
    } else {
      out_.append("\"type\":").append(kinds.empty() ? "\"null\"" : kinds.front().raw()).append(",");
    }
    if (null && !kinds.empty()) nullable(in);
  }

  /// Alternatives one of which is null: the others, and "nullable"; a single other one takes the place of all. False
  /// where none is null.
  [[nodiscard]] bool alternatives(json::value in, const json::member& m, const shadow* above) {
    std::vector<json::value> others;
    bool null = false;
    for (const auto element : m.value.elements()) {
      if (is_null_type(element)) {
        null = true;
      } else {
        others.push_back(element);
      }
    }
    if (!null || others.empty()) return false;
    nullable(in);
    if (others.size() == 1 && others.front().is(json::kind::object)) {
      const shadow own{in, above};
      contents(others.front(), &own);
      return true;
    }
    out_.append("\"").append(m.name).append("\":[");
    for (const auto other : others) {
      schema(other);
      out_.push_back(',');
    }
    out_.back() = ']';
    out_.push_back(',');
    return true;
  }

  std::string& out_;
  json::value root_;
  const schema_limits& limits_;
  std::size_t budget_;
  std::size_t start_;
  std::size_t reserved_ = 0;
  std::int64_t depth_ = 0;
  std::vector<const char*> open_;  ///< the definitions that are being written
  json::value definitions_;
  std::unordered_map<std::string_view, json::value> by_name_;
};

}  // namespace

void append_schema(std::string& out, json::value schema, const schema_limits& limits) {
  schema_writer(out, schema, limits).schema(schema);
}

}  // namespace spidergate::providers::chat
