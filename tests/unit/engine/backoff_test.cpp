#include "backoff.hpp"

#include <gtest/gtest.h>

namespace spidergate::engine {
namespace {

using namespace std::chrono_literals;

TEST(retry_delay, is_full_jitter_under_a_doubling_bound) {
  EXPECT_EQ(retry_delay(0, 0.0, {}, 60s, true), 0ms);
  EXPECT_EQ(retry_delay(0, 0.5, {}, 60s, true), 50ms);
  EXPECT_EQ(retry_delay(3, 0.5, {}, 60s, true), 400ms);
  EXPECT_EQ(retry_delay(30, 0.5, {}, 60s, true), 5'000ms);
}

TEST(retry_delay, is_the_providers_own_word_where_it_fits) {
  EXPECT_EQ(retry_delay(0, 0.5, 1'500ms, 60s, true), 1'500ms);
  EXPECT_EQ(retry_delay(0, 0.5, 30s, 60s, false), 30s);
}

TEST(retry_delay, is_none_when_the_deadline_comes_first) {
  EXPECT_EQ(retry_delay(0, 0.5, 60s, 60s, false), std::nullopt);
  EXPECT_EQ(retry_delay(10, 0.9, {}, 1s, false), std::nullopt);
}

TEST(retry_delay, is_none_when_another_candidate_can_serve_sooner) {
  EXPECT_EQ(retry_delay(0, 0.5, 2'001ms, 60s, true), std::nullopt);
}

TEST(retry_after_date, is_the_time_until_then) {
  const epoch_ms now = 784'111'777'000 - 90'500;  // a minute and a half before the RFC's example
  EXPECT_EQ(wait_until_date("Sun, 06 Nov 1994 08:49:37 GMT", now), std::chrono::milliseconds(90'500));
  EXPECT_EQ(wait_until_date(" Sun, 06 Nov 1994 08:49:37 GMT ", now), std::chrono::milliseconds(90'500));
  EXPECT_EQ(wait_until_date("Sun, 06 Nov 1994 08:49:37 GMT", now + 600'000), std::chrono::milliseconds(0));
  EXPECT_EQ(wait_until_date("Sun, 06 Nov 2094 08:49:37 GMT", now), std::chrono::hours(24)) << "bounded";
}

TEST(retry_after_date, anything_else_is_none) {
  for (const std::string_view text :
       {"", "12", "soon", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 28:49:37 GMT", "Sun, xx Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT", "Sun, 06 Nov 1994 08:-9:37 GMT"}) {
    EXPECT_EQ(wait_until_date(text, 0), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace spidergate::engine
