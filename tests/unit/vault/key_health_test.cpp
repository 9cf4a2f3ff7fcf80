#include "key_health.hpp"

#include <gtest/gtest.h>

namespace spidergate::vault {
namespace {

using namespace std::chrono_literals;
using permission = key_health::permission;

constexpr epoch_ms noon = 1'767'268'800'000;

class health : public ::testing::Test {
 protected:
  void report(key_outcome what, std::optional<std::chrono::milliseconds> retry_after = {}) {
    key.apply(what, what == key_outcome::success ? "" : "why", retry_after, now);
  }
  void fall() {
    for (int i = 0; i < 3; ++i) report(key_outcome::failure);
  }
  void probe_fails() {
    ASSERT_EQ(key.may_be_used(now), permission::probe);
    key.claim_probe(now);
    report(key_outcome::failure);
  }

  key_health key;
  epoch_ms now = noon;
};

TEST_F(health, one_or_two_failures_degrade_and_three_make_unhealthy) {
  EXPECT_EQ(key.status().health, "healthy");
  report(key_outcome::failure);
  EXPECT_EQ(key.status().health, "degraded");
  report(key_outcome::failure);
  EXPECT_EQ(key.status().health, "degraded");
  EXPECT_EQ(key.may_be_used(now), permission::yes);
  report(key_outcome::failure);
  EXPECT_EQ(key.status().health, "unhealthy");
  EXPECT_EQ(key.status().consecutive_failures, 3);
  EXPECT_EQ(key.status().last_error, "why");
  EXPECT_EQ(key.may_be_used(now), permission::no);
}

TEST_F(health, any_success_restores) {
  fall();
  report(key_outcome::success);
  EXPECT_EQ(key.status().health, "healthy");
  EXPECT_EQ(key.status().reason, "");
  EXPECT_EQ(key.status().consecutive_failures, 0);
  report(key_outcome::failure);
  EXPECT_EQ(key.status().health, "degraded") << "it starts from nothing";
}

TEST_F(health, unhealthy_is_retried_after_30_s_doubling_to_10_min) {
  fall();
  for (const auto wait : {30s, 60s, 120s, 240s, 480s, 600s, 600s}) {
    now += std::chrono::milliseconds(wait).count() - 1;
    EXPECT_EQ(key.may_be_used(now), permission::no) << wait.count();
    now += 1;
    probe_fails();
  }
  now += 600'000;
  key.claim_probe(now);
  report(key_outcome::success);
  fall();
  now += 30'000;
  EXPECT_EQ(key.may_be_used(now), permission::probe) << "after a success it begins with 30 s again";
}

TEST_F(health, one_request_probes_at_a_time_and_a_lost_probe_is_not_the_last) {
  fall();
  now += 30'000;
  key.claim_probe(now);
  EXPECT_EQ(key.may_be_used(now), permission::no);
  EXPECT_EQ(key.may_be_used(now + 29'999), permission::no);
  EXPECT_EQ(key.may_be_used(now + 30'000), permission::probe) << "nothing was heard of it";
}

TEST_F(health, probe_that_was_not_used_goes_back) {
  fall();
  now += 30'000;
  key.claim_probe(now);
  key.return_probe();
  EXPECT_EQ(key.may_be_used(now), permission::probe);
}

TEST_F(health, failures_of_requests_under_way_do_not_lengthen_the_wait) {
  fall();
  for (int i = 0; i < 20; ++i) report(key_outcome::failure);
  EXPECT_EQ(key.status().consecutive_failures, 23);
  EXPECT_EQ(key.may_be_used(now + 30'000), permission::probe);
}

TEST_F(health, invalid_credentials_are_unhealthy_at_once) {
  report(key_outcome::invalid_credentials);
  EXPECT_EQ(key.status().health, "unhealthy");
  EXPECT_EQ(key.status().reason, "invalid_credentials");
  EXPECT_EQ(key.may_be_used(now + 29'999), permission::no);
  EXPECT_EQ(key.may_be_used(now + 30'000), permission::probe);
}

TEST_F(health, rate_limited_rests_and_stays_healthy) {
  report(key_outcome::rate_limited, 7s);
  EXPECT_EQ(key.status().health, "healthy");
  EXPECT_EQ(key.status().consecutive_failures, 0);
  EXPECT_EQ(key.may_be_used(now + 6'999), permission::no);
  EXPECT_EQ(key.may_be_used(now + 7'000), permission::yes);
  report(key_outcome::rate_limited, 1s);
  EXPECT_EQ(key.status().resting_until, noon + 7'000) << "a shorter rest does not end a longer one";
  report(key_outcome::success);
  EXPECT_EQ(key.may_be_used(now), permission::no) << "nor does a success of a request that was under way";
}

TEST_F(health, rest_is_60_s_where_the_provider_does_not_say) {
  report(key_outcome::rate_limited);
  EXPECT_EQ(key.may_be_used(now + 59'999), permission::no);
  EXPECT_EQ(key.may_be_used(now + 60'000), permission::yes);
}

TEST_F(health, absurd_rests_are_bounded) {
  report(key_outcome::rate_limited, 0s);
  EXPECT_EQ(key.status().resting_until, noon + 1000);
  report(key_outcome::rate_limited, std::chrono::hours(24 * 365));
  EXPECT_EQ(key.status().resting_until, noon + day_ms);
}

TEST_F(health, neutral_says_nothing_of_the_key) {
  report(key_outcome::failure);
  for (int i = 0; i < 10; ++i) report(key_outcome::neutral);
  EXPECT_EQ(key.status().health, "degraded");
  EXPECT_EQ(key.status().consecutive_failures, 1);
}

TEST_F(health, unreadable_is_unhealthy_for_good_and_told_once) {
  EXPECT_TRUE(key.mark_unreadable());
  EXPECT_FALSE(key.mark_unreadable());
  EXPECT_EQ(key.status().health, "unhealthy");
  EXPECT_EQ(key.status().reason, "cannot_decrypt");
  EXPECT_EQ(key.may_be_used(now + day_ms), permission::no);
  key.clear_unreadable();
  EXPECT_EQ(key.status().health, "healthy");
}

TEST_F(health, long_errors_are_cut_between_characters) {
  key.apply(key_outcome::failure, std::string(511, 'x') + "é", {}, now);
  EXPECT_EQ(key.status().last_error, std::string(511, 'x'));
}

TEST_F(health, restored_unhealthy_key_may_be_tried_at_once) {
  key.restore({"int_1", 0, 0, "unhealthy", "invalid_credentials", 4, "no such key", noon - 50, noon - 10}, now);
  EXPECT_EQ(key.status().reason, "invalid_credentials");
  EXPECT_EQ(key.status().consecutive_failures, 4);
  EXPECT_EQ(key.status().last_used_at, noon - 50);
  EXPECT_EQ(key.may_be_used(now), permission::probe);
  probe_fails();
  EXPECT_EQ(key.may_be_used(now + 60'000), permission::probe);
}

}  // namespace
}  // namespace spidergate::vault
