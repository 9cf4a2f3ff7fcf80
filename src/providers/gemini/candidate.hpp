#pragma once
#include "../chat/answer.hpp"

#include <spidergate/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// How the parts of a candidate read, whole or streamed.
namespace spidergate::providers::gemini {

struct finish_reading {
  chat::finish how = chat::finish::none;  ///< none: it goes on
  std::string native;                     ///< Google's word
  bool broken = false;                    ///< the model made something that could not be used: another attempt may do
};
[[nodiscard]] finish_reading read_finish(json::value reason);

/// The sentence for a candidate that broke off: its finishMessage, else the reason.
[[nodiscard]] provider_error broken_answer(json::value candidate, const finish_reading& how);

/// A prompt that was blocked: what a client is told in place of an answer (inside of a literal).
[[nodiscard]] std::string refusal_of(json::value prompt_feedback);

/// A call's arguments as the inside of a string literal, white space between tokens left out.
[[nodiscard]] std::string arguments_of(json::value function_call);

/// OpenAI's logprobs object of logprobsResult.
[[nodiscard]] std::string logprobs_of(json::value result);

/// {"type":"image_url",…} of an inlineData that is an image; empty of anything else.
[[nodiscard]] std::string image_of(json::value inline_data);

/// Turns offsets in bytes, as Google counts, into offsets in characters, as OpenAI does. Memory is bounded: behind
/// 65536 characters of more than one byte, offsets are not known.
class text_positions {
 public:
  void add(std::string_view literal);
  /// Negative where it is not known.
  [[nodiscard]] std::int64_t characters_at(std::int64_t bytes) const noexcept;
  [[nodiscard]] std::int64_t bytes() const noexcept { return bytes_; }

 private:
  void add_character(std::int64_t size);
  std::int64_t bytes_ = 0, surplus_ = 0;
  bool complete_ = true;
  std::vector<std::pair<std::int64_t, std::int64_t>> wide_;  ///< behind a wide character: bytes, surplus until there
};

/// The sources that a candidate names, as OpenAI's url_citation annotations, each once.
class citations {
 public:
  /// Those of `candidate` that have not been given before. `part_starts`: where in the text each part begins, in bytes;
  /// empty: offsets count from the text's beginning.
  [[nodiscard]] std::vector<std::string> take(json::value candidate, const text_positions& text,
                                              const std::vector<std::int64_t>& part_starts = {});

 private:
  void add(json::value source, json::value segment, std::int64_t shift, const text_positions& text,
           std::vector<std::string>& out);
  std::vector<std::size_t> given_;
  std::size_t room_ = 0;  ///< bytes that may still be made of this candidate: one long address may be cited often
};

}  // namespace spidergate::providers::gemini
