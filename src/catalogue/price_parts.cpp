#include "price_parts.hpp"

#include <spidergate/catalogue/catalogue.hpp>

namespace spidergate::catalogue {
namespace {

/// Enough to find the place again; the text may be anybody's.
std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 40;
  return '\'' + std::string(text.substr(0, longest)) + (text.size() > longest ? "…'" : "'");
}

/// Nobody asks so much; and sums of many such amounts stay within what money holds.
constexpr std::int64_t most_usd = 1'000'000;
constexpr unit_price most_per_unit{most_usd * 1'000'000};
constexpr unit_price most_each{most_usd * 1'000'000'000'000};
constexpr money most_at_once{most_usd * 1'000'000'000};

std::string too_much(std::string_view text) {
  return quoted(text) + " is more than a million dollars";
}

}  // namespace

std::span<const std::string_view> price_part_names() noexcept {
  static constexpr auto names = [] {
    std::array<std::string_view, price_parts.size()> made;
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = price_parts[i].name;
    return made;
  }();
  return names;
}

std::optional<std::string> set_part(model::price& of, const price_part& part, std::string_view usd) {
  if (part.per_unit != nullptr) {
    const auto read = unit_price::from_usd_per_million(usd);
    if (!read) return quoted(usd) + " is not a price in dollars per million tokens, like 0.15";
    if (*read > most_per_unit) return too_much(usd);
    of.*part.per_unit = read;
    return std::nullopt;
  }
  if (part.each != nullptr) {
    const auto read = unit_price::from_usd_per_unit(usd);
    if (!read) return quoted(usd) + " is not an amount of dollars, like 0.000015";
    if (*read > most_each) return too_much(usd);
    of.*part.each = read;
    return std::nullopt;
  }
  if (part.pixel != nullptr) {
    const auto read = pixel_price::from_usd(usd);
    if (!read) return quoted(usd) + " is not an amount of dollars, like 0.00000002";
    of.*part.pixel = read;
    return std::nullopt;
  }
  const auto read = money::from_usd(usd);
  if (!read || usd.front() == '-')
    return quoted(usd) + " is not an amount of dollars, like 0.005, with at most 9 decimals";
  if (*read > most_at_once) return too_much(usd);
  of.*part.whole = read;
  return std::nullopt;
}

}  // namespace spidergate::catalogue
