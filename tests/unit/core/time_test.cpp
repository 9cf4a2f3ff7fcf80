#include <spidergate/core/time.hpp>

#include <gtest/gtest.h>

namespace spidergate {
namespace {

using std::chrono::milliseconds;

TEST(time, writes_iso8601_in_utc) {
  EXPECT_EQ(to_iso8601(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(1'795'228'740'123), "2026-11-21T02:39:00.123Z");
  EXPECT_EQ(to_iso8601(-1), "1969-12-31T23:59:59.999Z");
}

TEST(time, finds_the_start_of_the_day) {
  EXPECT_EQ(to_iso8601(start_of_day(1'795'228'740'123)), "2026-11-21T00:00:00.000Z");
}

TEST(time, reads_durations) {
  EXPECT_EQ(parse_duration("250ms"), milliseconds{250});
  EXPECT_EQ(parse_duration("10s"), milliseconds{10'000});
  EXPECT_EQ(parse_duration("5m"), milliseconds{300'000});
  EXPECT_EQ(parse_duration("24h"), milliseconds{86'400'000});
  EXPECT_EQ(parse_duration("90d"), milliseconds{90 * day_ms});
  EXPECT_EQ(parse_duration("7"), milliseconds{7'000});
  EXPECT_EQ(parse_duration("0"), milliseconds{0});
}

TEST(time, refuses_malformed_durations) {
  for (const auto* text :
       {"", "s", "-1s", "+1s", "1.5s", "1 s", "1x", "10S", "1sm", "99999999999999999999s", "9223372036854775807d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(time, writes_the_shortest_exact_duration) {
  EXPECT_EQ(to_duration_text(milliseconds{90'000}), "90s");
  EXPECT_EQ(to_duration_text(milliseconds{60'000}), "1m");
  EXPECT_EQ(to_duration_text(milliseconds{86'400'000}), "1d");
  EXPECT_EQ(to_duration_text(milliseconds{1'500}), "1500ms");
  EXPECT_EQ(to_duration_text(milliseconds{0}), "0s");
}

}  // namespace
}  // namespace spidergate
