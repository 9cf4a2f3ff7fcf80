#include "transcripts.hpp"

#include "answers.hpp"
#include "body_edit.hpp"
#include "openai_dialect.hpp"
#include "parameters.hpp"
#include "usage.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/base64.hpp>
#include <spidergate/core/json_text.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

namespace spidergate::providers::openai {

namespace {

constexpr double longest_sound_s = 1e7;

std::string_view part_of(const model::inference_request& asked, std::string_view name) {
  const auto* part = asked.find_part(name);
  return part == nullptr ? std::string_view() : part->content;
}

/// Whether the client wants JSON: anything else comes as bare text.
bool wants_json(const model::inference_request& asked) {
  const auto format = part_of(asked, "response_format");
  return format.empty() || format.find("json") != std::string_view::npos;
}

/// "mp3" of "speech.mp3", else of "audio/mpeg"; "wav" where neither says.
std::string format_of(const model::form_part& file) {
  const auto dot = file.filename.rfind('.');
  if (dot != std::string_view::npos && dot + 1 < file.filename.size()) return to_lower(file.filename.substr(dot + 1));
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> known{
      {{"mpeg", "mp3"}, {"mp4", "m4a"}, {"ogg", "ogg"}, {"webm", "webm"}, {"flac", "flac"}}};
  for (const auto& [type, format] : known) {
    if (file.content_type.find(type) != std::string_view::npos) return std::string(format);
  }
  return "wav";
}

std::optional<double> seconds_of(json::value v) {
  const auto raw = v.is(json::kind::string) ? v.literal() : v.is(json::kind::number) ? v.raw() : std::string_view();
  double seconds = 0;
  const auto [end, failure] = std::from_chars(raw.data(), raw.data() + raw.size(), seconds);
  const bool sound = !raw.empty() && failure == std::errc{} && end == raw.data() + raw.size() && seconds >= 0 &&
                     seconds <= longest_sound_s;
  return sound ? std::optional(seconds) : std::nullopt;
}

client_answer bare_text(std::string text, std::string_view content_type) {
  client_answer out;
  out.facts.text_bytes = static_cast<std::int64_t>(text.size());
  out.owned.push_back(std::make_unique<std::string>(std::move(text)));
  out.body.push_back(*out.owned.back());
  out.content_type = content_type;
  return out;
}

}  // namespace

bool takes_sound_as_json(const encode_input& in) noexcept {
  return in.provider.trait("transcription") == "json";
}

std::optional<refusal> write_sound_as_json(const encode_input& in, std::string_view model, wire_request& wire) {
  const auto* file = in.asked.find_part("file");
  if (in.asked.kind != model::endpoint::transcriptions) return refused_parameter(in, "file");
  if (file == nullptr) return refused_parameter(in, "file");
  auto text = std::make_unique<std::string>();
  text->reserve(file->content.size() / 3 * 4 + 256);
  json_writer out(*text);
  out.begin_object().key("model").string(model).key("input_audio").begin_object().key("data");
  std::string data = "\"";
  append_base64(data, file->content);
  out.raw(data + "\"").key("format").string(format_of(*file)).end_object();
  for (const auto& part : in.asked.form) {
    if (part.name == "language") {
      out.key(part.name).string(part.content);
    } else if (part.name == "temperature") {
      auto& reader = thread_reader();
      if (!reader.read(part.content) || !reader.root().is(json::kind::number)) return refused_parameter(in, part.name);
      out.key(part.name).raw(reader.root().raw());
    } else if (part.name == "response_format") {
      if (part.content == "verbose_json")
        out.key(part.name).string(part.content);
      else if (part.content != "json" && part.content != "text")
        return refused_parameter(in, part.name);
    } else if (part.name.starts_with("timestamp_granularities") || part.name == "chunking_strategy") {
      return refused_parameter(in, part.name);
    } else if (part.name != "model" && part.name != "file" && !is_gateway_field(part.name) && part.content != "false") {
      note_dropped(wire, part.name);
    }
  }
  out.end_object();
  wire.owned.push_back(std::move(text));
  wire.body.push_back(*wire.owned.back());
  return std::nullopt;
}

std::optional<model::usage> transcript_usage(json::value root) {
  const auto said = root.find("usage");
  if (const auto tokens = read_usage(said, true).tokens) return tokens;
  auto seconds = seconds_of(said.find("seconds"));
  if (!seconds) seconds = seconds_of(root.find("duration"));
  if (!seconds) return std::nullopt;
  model::usage used;
  used.audio_ms_in = static_cast<std::int64_t>(std::llround(*seconds * 1000));
  return used;
}

boost::system::result<client_answer, provider_error> read_transcript(const answer_input& in,
                                                                     std::string_view content_type,
                                                                     std::string_view body) {
  const bool json_wanted = wants_json(in.asked);
  const auto text = json::without_bom(body);
  const auto read = read_object(content_type, text);
  if (!read) {
    if (json_wanted || looks_like_html(content_type, text)) return read.error();
    client_answer out;
    out.body.push_back(body);
    out.facts.text_bytes = static_cast<std::int64_t>(body.size());
    out.content_type = content_type.empty() ? "text/plain; charset=utf-8" : std::string(content_type);
    return out;
  }
  const auto root = *read;
  const auto words = root.find("text");
  if (!words.is(json::kind::string)) {
    if (looks_like_error(root)) return in_band(root);
    return not_an_answer("The provider's answer holds no 'text'.");
  }
  auto used = transcript_usage(root);
  if (!json_wanted && part_of(in.asked, "response_format") == "text") {
    auto out = bare_text(words.text() + "\n", "text/plain; charset=utf-8");
    out.facts.usage = std::move(used);
    return out;
  }
  client_answer out;
  out.body.push_back(text);
  out.facts.text_bytes = static_cast<std::int64_t>(json::unescaped_size(words.literal()));
  out.facts.usage = std::move(used);
  return out;
}

}  // namespace spidergate::providers::openai
