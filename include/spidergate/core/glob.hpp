#pragma once
#include <string_view>

namespace spidergate {

/// True when `text` matches `pattern`, in which `*` stands for any run of characters (slashes included) and `?` for
/// one. Case-sensitive, linear in practice, no recursion.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text) noexcept;

}  // namespace spidergate
