#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::store {

/// A list of texts as a column holds it: a JSON array of strings.
[[nodiscard]] std::string to_json_list(const std::vector<std::string>& items);
/// Nothing when it is not such an array.
[[nodiscard]] std::optional<std::vector<std::string>> from_json_list(std::string_view json);

}  // namespace spidergate::store
