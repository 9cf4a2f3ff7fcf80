#include "../wire_headers.hpp"
#include "body_edit.hpp"
#include "form.hpp"
#include "openai_dialect.hpp"
#include "transcripts.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <utility>

namespace spidergate::providers::openai {

namespace {

using model::endpoint;

std::string_view accepted(const model::inference_request& asked) {
  if (asks_for_events(asked)) return "accept: text/event-stream\r\n";
  const bool may_be_anything =
      asked.kind == endpoint::speech || asked.kind == endpoint::transcriptions || asked.kind == endpoint::translations;
  return may_be_anything ? "accept: */*\r\n" : "accept: application/json\r\n";
}

}  // namespace

std::string_view path_of(endpoint kind) noexcept {
  switch (kind) {
    case endpoint::chat:
      return "/chat/completions";
    case endpoint::completions:
      return "/completions";
    case endpoint::embeddings:
      return "/embeddings";
    case endpoint::moderations:
      return "/moderations";
    case endpoint::images:
      return "/images/generations";
    case endpoint::speech:
      return "/audio/speech";
    case endpoint::transcriptions:
      return "/audio/transcriptions";
    case endpoint::translations:
      return "/audio/translations";
    case endpoint::rerank:
      return "/rerank";
  }
  return {};
}

bool asks_for_events(const model::inference_request& asked) noexcept {
  if (asked.kind != endpoint::speech) return asked.stream;
  const auto* format = asked.find("stream_format");
  return format != nullptr && format->value == "\"sse\"";
}

std::string openai_dialect::target_of(const encode_input& in) const {
  // A base URL may carry a query (`?api-version=…`), which stays behind the path.
  const std::size_t query = std::min(in.base_path.find('?'), in.base_path.size());
  const auto path = path_of(in.asked.kind);
  std::string target;
  target.reserve(in.base_path.size() + path.size());
  target.append(in.base_path.substr(0, query)).append(path).append(in.base_path.substr(query));
  return target;
}

void openai_dialect::append_own_headers(std::string& headers, const encode_input& in) const {
  append_credential(headers, in.provider, in.secret);
}

std::string_view openai_dialect::model_in_body(const encode_input& in) const {
  return in.model;
}

bool openai_dialect::serves(endpoint) const noexcept {
  return true;
}

boost::system::result<wire_request, refusal> openai_dialect::encode(const encode_input& in) const {
  boost::system::result<wire_request, refusal> out(boost::system::in_place_value);
  auto& wire = *out;
  wire.target = target_of(in);
  append_query_credential(wire.target, in.provider, in.secret);
  wire.headers.reserve(256);
  wire.body.reserve(4);
  wire.headers.append(accepted(in.asked));
  append_own_headers(wire.headers, in);
  append_forwarded(wire.headers, in);
  const bool form = in.asked.kind == endpoint::transcriptions || in.asked.kind == endpoint::translations;
  const auto model = model_in_body(in);
  auto refused = !form                     ? body_edit(in, model).run(wire)
                 : takes_sound_as_json(in) ? write_sound_as_json(in, model, wire)
                                           : write_form(in, model, wire);
  if (refused) out = *std::move(refused);
  return out;
}

}  // namespace spidergate::providers::openai
