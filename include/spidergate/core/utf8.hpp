#pragma once
#include <cstddef>
#include <string_view>

namespace spidergate {

/// The length of the UTF-8 sequence at the start of `text` (RFC 3629: no overlong forms, no surrogates), or 0 when what
/// stands there is none. `text` is not empty.
[[nodiscard]] std::size_t utf8_sequence_length(std::string_view text) noexcept;

}  // namespace spidergate
