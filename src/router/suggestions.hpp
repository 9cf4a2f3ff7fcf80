#pragma once
#include <spidergate/router/router.hpp>

#include <string>
#include <string_view>

namespace spidergate::router {

/// "The model 'gpt-4p' does not exist. Did you mean 'gpt-4', 'gpt-4o' or 'gpt-4.1'?" The work is bounded however long
/// the name is, since clients choose it.
[[nodiscard]] std::string not_found_message(const catalogue::catalogue& data, const brand_overrides& brand,
                                            std::string_view name);

}  // namespace spidergate::router
