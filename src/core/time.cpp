#include <spidergate/core/ascii.hpp>
#include <spidergate/core/time.hpp>

#include <array>
#include <cstdio>
#include <limits>

namespace spidergate {
namespace {

struct unit {
  std::string_view suffix;
  std::int64_t ms;
};

// Largest first: the first that divides a duration gives its shortest text.
constexpr std::array<unit, 5> units{{{"d", day_ms}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

constexpr std::size_t count_digits(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  return digits;
}

}  // namespace

std::string to_iso8601(epoch_ms time) {
  using namespace std::chrono;
  const sys_time<milliseconds> point{milliseconds{time}};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss clock{point - day};
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto digits = count_digits(text);
  const auto number = parse_integer<std::int64_t>(text.substr(0, digits));
  if (!number) return std::nullopt;
  const auto suffix = digits == text.size() ? std::string_view{"s"} : text.substr(digits);
  for (const auto& [name, ms] : units) {
    if (name != suffix) continue;
    if (*number > std::numeric_limits<std::int64_t>::max() / ms) return std::nullopt;
    return std::chrono::milliseconds{*number * ms};
  }
  return std::nullopt;
}

std::string to_duration_text(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  if (count == 0) return "0s";
  for (const auto& [suffix, ms] : units) {
    if (count % ms == 0) return std::to_string(count / ms).append(suffix);
  }
  return std::to_string(count).append("ms");
}

}  // namespace spidergate
