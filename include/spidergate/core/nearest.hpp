#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate {

/// The at most `count` names closest to `wanted` by edit distance (case ignored, a common part counting in favour),
/// closest first, for "did you mean". Names further away than half of their length are left out.
[[nodiscard]] std::vector<std::string> nearest_names(std::string_view wanted, std::span<const std::string_view> names,
                                                     std::size_t count);

}  // namespace spidergate
