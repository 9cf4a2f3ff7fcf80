#include "images.hpp"

#include "usage.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace spidergate::providers::openai {

namespace {

constexpr std::int64_t widest = 100'000;

/// A short word out of the answer, else out of the request.
std::string word(const model::inference_request& asked, json::value root, std::string_view name) {
  std::string_view said = root.find(name).literal();
  if (said.empty()) {
    if (const auto* m = asked.find(name); m != nullptr && m->value.starts_with('"'))
      said = m->value.substr(1, m->value.size() - 2);
  }
  const bool plain = said.size() <= 32 && std::all_of(said.begin(), said.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
                     });
  return plain && said != "auto" ? std::string(said) : std::string();
}

/// Width times height of "1024x1536"; 0 where that is not said.
std::int64_t pixels_of(std::string_view size) {
  const auto* end = size.data() + size.size();
  std::int64_t width = 0, height = 0;
  const auto [cross, bad_width] = std::from_chars(size.data(), end, width);
  if (bad_width != std::errc{} || cross == end || *cross != 'x') return 0;
  const auto [rest, bad_height] = std::from_chars(cross + 1, end, height);
  const bool sound = bad_height == std::errc{} && rest == end && width > 0 && height > 0;
  return sound && width <= widest && height <= widest ? width * height : 0;
}

}  // namespace

model::usage image_usage(const model::inference_request& asked, json::value root, std::int64_t made) {
  const auto said = root.find("usage");
  model::usage used = read_usage(said, true).tokens.value_or(model::usage{});
  const auto part = [&](std::string_view list, std::string_view kind) {
    const auto number = said.find(list).find(kind).whole_number();
    return number && *number > 0 ? std::optional(*number) : std::nullopt;
  };
  used.image_prompt = std::min(part("input_tokens_details", "image_tokens").value_or(0), used.prompt);
  // What is made are images, unless the provider tells text apart.
  const auto text = part("output_tokens_details", "text_tokens").value_or(0);
  used.image_completion =
      std::min(part("output_tokens_details", "image_tokens").value_or(used.completion - text), used.completion);
  used.images = made;
  const auto quality = word(asked, root, "quality"), size = word(asked, root, "size");
  used.image_variant = quality.empty() || size.empty() ? quality + size : quality + "_" + size;
  used.pixels = pixels_of(size) * made;
  return used;
}

}  // namespace spidergate::providers::openai
