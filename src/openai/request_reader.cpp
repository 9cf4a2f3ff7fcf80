#include "multipart.hpp"
#include "request_builder.hpp"

#include <spidergate/json/reader.hpp>
#include <spidergate/openai/request_reader.hpp>

namespace spidergate::openai {

namespace {

json::reader& thread_reader() {
  thread_local json::reader reader;
  return reader;
}

model::api_error not_json(std::string_view body, const json::fault& why) {
  if (body.empty())
    return model::make_error(model::api_errc::invalid_json, "The request body is empty; a JSON object is expected.");
  return model::make_error(model::api_errc::invalid_json, "The request body is not valid JSON: " + why.message +
                                                              " at " + json::place_of(body, why.offset) + ".");
}

model::outcome<model::inference_request> read_form(model::endpoint kind, std::string_view body,
                                                   std::string_view content_type) {
  auto parts = read_multipart(content_type, body);
  if (!parts) {
    return model::make_error(model::api_errc::invalid_value,
                             "The request body is no valid multipart form: " + parts.error() + ".");
  }
  model::inference_request request;
  request.kind = kind;
  request.body = body;
  request.form = std::move(*parts);
  request_builder builder(request);
  if (!builder.form()) return std::move(builder.error());
  return request;
}

}  // namespace

bool takes_form(model::endpoint kind) noexcept {
  return kind == model::endpoint::transcriptions || kind == model::endpoint::translations;
}

model::outcome<model::inference_request> read_request(model::endpoint kind, std::string_view body,
                                                      std::string_view content_type) {
  if (takes_form(kind)) return read_form(kind, body, content_type);
  auto& reader = thread_reader();
  body = json::without_bom(body);
  if (!reader.read(body)) return not_json(body, reader.failure());
  const auto root = reader.root();
  if (!root.is(json::kind::object)) {
    return model::make_error(model::api_errc::invalid_json, "The request body must be a JSON object, but it is " +
                                                                std::string(json::kind_name(root.kind())) + ".");
  }
  model::outcome<model::inference_request> out(boost::system::in_place_value);
  out->kind = kind;
  out->body = body;
  request_builder builder(*out);
  if (!builder.body(root)) out = std::move(builder.error());
  return out;
}

}  // namespace spidergate::openai
