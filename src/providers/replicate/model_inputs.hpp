#pragma once
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <span>
#include <string_view>

/// How the inputs of models are called: each has a schema of its own (replicate.com/{owner}/{name}/api), alike within
/// the house that made them.
namespace spidergate::providers::replicate {

struct chat_inputs {
  std::string_view system = "";  ///< the input for instructions; empty: they stand before the prompt
  std::string_view length = "max_tokens";
  std::int64_t least_length = 1;            ///< shorter is refused there
  std::string_view images = "";             ///< empty: takes none
  bool several_images = false;              ///< `images` is a list
  bool messages = false;                    ///< takes OpenAI's list in place of a prompt
  std::string_view stop = "";               ///< the input for stop sequences, joined with commas; empty: none
  std::string_view thinking_budget = "";    ///< tokens
  std::string_view thinking_switch = "";    ///< a boolean beside it
  bool effort = false;                      ///< reasoning_effort
  std::span<const std::string_view> plain;  ///< inputs called as OpenAI calls them
};
[[nodiscard]] const chat_inputs& chat_inputs_of(std::string_view model);

struct picture_inputs {
  bool ratio = true;            ///< aspect_ratio; else width and height, or `size`
  bool size_as_is = false;      ///< `size`, as OpenAI has it
  std::string_view count = "";  ///< of how many; empty: one image at a time
};
[[nodiscard]] const picture_inputs& picture_inputs_of(std::string_view model);

}  // namespace spidergate::providers::replicate
