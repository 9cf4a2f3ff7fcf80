#pragma once
#include <cstddef>
#include <string_view>

namespace spidergate::json {

/// How many characters at the beginning of a literal (a string's bytes between its quotes) are ASCII and stand for
/// themselves: up to the first backslash or byte beyond ASCII. Many bytes are looked at together.
[[nodiscard]] std::size_t plain_run(std::string_view literal) noexcept;

}  // namespace spidergate::json
