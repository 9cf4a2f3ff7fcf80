#include "../chat/chat_request.hpp"
#include "../openai/body_edit.hpp"
#include "transcript.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::providers::media {

namespace {

constexpr std::string_view granularities = "timestamp_granularities";
constexpr std::array<std::pair<std::string_view, transcript_form>, 5> forms{
    {{"json", transcript_form::json},
     {"text", transcript_form::text},
     {"verbose_json", transcript_form::verbose_json},
     {"srt", transcript_form::srt},
     {"vtt", transcript_form::vtt}}};

std::string_view part_of(const model::inference_request& asked, std::string_view name) {
  const auto* part = asked.find_part(name);
  return part == nullptr ? std::string_view() : part->content;
}

std::optional<transcript_form> form_named(std::string_view name) {
  if (name.empty()) return transcript_form::json;
  for (const auto& [known, form] : forms) {
    if (known == name) return form;
  }
  return std::nullopt;
}

}  // namespace

transcript_wish transcript_wish_of(const model::inference_request& asked) {
  transcript_wish wish;
  wish.file = asked.find_part("file");
  wish.language = part_of(asked, "language");
  wish.prompt = part_of(asked, "prompt");
  wish.temperature = part_of(asked, "temperature");
  wish.form = form_named(part_of(asked, "response_format")).value_or(transcript_form::json);
  for (const auto& part : asked.form) {
    if (!part.name.starts_with(granularities)) continue;
    wish.words = wish.words || part.content == "word";
    wish.segments = wish.segments || part.content == "segment";
  }
  if (!wish.words) wish.segments = true;
  return wish;
}

boost::system::result<transcript_wish, refusal> read_transcript_wish(const encode_input& in) {
  const auto wish = transcript_wish_of(in.asked);
  if (wish.file == nullptr) return chat::cannot(in, "file", "needs the sound as a file");
  if (in.asked.stream) return chat::cannot(in, "stream", "gives a transcript as a whole only");
  if (!form_named(part_of(in.asked, "response_format")))
    return chat::cannot(in, "response_format", "gives json, text, verbose_json, srt or vtt");
  return wish;
}

void drop_other_parts(const encode_input& in, std::span<const std::string_view> carried, wire_request& wire) {
  constexpr std::array<std::string_view, 4> read{"model", "file", "response_format", "stream"};
  for (const auto& part : in.asked.form) {
    const bool known = std::find(read.begin(), read.end(), part.name) != read.end() ||
                       std::find(carried.begin(), carried.end(), part.name) != carried.end() ||
                       part.name.starts_with(granularities) || openai::is_gateway_field(part.name);
    const bool silent = part.content.empty() || part.content == "false" ||
                        (part.name == "temperature" && part.content == "0") ||
                        (part.name == "chunking_strategy" && part.content == "auto");
    if (!known && !silent) chat::drop(wire, part.name);
  }
}

}  // namespace spidergate::providers::media
