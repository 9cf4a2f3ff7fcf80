#pragma once
#include <spidergate/providers/dialect.hpp>

#include <string>
#include <string_view>

/// Text that is spoken, for dialects whose requests are not OpenAI's. The answers are bytes as everywhere.
namespace spidergate::providers::media {

/// What a client wants spoken.
struct speech_wish {
  std::string_view text_raw;  ///< a JSON string with its quotes, of the client's bytes
  std::string voice;          ///< a name or an id, plain text
  std::string_view format;    ///< "mp3" where the client does not say
  double speed = 1;
};

/// REQUIRES: a request for speech. Refuses events (`stream_format: sse`).
[[nodiscard]] boost::system::result<speech_wish, refusal> read_speech_wish(const encode_input& in);

/// Whether OpenAI has a voice of that name, which no other provider has.
[[nodiscard]] bool is_openai_voice(std::string_view name) noexcept;

}  // namespace spidergate::providers::media
