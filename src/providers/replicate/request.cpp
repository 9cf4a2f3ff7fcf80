#include "../chat/chat_request.hpp"
#include "../media/model_path.hpp"
#include "../media/picture.hpp"
#include "../media/polling.hpp"
#include "../wire_headers.hpp"
#include "chat_input.hpp"
#include "model_inputs.hpp"
#include "replicate_dialect.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <array>

namespace spidergate::providers::replicate {

namespace {

constexpr std::array<std::string_view, 9> ratios{"1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "21:9", "9:21"};

}  // namespace

boost::system::result<void, refusal> write_picture_input(const encode_input& in, wire_request& wire, std::string& out) {
  const auto wish = media::read_picture_wish(in);
  if (!wish) return wish.error();
  const auto& takes = picture_inputs_of(in.model);
  out.append("\"prompt\":").append(wish->prompt_raw);
  if (wish->format == media::picture_format::base64)
    return chat::cannot(in, "response_format", "gives links to images, not their data");
  if (wish->size && takes.size_as_is) {
    out.append(",\"size\":").append(in.asked.find("size")->value);
  } else if (wish->size && !takes.ratio) {
    out.append(",\"width\":").append(std::to_string(wish->size->width));
    out.append(",\"height\":").append(std::to_string(wish->size->height));
  } else if (wish->size) {
    const auto ratio = media::ratio_of(*wish->size, ratios);
    if (!ratio) return chat::cannot(in, "size", "makes no images of that shape with this model");
    out.append(",\"aspect_ratio\":\"").append(*ratio).append("\"");
  }
  if (wish->count > 1 && takes.count.empty()) return chat::cannot(in, "n", "makes one image at a time with this model");
  if (wish->count > 1) out.append(",\"").append(takes.count).append("\":").append(std::to_string(wish->count));
  constexpr std::array<std::string_view, 1> carried{"output_format"};
  if (const auto* format = in.asked.find("output_format"); format != nullptr && format->value != "null")
    out.append(",\"output_format\":").append(format->value == "\"jpeg\"" ? "\"jpg\"" : format->value);
  media::put_own_inputs(in, carried, wire, out);
  return {};
}

boost::system::result<wire_request, refusal> replicate_dialect::encode(const encode_input& in) const {
  wire_request wire;
  auto text = std::make_unique<std::string>("{");
  wire.target = in.base_path;
  const auto colon = in.model.find(':');
  const auto path = in.model.substr(0, colon);
  // A version is asked for by its hash, alone or behind the model's name.
  if (colon != std::string_view::npos || path.find('/') == std::string_view::npos) {
    text->append("\"version\":");
    append_json_string(*text, colon == std::string_view::npos ? path : in.model.substr(colon + 1));
    text->append(",");
  } else if (!media::append_model_path(wire.target.append("/models"), path)) {
    return chat::cannot(in, "model", "has no model of that name");
  }
  wire.target.append("/predictions");
  text->append("\"input\":{");
  auto written = in.asked.kind == model::endpoint::images ? write_picture_input(in, wire, *text)
                                                          : write_chat_input(in, wire, *text);
  if (!written) return written.error();
  text->append("}}");
  append_query_credential(wire.target, in.provider, in.secret);
  // Shorter than a gateway waits for the first byte of an answer.
  wire.headers = "accept: application/json\r\nprefer: wait=20\r\n";
  append_credential(wire.headers, in.provider, in.secret);
  append_forwarded(wire.headers, in);
  wire.memo = media::first_memo(in.base_path);
  wire.body.emplace_back(*text);
  wire.owned.push_back(std::move(text));
  return wire;
}

}  // namespace spidergate::providers::replicate
