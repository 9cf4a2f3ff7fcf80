#include "speech_wish.hpp"

#include "../chat/chat_request.hpp"
#include "../openai/openai_dialect.hpp"

#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace spidergate::providers::media {

namespace {

/// A name, or OpenAI's {"id":…} of a voice of one's own.
std::string voice_of(std::string_view raw) {
  json::reader reader;
  if (!reader.read(raw)) return {};
  const auto root = reader.root();
  return root.is(json::kind::object) ? root.find("id").text() : root.text();
}

}  // namespace

boost::system::result<speech_wish, refusal> read_speech_wish(const encode_input& in) {
  speech_wish wish;
  const auto* text = in.asked.find("input");
  if (text == nullptr || !text->value.starts_with('"')) return chat::cannot(in, "input", "speaks one text");
  wish.text_raw = text->value;
  if (openai::asks_for_events(in.asked))
    return chat::cannot(in, "stream_format", "sends speech as sound, not as events");
  if (const auto* voice = in.asked.find("voice")) wish.voice = voice_of(voice->value);
  const auto* format = in.asked.find("response_format");
  const bool said = format != nullptr && format->value.size() > 2 && format->value.starts_with('"');
  wish.format = said ? format->value.substr(1, format->value.size() - 2) : "mp3";
  if (const auto* speed = in.asked.find("speed"))
    std::from_chars(speed->value.data(), speed->value.data() + speed->value.size(), wish.speed);
  return wish;
}

bool is_openai_voice(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 13> voices{"alloy", "ash",  "ballad", "cedar", "coral",   "echo", "fable",
                                                    "marin", "nova", "onyx",   "sage",  "shimmer", "verse"};
  return std::find(voices.begin(), voices.end(), name) != voices.end();
}

}  // namespace spidergate::providers::media
