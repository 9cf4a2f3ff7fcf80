#include "calendar.hpp"

#include <chrono>

namespace spidergate::limits {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

sys_days date_of(epoch_ms now) noexcept {
  using milliseconds = std::chrono::sys_time<std::chrono::milliseconds>;
  return std::chrono::floor<days>(milliseconds(std::chrono::milliseconds(now)));
}

calendar_window between(sys_days first, sys_days behind) noexcept {
  return {.start = first.time_since_epoch().count() * day_ms, .length_ms = (behind - first).count() * day_ms};
}

}  // namespace

calendar_window day_of(epoch_ms now) noexcept {
  const auto today = date_of(now);
  return between(today, today + days(1));
}

calendar_window week_of(epoch_ms now) noexcept {
  const auto today = date_of(now);
  const auto monday = today - (std::chrono::weekday(today) - std::chrono::Monday);
  return between(monday, monday + days(7));
}

calendar_window month_of(epoch_ms now) noexcept {
  // Asked for by each request with a budget, and nearly always the one of the last time.
  thread_local calendar_window last{};
  if (now < last.start || now >= last.start + last.length_ms) {
    const std::chrono::year_month_day today(date_of(now));
    const auto month = today.year() / today.month();
    last = between(sys_days(month / 1), sys_days((month + std::chrono::months(1)) / 1));
  }
  return last;
}

}  // namespace spidergate::limits
