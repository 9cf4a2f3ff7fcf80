#pragma once
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate::providers::chat {

/// An answer's id where the provider gives none: made of our request's, the same on every machine.
[[nodiscard]] std::string invented_id(const answer_input& in);
/// A call's id where the provider gives none: differs between answers, choices and calls.
[[nodiscard]] std::string invented_call_id(const answer_input& in, std::int64_t choice, std::int64_t call,
                                           std::string_view name);
/// Whether the client speaks of `functions` and is owed `function_call`.
[[nodiscard]] bool in_legacy_form(const model::inference_request& asked);

/// `"usage":{…}` of our own guess, marked as one.
void append_estimate(std::string& out, const model::inference_request& asked, std::int64_t text_bytes);

}  // namespace spidergate::providers::chat
