#pragma once
#include <cstdint>
#include <string_view>

namespace spidergate::model {

/// Tells bytes that encode wrote from bytes that only look like it; not a defence against forgery.
[[nodiscard]] std::uint32_t checksum(std::string_view bytes);

}  // namespace spidergate::model
