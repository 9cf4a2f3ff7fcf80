#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace spidergate::store {

/// A part of a statement.
template <std::size_t Length>
struct piece {
  std::array<char, Length> text{};
  consteval piece(const char (&literal)[Length + 1]) { std::copy_n(literal, Length, text.begin()); }
};
template <std::size_t Size>
piece(const char (&)[Size]) -> piece<Size - 1>;

template <piece... Parts>
struct joined {
  static constexpr auto text = [] {
    std::array<char, (Parts.text.size() + ... + 0)> all{};
    auto* at = all.begin();
    ((at = std::copy(Parts.text.begin(), Parts.text.end(), at)), ...);
    return all;
  }();
};

/// A statement put together as the program is compiled, so that the columns of a table are listed once.
template <piece... Parts>
inline constexpr std::string_view statement{joined<Parts...>::text.data(), joined<Parts...>::text.size()};

/// The columns of a limit_set, in the order in which rows.hpp reads and appends them.
inline constexpr piece limit_columns{
    "rpm, rpd, tpm, max_parallel, budget_per_request, budget_daily, budget_weekly, budget_monthly"};

}  // namespace spidergate::store
