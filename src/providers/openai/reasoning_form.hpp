#pragma once
#include "member_marks.hpp"

#include <spidergate/providers/dialect.hpp>

#include <string>

namespace spidergate::providers::openai {

/// How much thinking is asked for is said in five ways. Where the catalogue knows which one a provider takes (the trait
/// `reasoning`: effort, object, thinking, thinking_effort, enable_thinking, template), what the client said in another
/// way is said in that one: its members are marked in `erased`, and those to add are returned, each with a leading
/// comma. What the provider's own way cannot say is listed as dropped.
[[nodiscard]] std::string reasoning_in_form(const encode_input& in, member_marks& erased, wire_request& wire);

}  // namespace spidergate::providers::openai
