#include "byte_stream.hpp"

#include "../error_reading.hpp"

#include <spidergate/core/ascii.hpp>

#include <array>
#include <utility>

namespace spidergate::providers::openai {

namespace {

// Bytes of a second of speech in each format, as OpenAI's voices send it, and the tokens that a second is charged as.
constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> bytes_per_second{
    {{"pcm", 48'000}, {"wav", 48'000}, {"flac", 30'000}, {"aac", 12'000}, {"opus", 4'000}}};
constexpr std::int64_t mp3_bytes_per_second = 16'000;
constexpr std::int64_t tokens_per_second = 21;

std::int64_t rate_of(const model::inference_request& asked) {
  const auto* format = asked.find("response_format");
  for (const auto& [name, rate] : bytes_per_second) {
    if (format != nullptr && format->value.size() == name.size() + 2 && format->value.substr(1, name.size()) == name)
      return rate;
  }
  return mp3_bytes_per_second;
}

bool charged_by_tokens(const answer_input& in) {
  return in.entry != nullptr && (in.entry->price->input || in.entry->price->output || in.entry->price->audio_output);
}

}  // namespace

model::usage speech_usage(const answer_input& in, std::int64_t sound_bytes) {
  model::usage used;
  used.characters_in = in.asked.characters;
  used.audio_ms_out = sound_bytes * 1000 / rate_of(in.asked);
  if (charged_by_tokens(in)) {
    used.prompt = in.asked.estimated_prompt_tokens;
    used.completion = used.audio_completion = used.audio_ms_out * tokens_per_second / 1000;
    used.estimated = true;
  }
  return used;
}

byte_stream::byte_stream(const answer_input& in, std::string_view content_type)
    : content_type_(content_type.empty() ? "application/octet-stream" : content_type),
      by_tokens_(charged_by_tokens(in)) {
  facts_.usage = speech_usage(in, 0);
  const auto type = to_lower(content_type);
  if (type.starts_with("text/html") || type.find("json") != std::string::npos)
    facts_.error = not_an_answer("The provider answered with " + presentable(content_type) + " in place of speech.");
  rate_ = rate_of(in.asked);
}

bool byte_stream::feed(std::string_view bytes, std::string& out) {
  if (facts_.error) return false;
  if (bytes.empty()) return true;
  out.append(bytes);
  bytes_ += static_cast<std::int64_t>(bytes.size());
  facts_.content_seen = true;
  facts_.content_bytes = bytes_;
  auto& used = *facts_.usage;
  used.audio_ms_out = bytes_ * 1000 / rate_;
  if (by_tokens_) used.completion = used.audio_completion = used.audio_ms_out * tokens_per_second / 1000;
  return true;
}

bool byte_stream::end(std::string&) {
  if (facts_.error) return false;
  facts_.finished = facts_.done = facts_.content_seen;
  if (!facts_.content_seen) facts_.error = not_an_answer("The provider answered with no speech at all.");
  return facts_.content_seen;
}

}  // namespace spidergate::providers::openai
