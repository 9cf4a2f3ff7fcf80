#include "../chat/chat_request.hpp"
#include "../media/model_path.hpp"
#include "../media/picture.hpp"
#include "../wire_headers.hpp"
#include "fal_dialect.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace spidergate::providers::fal {

namespace {

using encoded = boost::system::result<wire_request, refusal>;

constexpr std::array<std::string_view, 5> imagen_ratios{"1:1", "16:9", "9:16", "3:4", "4:3"};
constexpr std::array<std::string_view, 9> bria_ratios{"1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9"};
constexpr std::array<std::string_view, 9> ultra_ratios{"21:9", "16:9", "4:3",  "3:2", "1:1",
                                                       "2:3",  "3:4",  "9:16", "9:21"};
constexpr std::array<std::string_view, 10> gemini_ratios{"21:9", "16:9", "3:2", "4:3", "5:4",
                                                         "1:1",  "4:5",  "3:4", "2:3", "9:16"};

/// Where a family's inputs differ from those of most models (fal.ai/models/{model}/api).
struct family {
  std::string_view in_model;                 ///< part of the model's path
  std::span<const std::string_view> ratios;  ///< shapes it takes; empty: `image_size` in pixels
  bool several = true;                       ///< has num_images
  bool data = true;                          ///< has sync_mode
};
constexpr std::array<family, 6> families{{{"imagen4", imagen_ratios, true, false},
                                          {"bria/", bria_ratios, false, true},
                                          {"v1.1-ultra", ultra_ratios, true, true},
                                          {"nano-banana", gemini_ratios, true, true},
                                          {"gemini-25-flash-image", gemini_ratios, true, true},
                                          {"recraft", {}, false, false}}};

const family& family_of(std::string_view model) {
  static constexpr family most;
  const auto found = std::find_if(families.begin(), families.end(), [model](const family& f) {
    return model.find(f.in_model) != std::string_view::npos;
  });
  return found == families.end() ? most : *found;
}

}  // namespace

encoded fal_dialect::encode(const encode_input& in) const {
  const auto wish = media::read_picture_wish(in);
  if (!wish) return wish.error();
  const auto& takes = family_of(in.model);
  auto text = std::make_unique<std::string>("{\"prompt\":");
  text->append(wish->prompt_raw);
  if (wish->size && takes.ratios.empty()) {
    text->append(",\"image_size\":{\"width\":").append(std::to_string(wish->size->width));
    text->append(",\"height\":").append(std::to_string(wish->size->height)).append("}");
  } else if (wish->size) {
    const auto ratio = media::ratio_of(*wish->size, takes.ratios);
    if (!ratio) return chat::cannot(in, "size", "makes no images of that shape with this model");
    text->append(",\"aspect_ratio\":\"").append(*ratio).append("\"");
  }
  if (wish->count > 1 && !takes.several) return chat::cannot(in, "n", "makes one image at a time with this model");
  if (wish->count > 1) text->append(",\"num_images\":").append(std::to_string(wish->count));
  if (wish->format == media::picture_format::base64) {
    if (!takes.data) return chat::cannot(in, "response_format", "gives links, no data, with this model");
    text->append(",\"sync_mode\":true");
  }
  wire_request wire;
  constexpr std::array<std::string_view, 1> carried{"output_format"};
  if (const auto* format = in.asked.find("output_format"); format != nullptr && format->value != "null")
    text->append(",").append(format->whole);
  media::put_own_inputs(in, carried, wire, *text);
  text->push_back('}');

  wire.target = in.base_path;
  if (!media::append_model_path(wire.target, in.model)) return chat::cannot(in, "model", "has no model of that name");
  append_query_credential(wire.target, in.provider, in.secret);
  wire.headers = "accept: application/json\r\n";
  append_credential(wire.headers, in.provider, in.secret);
  append_forwarded(wire.headers, in);
  wire.body.emplace_back(*text);
  wire.owned.push_back(std::move(text));
  return wire;
}

}  // namespace spidergate::providers::fal
