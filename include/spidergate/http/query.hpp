#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::http {

/// The decoded value of the first parameter called `name` in a query string (`a=1&b=x%20y`, without '?'):
/// percent-escapes are decoded, '+' is a space, a parameter without '=' is empty, a malformed escape stands for itself.
/// Nothing when absent.
[[nodiscard]] std::optional<std::string> query_value(std::string_view query, std::string_view name);

/// Percent-decodes a path or a segment of one ('+' stays). Nothing for a malformed escape or an encoded NUL.
[[nodiscard]] std::optional<std::string> decode_path(std::string_view path);

}  // namespace spidergate::http
