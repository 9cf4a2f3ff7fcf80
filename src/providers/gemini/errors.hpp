#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

#include <string_view>

namespace spidergate::providers::gemini {

/// Reads Google's error ({"error":{"code","message","status","details"}}, alone or in a list) into `error`, and what it
/// means with it: error.kind, and the wait that google.rpc.RetryInfo asks for. `error.status` stays where it is known.
void read_google_error(json::value root, provider_error& error);

/// Whether `root` is such an error and no answer.
[[nodiscard]] bool is_google_error(json::value root) noexcept;

}  // namespace spidergate::providers::gemini
