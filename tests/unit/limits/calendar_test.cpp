#include "calendar.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spidergate::limits {
namespace {

/// Noon of a day, in milliseconds.
epoch_ms at(int year, unsigned month, unsigned day, std::int64_t ms = day_ms / 2) {
  const std::chrono::sys_days date{std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)};
  return date.time_since_epoch().count() * day_ms + ms;
}

std::string shown(const calendar_window& window) {
  return to_iso8601(window.start).substr(0, 10) + " to " + to_iso8601(window.end()).substr(0, 10);
}

TEST(calendar, days_begin_at_midnight_utc) {
  EXPECT_EQ(shown(day_of(at(2026, 11, 21, 0))), "2026-11-21 to 2026-11-22");
  EXPECT_EQ(shown(day_of(at(2026, 11, 21, day_ms - 1))), "2026-11-21 to 2026-11-22");
  EXPECT_EQ(shown(day_of(at(2026, 12, 31))), "2026-12-31 to 2027-01-01");
}

TEST(calendar, weeks_begin_on_monday_across_years) {
  EXPECT_EQ(shown(week_of(at(2026, 11, 16, 0))), "2026-11-16 to 2026-11-23") << "a Monday's first millisecond";
  EXPECT_EQ(shown(week_of(at(2026, 11, 22, day_ms - 1))), "2026-11-16 to 2026-11-23") << "a Sunday's last";
  EXPECT_EQ(shown(week_of(at(2027, 1, 1))), "2026-12-28 to 2027-01-04");
  EXPECT_EQ(shown(week_of(at(2024, 2, 29))), "2024-02-26 to 2024-03-04");
  EXPECT_EQ(shown(week_of(0)), "1969-12-29 to 1970-01-05");
}

TEST(calendar, months_have_their_own_lengths) {
  EXPECT_EQ(shown(month_of(at(2024, 2, 29))), "2024-02-01 to 2024-03-01") << "a leap year";
  EXPECT_EQ(shown(month_of(at(2026, 2, 28, day_ms - 1))), "2026-02-01 to 2026-03-01");
  EXPECT_EQ(shown(month_of(at(2100, 2, 28))), "2100-02-01 to 2100-03-01") << "no leap year";
  EXPECT_EQ(shown(month_of(at(2000, 2, 29))), "2000-02-01 to 2000-03-01") << "a leap year";
  EXPECT_EQ(shown(month_of(at(2026, 12, 31, day_ms - 1))), "2026-12-01 to 2027-01-01");
  EXPECT_EQ(month_of(at(2024, 2, 1)).length_ms, 29 * day_ms);
}

TEST(calendar, every_moment_lies_in_its_windows_and_windows_touch) {
  for (epoch_ms now = at(2023, 12, 1); now < at(2029, 2, 1); now += day_ms) {
    for (const auto window_of : {day_of, week_of, month_of}) {
      const auto window = window_of(now);
      ASSERT_LE(window.start, now);
      ASSERT_GT(window.end(), now);
      ASSERT_EQ(window_of(window.end()).start, window.end());
      ASSERT_EQ(window_of(window.end() - 1), window);
    }
  }
}

}  // namespace
}  // namespace spidergate::limits
