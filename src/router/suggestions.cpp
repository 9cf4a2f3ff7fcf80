#include "suggestions.hpp"

#include <spidergate/core/nearest.hpp>

#include <algorithm>
#include <bitset>
#include <deque>
#include <utility>

namespace spidergate::router {
namespace {

constexpr std::size_t longest_name = 100;
constexpr std::size_t suggestions = 3;
/// Edit distances are taken of this many names only, the ones that have most pairs of letters in common.
constexpr std::size_t shortlist = 64;

unsigned folded(char c) {
  return static_cast<unsigned>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) & 0x3f;
}

/// The pairs of neighbouring letters of a name, as a set.
using letter_pairs = std::bitset<4096>;

std::size_t pair_at(std::string_view text, std::size_t i) {
  return folded(text[i]) << 6 | folded(text[i + 1]);
}

letter_pairs pairs_of(std::string_view text) {
  letter_pairs pairs;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) pairs.set(pair_at(text, i));
  return pairs;
}

std::vector<std::string_view> most_alike(std::string_view wanted, const std::vector<std::string_view>& names) {
  const auto pairs = pairs_of(wanted);
  std::vector<std::pair<std::ptrdiff_t, std::string_view>> scored;
  for (const auto name : names) {
    std::ptrdiff_t common = 0;
    for (std::size_t i = 0; i + 1 < name.size(); ++i) common += pairs.test(pair_at(name, i)) ? 1 : 0;
    const auto length_apart =
        std::abs(static_cast<std::ptrdiff_t>(name.size()) - static_cast<std::ptrdiff_t>(wanted.size()));
    scored.emplace_back(length_apart - 3 * common, name);
  }
  std::sort(scored.begin(), scored.end());
  scored.erase(std::unique(scored.begin(), scored.end()), scored.end());
  if (scored.size() > shortlist) scored.resize(shortlist);
  std::vector<std::string_view> alike;
  for (const auto& [score, name] : scored) alike.push_back(name);
  return alike;
}

/// The provider that a "provider/model" name means, were it spelt right.
std::string meant_provider(const catalogue::catalogue& data, std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return {};
  const auto part = name.substr(0, slash);
  if (data.find_provider(part) != nullptr) return std::string(part);
  std::vector<std::string_view> ids;
  for (const auto& provider : data.providers()) ids.push_back(provider.id);
  const auto nearest = nearest_names(part, ids, 1);
  return nearest.empty() ? std::string{} : nearest.front();
}

std::vector<std::string> nearest_models(const catalogue::catalogue& data, const brand_overrides& brand,
                                        std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& alias : brand.aliases) names.emplace_back(alias.name);
  for (const auto& alias : data.aliases()) names.emplace_back(alias.name);
  std::deque<std::string> qualified;
  const auto provider = meant_provider(data, name);
  for (const auto& entry : data.models()) {
    names.emplace_back(entry.id);
    if (entry.provider == provider) names.emplace_back(qualified.emplace_back(entry.provider + '/' + entry.id));
  }
  return nearest_names(name, most_alike(name, names), suggestions);
}

}  // namespace

std::string not_found_message(const catalogue::catalogue& data, const brand_overrides& brand, std::string_view name) {
  const auto shown = name.substr(0, longest_name);
  std::string message =
      "The model '" + std::string(shown) + (shown.size() < name.size() ? "...'" : "'") + " does not exist.";
  const auto nearest = nearest_models(data, brand, shown);
  if (nearest.empty()) return message + " GET /v1/models lists those that do.";
  message += " Did you mean ";
  for (std::size_t i = 0; i < nearest.size(); ++i)
    message.append(i == 0 ? "" : i + 1 == nearest.size() ? " or " : ", ").append("'" + nearest[i] + "'");
  return message + '?';
}

}  // namespace spidergate::router
