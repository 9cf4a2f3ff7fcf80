#pragma once
#include <spidergate/router/router.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace spidergate::router {

/// What is wrong with an alias before it is set.
struct alias_fault {
  std::string message;
  std::optional<std::size_t> entry;  ///< which entry of the chain; nothing: the name, or the chain as a whole
};

/// Judges an alias that is about to be set, against what else the brand sees (its own aliases and rules first, then
/// those for all brands): the name is one word other than "auto"; each entry names an alias or provider/model, with a
/// hint where it does not; the chain does not lead back to itself. Pure: any thread.
[[nodiscard]] std::optional<alias_fault> fault_in_alias(const catalogue::catalogue& data, const brand_overrides& brand,
                                                        std::string_view name, std::span<const std::string> chain);

}  // namespace spidergate::router
