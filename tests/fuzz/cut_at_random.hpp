#pragma once
#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

namespace spidergate::fuzz {

/// The same input as it may arrive: whole, byte by byte, and cut at places that depend on nothing but the input.
inline std::vector<std::vector<std::string_view>> all_arrivals(std::string_view input) {
  std::vector<std::vector<std::string_view>> arrivals;
  arrivals.push_back({input});
  auto& single = arrivals.emplace_back();
  for (std::size_t i = 0; i < input.size(); ++i) single.push_back(input.substr(i, 1));
  std::uint32_t seed = 2166136261U;
  for (const char c : input) seed = (seed ^ static_cast<unsigned char>(c)) * 16777619U;
  std::minstd_rand random(seed);
  for (int way = 0; way < 2; ++way) {
    auto& pieces = arrivals.emplace_back();
    for (auto rest = input; !rest.empty();) {
      const auto size = 1 + random() % (way == 0 ? rest.size() : std::size_t{7});
      pieces.push_back(rest.substr(0, size));
      rest.remove_prefix(pieces.back().size());
    }
  }
  return arrivals;
}

/// Ends the run with a crash that libFuzzer keeps.
inline void require(bool claim) {
  if (!claim) __builtin_trap();
}

}  // namespace spidergate::fuzz
