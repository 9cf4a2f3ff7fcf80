#pragma once
#include <string>
#include <string_view>

namespace spidergate {

/// Appends RFC 4648's base64 of `bytes`, padded.
void append_base64(std::string& out, std::string_view bytes);
/// Appends base64url, not padded, as JSON web tokens have it.
void append_base64url(std::string& out, std::string_view bytes);
/// Appends what `text` says, in either alphabet, padded or not. False when it is neither: `out` then holds what was
/// read before the fault.
[[nodiscard]] bool append_base64_decoded(std::string& out, std::string_view text);

}  // namespace spidergate
