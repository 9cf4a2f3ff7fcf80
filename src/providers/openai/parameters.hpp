#pragma once
#include <spidergate/providers/dialect.hpp>

#include <string_view>

/// Which of a request's parameters a provider and a model take (spec section 10, parameter honesty).
namespace spidergate::providers::openai {

/// What becomes of a top-level parameter.
enum class fate {
  keep,    ///< sent
  erase,   ///< left out without a word: it says nothing, or is asked for in another way
  drop,    ///< left out and listed
  refuse,  ///< it changes the question, and this provider cannot do it
};
[[nodiscard]] fate fate_of(const encode_input& in, const model::body_member& m);

/// Whether the catalogue says that the provider refuses that parameter.
[[nodiscard]] bool is_dropped(const encode_input& in, std::string_view name);

/// Puts it into dropped_params, once.
void note_dropped(wire_request& wire, std::string_view name);

/// A parameter's raw value with which the answer is the same as without it.
[[nodiscard]] bool says_nothing(std::string_view name, std::string_view value);

/// OpenAI's own service and Azure's copy of it, whose reasoning models refuse what others take.
[[nodiscard]] bool is_openai_house(const catalogue::provider& provider) noexcept;

/// What the provider calls the length of an answer: everybody knows max_tokens but for OpenAI's own service, whose
/// newer models refuse it.
[[nodiscard]] std::string_view length_field(const encode_input& in);

[[nodiscard]] refusal refused_parameter(const encode_input& in, std::string_view name);

}  // namespace spidergate::providers::openai
