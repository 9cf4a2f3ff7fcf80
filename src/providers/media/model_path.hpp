#pragma once
#include <string>
#include <string_view>

namespace spidergate::providers::media {

/// Appends "/owner/name" for a model whose id is a path: each segment percent-encoded. False, with nothing appended,
/// where a segment is empty, "." or "..", which would be another path.
[[nodiscard]] bool append_model_path(std::string& target, std::string_view model);

}  // namespace spidergate::providers::media
