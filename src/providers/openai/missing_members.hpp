#pragma once
#include <spidergate/json/splice.hpp>
#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

#include <string>
#include <string_view>

namespace spidergate::providers::openai {

/// `object` (as `kind`), `created` and `model` where an answer or a chunk lacks them, each with a comma behind it; a
/// `model_id` that is there is the model.
[[nodiscard]] std::string missing_members(json::value root, std::string_view kind, const answer_input& in);

/// Puts them in. REQUIRES: `root` is an object with members, and what `edits` is about.
void add_missing_members(json::value root, std::string_view kind, const answer_input& in, json::splice& edits);

}  // namespace spidergate::providers::openai
