#include "backoff.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/runtime/worker.hpp>

#include <algorithm>
#include <array>

namespace spidergate::engine {

std::optional<std::chrono::milliseconds> retry_delay(int retry, double jitter,
                                                     std::optional<std::chrono::milliseconds> asked_by_provider,
                                                     std::chrono::milliseconds until_deadline,
                                                     bool others_remain) noexcept {
  constexpr std::chrono::milliseconds first{100};
  constexpr std::chrono::milliseconds longest{10'000};
  constexpr std::chrono::milliseconds patience{2'000};
  if (asked_by_provider) {
    if (others_remain && *asked_by_provider > patience) return std::nullopt;
    if (*asked_by_provider >= until_deadline) return std::nullopt;
    return asked_by_provider;
  }
  const auto bound = std::min(longest, first * (1 << std::clamp(retry, 0, 10)));
  const auto delay = std::chrono::milliseconds(static_cast<std::int64_t>(jitter * static_cast<double>(bound.count())));
  if (delay >= until_deadline) return std::nullopt;
  return delay;
}

std::optional<std::chrono::milliseconds> wait_until_date(std::string_view retry_after, epoch_ms now) noexcept {
  constexpr std::string_view shape = "Sun, 06 Nov 1994 08:49:37 GMT";
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  while (retry_after.starts_with(' ')) retry_after.remove_prefix(1);
  while (retry_after.ends_with(' ')) retry_after.remove_suffix(1);
  if (retry_after.size() != shape.size() || !retry_after.ends_with(" GMT")) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    return parse_integer<int>(retry_after.substr(at, digits)).value_or(-1);
  };
  const auto month = std::find(months.begin(), months.end(), retry_after.substr(8, 3));
  const int day = number(5, 2), year = number(12, 4), hour = number(17, 2), minute = number(20, 2),
            second = number(23, 2);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                         std::chrono::day(static_cast<unsigned>(std::max(0, day)))};
  if (month == months.end() || year < 0 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60)
    return std::nullopt;
  const auto due = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                   std::chrono::minutes(minute) + std::chrono::seconds(second);
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(due) - std::chrono::milliseconds(now);
  return std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds(0), std::chrono::hours(24));
}

awaitable<void> pause(runtime::worker& home, std::chrono::milliseconds how_long, runtime::stop_signal& stop) {
  if (stop.stopped()) co_return;
  runtime::wait_point due(home);
  const runtime::stop_signal::on_stop interrupt(stop, [&due] { due.release(); });
  // Cancelled or due: either way the pause is over.
  static_cast<void>(co_await due.wait(std::chrono::steady_clock::now() + how_long));
}

}  // namespace spidergate::engine
