#include "../chat/chat_request.hpp"
#include "../media/form_writer.hpp"
#include "../media/picture.hpp"
#include "../wire_headers.hpp"
#include "stability_dialect.hpp"

#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <array>

namespace spidergate::providers::stability {

namespace {

using encoded = boost::system::result<wire_request, refusal>;

constexpr std::array<std::string_view, 9> ratios{"16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"};
constexpr std::array<std::string_view, 5> own_fields{"seed", "negative_prompt", "style_preset", "cfg_scale",
                                                     "output_format"};

/// The service that makes images with that model; empty where there is none.
std::string_view service_of(std::string_view model) {
  if (model == "stable-image-core" || model == "core") return "core";
  if (model == "stable-image-ultra" || model == "ultra") return "ultra";
  return model.starts_with("sd3") ? "sd3" : "";
}

std::string plain(std::string_view raw) {
  json::reader reader;
  if (!reader.read(raw)) return {};
  const auto root = reader.root();
  return root.is(json::kind::string) ? root.text() : std::string(root.raw());
}

}  // namespace

encoded stability_dialect::encode(const encode_input& in) const {
  const auto wish = media::read_picture_wish(in);
  if (!wish) return wish.error();
  const auto service = service_of(in.model);
  if (service.empty()) return chat::cannot(in, "model", "makes no images out of text alone with this model");
  if (wish->count > 1) return chat::cannot(in, "n", "makes one image at a time");
  if (wish->format == media::picture_format::url)
    return chat::cannot(in, "response_format", "gives data (b64_json), no links");
  wire_request wire;
  media::form_writer form;
  form.field("prompt", plain(wish->prompt_raw));
  if (service == "sd3" && in.model != "sd3") form.field("model", std::string(in.model));
  if (wish->size) {
    const auto ratio = media::ratio_of(*wish->size, ratios);
    if (!ratio) return chat::cannot(in, "size", "makes no images of that shape");
    form.field("aspect_ratio", std::string(*ratio));
  }
  for (const auto name : own_fields) {
    if (const auto* m = in.asked.find(name); m != nullptr && m->value != "null") form.field(name, plain(m->value));
  }
  form.finish(wire);
  std::array<std::string_view, own_fields.size() + 5> carried{"prompt", "n", "size", "response_format", "background"};
  std::copy(own_fields.begin(), own_fields.end(), carried.begin() + 5);
  if (auto fine = chat::drop_others(in, carried, wire); !fine) return fine.error();

  wire.target = std::string(in.base_path) + "/v2beta/stable-image/generate/" + std::string(service);
  append_query_credential(wire.target, in.provider, in.secret);
  wire.headers = "accept: application/json\r\n";
  append_credential(wire.headers, in.provider, in.secret);
  append_forwarded(wire.headers, in);
  return wire;
}

}  // namespace spidergate::providers::stability
