#include "chat/tool_schema.hpp"

#include <spidergate/json/reader.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers::chat {
namespace {

std::string written(std::string schema, const schema_limits& limits) {
  const std::size_t size = schema.size();
  schema.append(64, '\0');
  json::reader reader;
  EXPECT_TRUE(reader.read(std::string_view(schema).substr(0, size))) << schema;
  std::string out;
  append_schema(out, reader.root(), limits);
  EXPECT_TRUE(nlohmann::json::accept(out)) << out;
  return out;
}

TEST(tool_schema, leaves_a_schema_alone_where_nothing_is_limited) {
  const std::string schema =
      R"({"$schema":"x","type":"object","properties":{"a":{"type":["string","null"],"const":1},"$ref":{"$ref":"#/$defs/b"}},"$defs":{"b":{}},"additionalProperties":false,"enum":[{"strict":true}]})";
  EXPECT_EQ(written(schema, {}), schema);
}

TEST(tool_schema, writes_references_out) {
  const schema_limits limits{.inline_references = true};
  EXPECT_EQ(
      written(
          R"({"properties":{"a":{"$ref":"#/$defs/A","description":"d"}},"$defs":{"A":{"type":"string","description":"x"}}})",
          limits),
      R"({"properties":{"a":{"type":"string","description":"d"}}})");
  EXPECT_EQ(
      written(R"({"$ref":"#/definitions/A","definitions":{"A":{"$ref":"#/definitions/B"},"B":{"type":"integer"}}})",
              limits),
      R"({"type":"integer"})");
  EXPECT_EQ(written(R"({"properties":{"a":{"type":"number"},"b":{"$ref":"#/properties/a"}}})", limits),
            R"({"properties":{"a":{"type":"number"},"b":{"type":"number"}}})");
}

TEST(tool_schema, ends_recursion_and_references_elsewhere_in_any_object) {
  const schema_limits limits{.inline_references = true};
  EXPECT_EQ(written(R"({"$ref":"#/$defs/T","$defs":{"T":{"properties":{"next":{"$ref":"#/$defs/T"}}}}})", limits),
            R"({"properties":{"next":{"type":"object"}}})");
  EXPECT_EQ(written(R"({"properties":{"a":{"$ref":"https://x.test/s"},"b":{"$ref":"#/none"}}})", limits),
            R"({"properties":{"a":{"type":"object"},"b":{"type":"object"}}})");
  EXPECT_EQ(written(R"({"properties":{"self":{"$ref":"#"}}})", limits),
            R"({"properties":{"self":{"properties":{"self":{"type":"object"}}}}})");
}

TEST(tool_schema, stays_within_its_budget_when_definitions_multiply) {
  nlohmann::json schema;
  schema["$ref"] = "#/$defs/d0";
  for (int i = 0; i < 40; ++i) {
    const auto next = nlohmann::json{{"$ref", "#/$defs/d" + std::to_string(i + 1)}};
    schema["$defs"]["d" + std::to_string(i)]["properties"] = {{"a", next}, {"b", next}, {"c", next}};
  }
  schema["$defs"]["d40"] = {{"type", "string"}};
  const auto text = schema.dump();
  EXPECT_LE(written(text, {.inline_references = true}).size(), 64 * 1024 + 16 * text.size());
}

TEST(tool_schema, cuts_what_is_too_deep) {
  std::string schema = R"({"type":"string"})";
  for (int i = 0; i < 20; ++i) schema = R"({"items":)" + schema + "}";
  const auto out = written(schema, {.deepest = 3});
  EXPECT_EQ(out, R"({"items":{"items":{"items":{}}}})");
}

TEST(tool_schema, makes_nullable_of_null_among_types) {
  const schema_limits limits{.type_lists_as_nullable = true};
  EXPECT_EQ(written(R"({"type":["string","null"]})", limits), R"({"type":"string","nullable":true})");
  EXPECT_EQ(written(R"({"type":["string","integer"]})", limits), R"({"anyOf":[{"type":"string"},{"type":"integer"}]})");
  EXPECT_EQ(written(R"({"anyOf":[{"type":"integer","title":"x"},{"type":"null"}],"title":"t"})", limits),
            R"({"nullable":true,"type":"integer","title":"t"})");
  EXPECT_EQ(written(R"({"anyOf":[{"type":"integer"},{"type":"string"},{"type":"null"}]})", limits),
            R"({"nullable":true,"anyOf":[{"type":"integer"},{"type":"string"}]})");
}

TEST(tool_schema, drops_what_the_provider_does_not_take_but_no_property_of_that_name) {
  const schema_limits limits{.drop_dollar_members = true,
                             .drop_additional_properties = true,
                             .const_as_enum = true,
                             .only_known_formats = true,
                             .drop_strict = true};
  EXPECT_EQ(
      written(R"({"$schema":"x","$id":"y","type":"object","strict":true,"additionalProperties":{"type":"string"},
                        "properties":{"strict":{"const":1},"$id":{"type":"string","format":"uri"},
                                      "additionalProperties":{"type":"string","format":"date-time"}}})",
              limits),
      R"({"type":"object","properties":{"strict":{"enum":[1]},"$id":{"type":"string"},"additionalProperties":{"type":"string","format":"date-time"}}})");
}

}  // namespace
}  // namespace spidergate::providers::chat
