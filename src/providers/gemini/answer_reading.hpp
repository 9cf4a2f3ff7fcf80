#pragma once
#include "../chat/answer.hpp"
#include "candidate.hpp"

#include <spidergate/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace spidergate::providers::gemini {

/// Puts together a whole answer out of one generateContent answer, or of the several that a stream read to its end has.
class answer_reading {
 public:
  explicit answer_reading(const answer_input& in) : in_(in) {}
  void add(json::value response);
  /// The chat.completion, or why there is none.
  [[nodiscard]] boost::system::result<client_answer, provider_error> finish() &&;

 private:
  struct state {
    std::int64_t index = 0;
    text_positions text;
    citations sources;
    std::size_t details = 0;
    std::optional<provider_error> broken;
  };
  static constexpr std::size_t most_choices = 16;
  [[nodiscard]] std::size_t choice_at(std::int64_t index);
  void candidate(json::value v);
  void part(json::value v, chat::answer_choice& choice, state& of);
  void call(json::value v, json::value signature, chat::answer_choice& choice, state& of);
  void inline_data(json::value v, chat::answer_choice& choice);

  const answer_input& in_;
  chat::answer answer_;
  std::vector<state> states_;
  std::string refusal_;
  bool blocked_ = false;
  std::string block_reason_;
};

/// `,"extra_content":{"google":{"thought_signature":…}}`, as Google's own OpenAI-compatible API has it.
[[nodiscard]] std::string signature_member(json::value signature);

}  // namespace spidergate::providers::gemini
