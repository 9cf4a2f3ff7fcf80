#pragma once
#include <spidergate/providers/dialect.hpp>

#include <optional>
#include <string_view>

namespace spidergate::engine {

/// Reads a flat JSON object of strings, as the vault seals it, without leaving copies of the secret behind in a
/// parser's buffers. "api_key" becomes the key, everything else a setting. Nothing when it is not such an object.
[[nodiscard]] std::optional<providers::credential> read_credential(std::string_view flat_json);

}  // namespace spidergate::engine
