#pragma once
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::testing {

/// The ways in which every input is fed: whole, byte by byte, and cut at random (always the same) places.
inline std::vector<std::vector<std::string_view>> all_cuts(std::string_view input, std::size_t random_ways = 8) {
  std::vector<std::vector<std::string_view>> ways;
  ways.push_back({input});
  auto& single = ways.emplace_back();
  for (std::size_t i = 0; i < input.size(); ++i) single.push_back(input.substr(i, 1));
  std::mt19937 random(4711);  // NOLINT: repeatable on purpose
  for (std::size_t way = 0; way < random_ways; ++way) {
    auto& pieces = ways.emplace_back();
    for (auto rest = input; !rest.empty();) {
      const auto size = std::uniform_int_distribution<std::size_t>(1, rest.size())(random);
      pieces.push_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
  }
  return ways;
}

/// The cuts are views: what they are cut from must outlive them.
std::vector<std::vector<std::string_view>> all_cuts(std::string&& temporary, std::size_t = 8) = delete;

}  // namespace spidergate::testing
