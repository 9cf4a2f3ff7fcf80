#include <spidergate/core/ascii.hpp>
#include <spidergate/core/nearest.hpp>

#include <algorithm>
#include <utility>

namespace spidergate {
namespace {

std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const auto replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

std::size_t longest_common_part(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::size_t longest = 0;
  for (const char c : a) {
    for (std::size_t j = b.size(); j > 0; --j) {
      row[j] = c == b[j - 1] ? row[j - 1] + 1 : 0;
      longest = std::max(longest, row[j]);
    }
  }
  return longest;
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view wanted, std::span<const std::string_view> names,
                                       std::size_t count) {
  // Distances are doubled so that half a point can be given for each character in common: "sonnet" is far from
  // "claude-sonnet-4-5" by edits, and yet it is what was meant.
  std::vector<std::pair<std::ptrdiff_t, std::string_view>> ranked;
  const auto wanted_lower = to_lower(wanted);
  for (const auto name : names) {
    const auto lowered = to_lower(name);
    const auto score = static_cast<std::ptrdiff_t>(2 * edit_distance(wanted_lower, lowered)) -
                       static_cast<std::ptrdiff_t>(longest_common_part(wanted_lower, lowered));
    if (score <= static_cast<std::ptrdiff_t>(name.size())) ranked.emplace_back(score, name);
  }
  std::sort(ranked.begin(), ranked.end());
  if (ranked.size() > count) ranked.resize(count);

  std::vector<std::string> nearest;
  for (const auto& [score, name] : ranked) nearest.emplace_back(name);
  return nearest;
}

}  // namespace spidergate
