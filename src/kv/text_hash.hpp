#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace spidergate::kv {

/// A hash of an id for tables in this process's memory: eight bytes a step, each multiplied into the next. Nobody
/// chooses ids but the gateway itself.
[[nodiscard]] inline std::size_t hash_of(std::string_view id) noexcept {
  __extension__ typedef unsigned __int128 product;
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15U;
  std::uint64_t hash = odd ^ id.size();
  const auto mix = [&hash](std::uint64_t word) {
    const auto both = static_cast<product>(hash ^ word) * odd;
    hash = static_cast<std::uint64_t>(both) ^ static_cast<std::uint64_t>(both >> 64U);
  };
  std::uint64_t word = 0;
  for (; id.size() > sizeof word; id.remove_prefix(sizeof word)) {
    std::memcpy(&word, id.data(), sizeof word);
    mix(word);
  }
  word = 0;
  if (!id.empty()) std::memcpy(&word, id.data(), id.size());
  mix(word);
  return hash;
}

}  // namespace spidergate::kv
