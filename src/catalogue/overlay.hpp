#pragma once
#include "builtin.hpp"

#include <optional>
#include <string>

namespace spidergate::catalogue {

/// Applies the config file's providers, aliases and rules to the tables. The fault, in words that name the key, when
/// they make no sense. `data.providers` and `data.models` are sorted before and after, by id and by (provider, id).
[[nodiscard]] std::optional<std::string> apply(const overlay& changes, tables& data);

/// Replaces aliases inside chains by what they stand for, so that every chain is "provider/model" only, none of them
/// twice. The fault when an alias leads back to itself or an entry names no provider.
[[nodiscard]] std::optional<std::string> flatten_aliases(tables& data);

/// The provider of that id in a sorted list, or null.
[[nodiscard]] const provider* find_sorted(const std::vector<provider>& providers, std::string_view id) noexcept;
/// ": did you mean 'x'?" with the nearest provider, or nothing.
[[nodiscard]] std::string nearest_provider_hint(const std::vector<provider>& providers, std::string_view wanted);

[[nodiscard]] bool by_provider_and_id(const model_entry& left, const model_entry& right) noexcept;

}  // namespace spidergate::catalogue
