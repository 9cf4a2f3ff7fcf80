#pragma once
#include <spidergate/json/splice.hpp>
#include <spidergate/providers/dialect.hpp>

#include <string_view>

namespace spidergate::providers::openai {

/// Brings the messages of a chat into what the catalogue says of this provider: the trait `developer` (the role that
/// stands for it), renames and drops of "messages[].NAME", the traits `history=thinking_parts` and `call_ids=9`
/// (Mistral). Nothing is read or changed where the catalogue says nothing, or the text cannot hold what it is about.
/// `messages` is the raw value within the body that `edits` is about.
void edit_messages(const encode_input& in, std::string_view messages, json::splice& edits, wire_request& wire);

}  // namespace spidergate::providers::openai
