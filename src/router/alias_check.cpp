#include <spidergate/router/alias_check.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace spidergate::router {

namespace {

constexpr std::size_t longest_name = 100;

bool is_word(std::string_view name) noexcept {
  const bool sound =
      std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; });
  return sound && !name.empty() && name.size() <= longest_name;
}

brand_overrides with(brand_overrides brand, std::string_view name, std::vector<std::string> chain) {
  std::erase_if(brand.aliases, [&](const auto& alias) { return alias.name == name; });
  brand.aliases.insert(brand.aliases.begin(), {.name = std::string(name), .chain = std::move(chain)});
  return brand;
}

/// An entry is judged by an alias that holds it alone: whatever that resolves to, the entry will too.
std::optional<std::string> fault_in_entry(const catalogue::catalogue& data, const brand_overrides& brand,
                                          const std::string& entry) {
  constexpr std::string_view probe = "the entry by itself";
  if (entry.empty() || entry.size() > 3 * longest_name) return "An entry is an alias or provider/model.";
  if (resolve(data, with(brand, probe, {entry}), probe, {})) return std::nullopt;
  const auto why = resolve(data, brand, entry, {});
  return "The entry '" + entry + "' names neither an alias nor provider/model. " +
         (why ? "Write it as " + why->chain.front().name() + "." : why.error().message);
}

}  // namespace

std::optional<alias_fault> fault_in_alias(const catalogue::catalogue& data, const brand_overrides& brand,
                                          std::string_view name, std::span<const std::string> chain) {
  if (!is_word(name) || name == "auto")
    return alias_fault{"An alias is one word of at most 100 bytes, such as team/chat, and not 'auto'.", {}};
  if (chain.empty()) return alias_fault{"An alias needs at least one entry.", {}};
  const auto after = with(brand, name, {chain.begin(), chain.end()});
  for (std::size_t i = 0; i < chain.size(); ++i) {
    // An entry that names the alias itself is a cycle, which is told below.
    if (chain[i] == name) continue;
    if (auto found = fault_in_entry(data, brand, chain[i])) return alias_fault{std::move(*found), i};
  }
  const auto resolved = resolve(data, after, name, {});
  if (!resolved) return alias_fault{resolved.error().message, {}};
  return std::nullopt;
}

}  // namespace spidergate::router
