#pragma once
#include <spidergate/json/value.hpp>

#include <cstdint>
#include <string>

namespace spidergate::providers::chat {

/// What a provider's reader of JSON schemas does not take.
struct schema_limits {
  bool inline_references = false;    ///< "$ref" into "$defs" is written out; a recursive one becomes {"type":"object"}
  bool drop_dollar_members = false;  ///< "$schema", "$id", "$defs" (after inlining), "$comment"
  bool drop_additional_properties = false;
  bool type_lists_as_nullable = false;  ///< {"type":["string","null"]} becomes {"type":"string","nullable":true}
  bool const_as_enum = false;           ///< {"const":x} becomes {"enum":[x]}
  bool only_known_formats = false;  ///< "format" stays only with "enum", "date-time" (Gemini's strings) and numbers'
  bool drop_strict = false;         ///< the word "strict" inside of schemas
  std::int64_t deepest = 64;        ///< beyond it {} stands in place of a schema
};

/// Writes `schema` with only what the provider takes. Descriptions, order and unknown members stay. The result is at
/// most 64 KiB + 16 times the schema: where inlining would pass that, references become {"type":"object"}.
void append_schema(std::string& out, json::value schema, const schema_limits& limits);

}  // namespace spidergate::providers::chat
