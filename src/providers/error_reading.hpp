#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::providers {

/// Provider text that may be shown: valid UTF-8, without control characters, at most 1 KiB, with everything that looks
/// like a key masked (providers put the key that they refuse into the message).
[[nodiscard]] std::string presentable(std::string_view text);

/// Fills message, type, code, param, and status where the answer names one, out of an error in any of the JSON shapes
/// that providers of OpenAI's dialect send. False when the value says nothing that reads like an error.
bool read_error(json::value root, provider_error& error);

/// Whether an object without the members of an answer is an error.
[[nodiscard]] bool looks_like_error(json::value root);

/// What an error means, out of its status, code, type and message. REQUIRES: those are filled in.
[[nodiscard]] error_class classify(const provider_error& error);

/// The wait that the headers ask for: milliseconds before seconds; dates are not read, as nothing here knows the time.
[[nodiscard]] std::optional<std::chrono::milliseconds> read_retry_after(std::string_view seconds,
                                                                        std::string_view milliseconds);
/// The wait that a message asks for ("Please try again in 6.78s").
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after_in(std::string_view message);

/// An error that we found ourselves: the answer makes no sense.
[[nodiscard]] provider_error not_an_answer(std::string message);

}  // namespace spidergate::providers
