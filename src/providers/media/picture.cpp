#include "picture.hpp"

#include "../chat/chat_request.hpp"
#include "../openai/body_edit.hpp"
#include "../openai/images.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <utility>

namespace spidergate::providers::media {

namespace {

constexpr std::int64_t widest = 100'000;
constexpr double farthest = 0.04;
constexpr std::int64_t most_pictures = 128;  // nobody makes more at once

/// platform.openai.com/docs/api-reference/images/create
constexpr std::array<std::string_view, 14> openai_members{"model",
                                                          "prompt",
                                                          "n",
                                                          "size",
                                                          "quality",
                                                          "style",
                                                          "background",
                                                          "moderation",
                                                          "response_format",
                                                          "output_format",
                                                          "user",
                                                          "stream",
                                                          "partial_images",
                                                          "output_compression"};
constexpr std::array<std::string_view, 6> always_read{"model", "prompt", "n", "size", "response_format", "stream"};

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::string_view word_of(const model::inference_request& asked, std::string_view name) {
  const auto* m = asked.find(name);
  const bool text = m != nullptr && m->value.size() >= 2 && m->value.starts_with('"');
  return text ? m->value.substr(1, m->value.size() - 2) : std::string_view();
}

std::optional<picture_size> size_in(std::string_view text) {
  const auto* end = text.data() + text.size();
  picture_size size;
  const auto [cross, bad_width] = std::from_chars(text.data(), end, size.width);
  if (bad_width != std::errc{} || cross == end || *cross != 'x') return std::nullopt;
  const auto [rest, bad_height] = std::from_chars(cross + 1, end, size.height);
  const bool sound = bad_height == std::errc{} && rest == end && size.width > 0 && size.height > 0 &&
                     size.width <= widest && size.height <= widest;
  return sound ? std::optional(size) : std::nullopt;
}

}  // namespace

boost::system::result<picture_wish, refusal> read_picture_wish(const encode_input& in) {
  picture_wish wish;
  const auto* prompt = in.asked.find("prompt");
  if (prompt == nullptr || !prompt->value.starts_with('"')) return chat::cannot(in, "prompt", "needs one text");
  wish.prompt_raw = prompt->value;
  wish.count = in.asked.choices;
  if (const auto said = word_of(in.asked, "size"); !said.empty() && said != "auto") {
    wish.size = size_in(said);
    if (!wish.size) return chat::cannot(in, "size", "takes sizes as WIDTHxHEIGHT only");
  }
  if (word_of(in.asked, "background") == "transparent")
    return chat::cannot(in, "background", "makes no transparent backgrounds");
  const auto format = word_of(in.asked, "response_format");
  if (format == "url") wish.format = picture_format::url;
  if (format == "b64_json") wish.format = picture_format::base64;
  if (!format.empty() && wish.format == picture_format::unsaid)
    return chat::cannot(in, "response_format", "gives images as url or b64_json");
  return wish;
}

std::optional<std::string_view> ratio_of(const picture_size& size, std::span<const std::string_view> known) {
  std::optional<std::string_view> best;
  double least = farthest;
  const double wanted = static_cast<double>(size.width) / static_cast<double>(size.height);
  for (const auto ratio : known) {
    double width = 0, height = 0;
    const auto colon = ratio.find(':');
    std::from_chars(ratio.data(), ratio.data() + colon, width);
    std::from_chars(ratio.data() + colon + 1, ratio.data() + ratio.size(), height);
    const double off = std::abs(wanted * height / width - 1);
    if (off > least) continue;
    least = off;
    best = ratio;
  }
  return best;
}

void put_own_inputs(const encode_input& in, std::span<const std::string_view> carried, wire_request& wire,
                    std::string& out) {
  for (const auto& m : in.asked.members) {
    if (among(always_read, m.name) || among(carried, m.name) || openai::is_gateway_field(m.name)) continue;
    if (among(openai_members, m.name)) {
      const bool silent = m.value == "null" || m.value == "\"auto\"" || m.value == "0" || m.value == "\"\"";
      if (!silent) chat::drop(wire, m.name);
      continue;
    }
    out.append(",").append(m.whole);
  }
}

void picture_list::keep(std::string text) {
  answer_.owned.push_back(std::make_unique<std::string>(std::move(text)));
  answer_.body.emplace_back(*answer_.owned.back());
}

void picture_list::add(std::string_view member, std::string_view text_json) {
  if (count_ == most_pictures) return;
  std::string head = count_++ == 0 ? "{\"created\":" + std::to_string(in_.now / 1000) + ",\"data\":[" : ",";
  keep(head.append("{\"").append(member).append("\":\""));
  answer_.body.push_back(text_json);
  answer_.body.emplace_back("\"}");
}

void picture_list::measured(std::int64_t width, std::int64_t height) {
  if (width > 0 && height > 0 && width <= widest && height <= widest) pixels_ += width * height;
}

client_answer picture_list::finish() {
  answer_.body.emplace_back("]}");
  answer_.facts.usage = openai::image_usage(in_.asked, json::value(), count_);
  if (pixels_ > 0) answer_.facts.usage->pixels = pixels_;
  return std::move(answer_);
}

std::optional<std::string_view> base64_of_data_url(std::string_view url_json) {
  constexpr std::string_view mark = ";base64,";
  const auto found = url_json.substr(0, 256).find(mark);
  if (!url_json.starts_with("data:") || found == std::string_view::npos) return std::nullopt;
  return url_json.substr(found + mark.size());
}

}  // namespace spidergate::providers::media
