#include "../handlers.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/json_text.hpp>

namespace spidergate::api {

namespace {

std::string full_path(section where, std::string_view pattern) {
  std::string path(where == section::inference ? "/v1/" : where == section::management ? "/api/v1/" : "/");
  for (const auto c : pattern) {
    if (c != '.' || pattern.find("...") == std::string_view::npos) path.push_back(c);
  }
  return path;
}

void write_operation(json_writer& out, std::string_view method, const route_line& line, std::string_view path) {
  out.key(to_lower(method)).begin_object().key("summary").string(line.about);
  out.key("operationId").string(to_lower(method) + " " + std::string(path));
  if (line.needed) {
    out.key("security").begin_array().begin_object().key("token").begin_array().string(scope_name(*line.needed));
    out.end_array().end_object().end_array();
  }
  if (path.find("{id}") != std::string_view::npos) {
    out.key("parameters").begin_array().begin_object().key("name").string("id").key("in").string("path");
    out.key("required").boolean(true).key("schema").begin_object().key("type").string("string").end_object();
    out.end_object().end_array();
  }
  out.key("responses").begin_object().key("default").begin_object();
  out.key("description").string("JSON; errors in OpenAI's shape").end_object().end_object();
  out.end_object();
}

void write_section(json_writer& out, section where) {
  for (const auto& line : routes_of(where)) {
    const auto path = full_path(where, line.pattern);
    out.key(path).begin_object();
    for (const auto method : split(line.methods, ',')) write_operation(out, trim(method), line, path);
    out.end_object();
  }
}

}  // namespace

std::string openapi_document() {
  std::string text;
  json_writer out(text);
  out.begin_object().key("openapi").string("3.1.0").key("info").begin_object();
  out.key("title").string("SpiderGate").key("version").string("1").end_object();
  out.key("components").begin_object().key("securitySchemes").begin_object().key("token").begin_object();
  out.key("type").string("http").key("scheme").string("bearer").end_object().end_object().end_object();
  out.key("paths").begin_object();
  for (const auto where : {section::inference, section::management, section::operations, section::admin_operations})
    write_section(out, where);
  out.end_object().end_object();
  return text;
}

awaitable<void> show_openapi(request_scope& r) {
  return r.answer_json(200, openapi_document());
}

}  // namespace spidergate::api
