#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Sound that becomes text, for dialects whose answers are not OpenAI's.
namespace spidergate::providers::media {

enum class transcript_form : std::uint8_t { json, text, verbose_json, srt, vtt };

/// What a client wants of its sound. Views of its form.
struct transcript_wish {
  const model::form_part* file = nullptr;
  std::string_view language, prompt, temperature;  ///< empty: not said
  transcript_form form = transcript_form::json;
  bool words = false;     ///< verbose_json: with each word's time
  bool segments = false;  ///< verbose_json: with the time of sentences
};

/// REQUIRES: a form of a transcription. Refuses what changes the question and cannot be had: events, speakers as
/// OpenAI tells them apart, a request without a file.
[[nodiscard]] boost::system::result<transcript_wish, refusal> read_transcript_wish(const encode_input& in);
/// The same of a request that was encoded before, hence is sound.
[[nodiscard]] transcript_wish transcript_wish_of(const model::inference_request& asked);

/// Lists what was said in the form and is in neither `carried` nor read by read_transcript_wish, but for the gateway's
/// own fields and what says nothing. `language`, `prompt` and `temperature` count as carried only where listed.
void drop_other_parts(const encode_input& in, std::span<const std::string_view> carried, wire_request& wire);

/// One word, or a sign between two.
struct heard_word {
  std::string_view text_json;  ///< the inside of a JSON string literal, of the provider's bytes
  double start_s = 0, end_s = 0;
  double confidence = 0;  ///< 0 to 1; 0: not said
  bool glued = false;     ///< no space before it
};

/// What was heard.
struct transcript {
  std::string text_json;  ///< the inside of a JSON string literal
  std::string language;   ///< "en", as the provider calls it; empty: not said
  std::optional<double> seconds;
  std::deque<heard_word> words;  ///< in order; may be empty; never moved while it grows, for it may be long
};

/// A number of seconds that can be true (0 to some months), or nothing.
[[nodiscard]] std::optional<double> seconds_in(json::value v);

/// The answer in the form that the client asked for. Segments and subtitles are made of the words: a sentence each, cut
/// where it is long. Usage is the sound's length where it is known.
[[nodiscard]] client_answer to_client(const transcript& heard, const answer_input& in);

}  // namespace spidergate::providers::media
