#include "await_now.hpp"
#include "manual_clock.hpp"

#include <spidergate/kv/memory_counters.hpp>
#include <spidergate/vault/vault.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace spidergate::vault {
namespace {

using namespace std::chrono_literals;

class vault_of_keys : public ::testing::Test {
 protected:
  store::integration_record key(std::string id, std::string brand = "") {
    store::integration_record made;
    made.id = std::move(id);
    made.brand_id = std::move(brand);
    made.provider = "openai";
    made.key_label = "label of " + made.id;
    made.origin = "https://api.openai.com:443";
    seal(made, "sk-secret-of-" + made.id);
    return made;
  }
  void seal(store::integration_record& in, const std::string& secret) {
    in.fingerprint = secret;
    in.sealed = seal_credential(crypto::system_random(), ring, {in.brand_id, in.id, in.origin},
                                R"({"api_key":")" + secret + R"("})");
  }

  auto pick(std::vector<std::string> exclude = {}, bool pool = true) {
    return testing::await_now(keys.pick("openai", "brd_1", pool, std::move(exclude)));
  }
  std::string picked(std::vector<std::string> exclude = {}, bool pool = true) {
    const auto got = pick(std::move(exclude), pool);
    return got ? std::string(got->integration_id) : "none";
  }
  no_key why_none(bool pool = true) {
    const auto got = pick({}, pool);
    EXPECT_TRUE(got.has_error());
    return got.has_error() ? got.error() : no_key{};
  }
  void fail(std::string_view id, int times = 3) {
    for (int i = 0; i < times; ++i) keys.report(id, key_outcome::failure, "boom", {});
  }

  key_ring ring{master_key::generate(crypto::system_random()), {}};
  testing::manual_clock time;
  kv::memory_counters counters;
  std::vector<std::string> unreadable;
  vault keys{ring, counters, time, [this](const auto& which) { unreadable.push_back(which.id); }};
};

TEST_F(vault_of_keys, lease_holds_what_an_attempt_needs) {
  auto own = key("int_1", "brd_1");
  own.base_url = "https://proxy.example/v1";
  keys.load({own});
  const auto got = pick();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->credentials.reveal(), R"({"api_key":"sk-secret-of-int_1"})");
  EXPECT_EQ(got->key_label, "label of int_1");
  EXPECT_EQ(got->base_url, own.base_url);
  EXPECT_EQ(got->origin, own.origin);
  EXPECT_FALSE(got->pool);
}

/// Counters that cannot be asked.
class lost_counters final : public kv::counter_store {
 public:
  awaitable<result<kv::verdict>> admit(std::string_view, std::span<const kv::charge>, epoch_ms) override {
    co_return error_code(asio::error::timed_out);
  }
  void settle(std::string_view, std::span<const kv::settlement>, epoch_ms, epoch_ms) noexcept override {}
  awaitable<result<void>> seed(const kv::charge&, std::int64_t, epoch_ms) override {
    co_return error_code(asio::error::timed_out);
  }
  awaitable<result<kv::picked>> pick(std::span<const kv::pick_option>, epoch_ms) override {
    co_return error_code(asio::error::timed_out);
  }
  pick_counts counts(std::string_view, epoch_ms) const override { return {}; }
  void restore(std::string_view, std::int64_t, epoch_ms, epoch_ms) override {}
};

TEST_F(vault_of_keys, key_that_cannot_be_counted_is_not_handed_out) {
  lost_counters lost;
  vault uncounted(ring, lost, time);
  uncounted.load({key("int_1")});
  const auto got = testing::await_now(uncounted.pick("openai", "brd_1", true, {}));
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error(), no_key::store_unavailable);
}

TEST_F(vault_of_keys, brand_keys_come_before_the_pool_and_never_cross_brands) {
  auto pool = key("int_pool");
  pool.is_primary = true;
  pool.priority = 99;
  keys.load({pool, key("int_other", "brd_2"), key("int_own", "brd_1")});
  EXPECT_EQ(picked(), "int_own");
  EXPECT_EQ(picked(), "int_own") << "whatever its count";
  EXPECT_EQ(picked({"int_own"}), "int_pool");
  EXPECT_EQ(picked({"int_own"}, false), "none") << "the brand has no access to the pool";
  EXPECT_EQ(picked({"int_own", "int_pool"}), "none");
}

TEST_F(vault_of_keys, order_is_primary_then_priority_then_count_then_last_use) {
  auto a = key("int_a"), b = key("int_b"), c = key("int_c"), d = key("int_d");
  a.is_primary = true;
  b.priority = 5;
  keys.load({d, c, b, a});
  EXPECT_EQ(picked(), "int_a");
  EXPECT_EQ(picked({"int_a"}), "int_b");
  EXPECT_EQ(picked({"int_a"}), "int_b");
  counters.restore("int_c", 2, time.epoch_now() - 500, time.epoch_now());
  EXPECT_EQ(picked({"int_a", "int_b"}), "int_d") << "fewest today";
  counters.restore("int_d", 2, time.epoch_now(), time.epoch_now());
  EXPECT_EQ(picked({"int_a", "int_b"}), "int_c") << "longest unused";
}

TEST_F(vault_of_keys, limits_move_to_the_next_key_and_a_new_day_brings_them_back) {
  auto a = key("int_a"), b = key("int_b");
  a.is_primary = true;
  a.daily_limit = 2;
  b.minute_limit = 1;
  keys.load({a, b});
  EXPECT_EQ(picked(), "int_a");
  EXPECT_EQ(picked(), "int_a");
  EXPECT_EQ(picked(), "int_b");
  EXPECT_EQ(why_none(), no_key::all_exhausted);
  EXPECT_FALSE(keys.available("openai", "brd_1", true).usable);
  EXPECT_TRUE(keys.available("openai", "brd_1", true).any);
  time.advance(61s);
  EXPECT_EQ(picked(), "int_b");
  time.advance(12h);
  EXPECT_EQ(picked(), "int_a") << "a new day";
  EXPECT_EQ(keys.status("int_a")->daily_count, 1);
}

TEST_F(vault_of_keys, expired_and_inactive_keys_are_not_picked) {
  auto expiring = key("int_a"), inactive = key("int_b");
  expiring.expires_at = time.epoch_now() + 1000;
  inactive.is_active = false;
  keys.load({expiring, inactive});
  EXPECT_EQ(picked(), "int_a");
  time.advance(1s);
  EXPECT_EQ(why_none(), no_key::all_resting_or_unhealthy);
  keys.load({inactive});
  EXPECT_EQ(why_none(), no_key::none_configured);
  EXPECT_FALSE(keys.available("openai", "brd_1", true).any);
  EXPECT_EQ(testing::await_now(keys.pick("groq", "brd_1", true, {})).error(), no_key::none_configured);
}

TEST_F(vault_of_keys, unhealthy_key_is_skipped_and_retried_by_one_live_request) {
  auto a = key("int_a");
  a.is_primary = true;
  keys.load({a, key("int_b")});
  fail("int_a");
  EXPECT_EQ(picked(), "int_b");
  EXPECT_EQ(keys.status("int_a")->health, "unhealthy");
  time.advance(30s);
  EXPECT_EQ(picked(), "int_a") << "its retry is due";
  EXPECT_EQ(picked(), "int_b") << "by one request only";
  fail("int_a", 1);
  time.advance(59s);
  EXPECT_EQ(picked(), "int_b");
  time.advance(1s);
  EXPECT_EQ(picked(), "int_a");
  keys.report("int_a", key_outcome::success, "", {});
  EXPECT_EQ(picked(), "int_a");
  EXPECT_EQ(picked(), "int_a");
}

TEST_F(vault_of_keys, probe_goes_back_when_another_key_was_taken) {
  auto a = key("int_a");
  a.is_primary = true;
  keys.load({a, key("int_b")});
  fail("int_b");
  time.advance(30s);
  EXPECT_EQ(picked(), "int_a");
  EXPECT_EQ(picked({"int_a"}), "int_b") << "the probe is still to be had";
}

TEST_F(vault_of_keys, availability_follows_health) {
  keys.load({key("int_a")});
  const auto usable = [&] { return keys.available("openai", "brd_1", true).usable; };
  EXPECT_TRUE(usable());
  EXPECT_TRUE(keys.has_unused("openai", "brd_1", true, {}));
  const std::vector<std::string> tried{"int_a"};
  EXPECT_FALSE(keys.has_unused("openai", "brd_1", true, tried));
  EXPECT_FALSE(keys.available("openai", "brd_1", false).any);
  keys.report("int_a", key_outcome::rate_limited, "slow down", 5s);
  EXPECT_FALSE(usable());
  EXPECT_EQ(why_none(), no_key::all_resting_or_unhealthy);
  time.advance(5s);
  EXPECT_TRUE(usable());
  fail("int_a");
  EXPECT_FALSE(usable());
  time.advance(30s);
  EXPECT_TRUE(usable()) << "a retry that is due must be found by the router";
}

TEST_F(vault_of_keys, reload_keeps_health_unless_the_credential_changed) {
  auto a = key("int_a");
  keys.load({a});
  EXPECT_EQ(picked(), "int_a");
  keys.report("int_a", key_outcome::invalid_credentials, "bad key", {});
  a.key_label = "renamed";
  keys.load({a});
  EXPECT_EQ(keys.status("int_a")->reason, "invalid_credentials");
  seal(a, "sk-another-secret");
  keys.load({a});
  EXPECT_EQ(keys.status("int_a")->health, "healthy");
  EXPECT_EQ(pick()->key_label, "renamed");
  keys.load({});
  EXPECT_FALSE(keys.status("int_a"));
  keys.report("int_a", key_outcome::success, "", {});
}

TEST_F(vault_of_keys, row_that_does_not_open_is_skipped_and_told_once) {
  auto a = key("int_a");
  a.is_primary = true;
  a.sealed.back() = static_cast<char>(a.sealed.back() ^ 1);
  auto copied = key("int_c");
  copied.priority = 9;
  copied.sealed = key("int_d").sealed;
  auto foreign = key("int_e");
  foreign.sealed[4] = foreign.sealed[4] == '0' ? '1' : '0';
  keys.load({a, key("int_b"), copied, foreign});
  EXPECT_EQ(unreadable, std::vector<std::string>{"int_e"}) << "an unknown master key is seen at once";
  EXPECT_EQ(picked(), "int_b");
  EXPECT_EQ(picked(), "int_b");
  EXPECT_EQ(unreadable, (std::vector<std::string>{"int_e", "int_a", "int_c"}));
  EXPECT_EQ(keys.status("int_a")->reason, "cannot_decrypt");
  EXPECT_FALSE(keys.open_for_test(a));
  EXPECT_EQ(unreadable.size(), 3U);
}

TEST_F(vault_of_keys, rotation_is_survived_before_and_after_the_new_key_is_known) {
  auto a = key("int_a");
  keys.load({a});
  const key_ring rotated{master_key::generate(crypto::system_random()), {ring.current}};
  a.sealed = *rewrap(crypto::system_random(), rotated, {a.brand_id, a.id, a.origin}, a.sealed);
  keys.load({a});
  EXPECT_EQ(picked(), "int_a") << "the form that we can read is kept";
  keys.use_keys(rotated);
  keys.load({a});
  EXPECT_EQ(picked(), "int_a");
  EXPECT_TRUE(unreadable.empty());
}

TEST_F(vault_of_keys, what_was_opened_before_follows_every_change_of_the_row) {
  const auto secret = [this] {
    const auto got = pick();
    return got ? std::string(got->credentials.reveal()) : "none";
  };
  auto a = key("int_a");
  keys.load({a});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(secret(), R"({"api_key":"sk-secret-of-int_a"})");
  const auto held = pick();
  seal(a, "sk-another-secret");
  keys.load({a});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(secret(), R"({"api_key":"sk-another-secret"})");
  EXPECT_EQ(held->credentials.reveal(), R"({"api_key":"sk-secret-of-int_a"})") << "an attempt keeps what it was given";
  EXPECT_EQ(held->integration_id, "int_a");
  a.sealed.back() = static_cast<char>(a.sealed.back() ^ 1);
  keys.load({a});
  EXPECT_EQ(secret(), "none") << "that an earlier form opened says nothing of this one";
  keys.load({});
  EXPECT_EQ(secret(), "none");
}

TEST_F(vault_of_keys, key_behind_one_without_limits_is_reached_when_that_one_cannot_serve) {
  auto first = key("int_first"), second = key("int_second");
  first.priority = 1;
  keys.load({second, first});
  EXPECT_EQ(picked(), "int_first");
  EXPECT_EQ(picked({"int_first"}), "int_second");
  keys.report("int_first", key_outcome::rate_limited, "", {});
  EXPECT_EQ(picked(), "int_second");
}

TEST_F(vault_of_keys, late_master_key_makes_rows_readable_again) {
  ring = {master_key::generate(crypto::system_random()), {}};  // rows are sealed by a key that the vault was not given
  keys.load({key("int_a")});
  EXPECT_EQ(why_none(), no_key::all_resting_or_unhealthy);
  keys.use_keys(ring);
  EXPECT_EQ(picked(), "int_a");
}

TEST_F(vault_of_keys, provider_messages_are_kept_without_the_key) {
  keys.load({key("int_a")});
  keys.report("int_a", key_outcome::invalid_credentials, "Incorrect API key provided: sk-secret-of-int_a.", {});
  EXPECT_EQ(keys.status("int_a")->last_error, "Incorrect API key provided: ***.");
}

TEST_F(vault_of_keys, state_survives_a_restart) {
  auto a = key("int_a"), b = key("int_b");
  a.daily_limit = 5;
  keys.load({a, b});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(picked({"int_b"}), "int_a");
  EXPECT_EQ(picked({"int_a"}), "int_b");
  keys.report("int_b", key_outcome::rate_limited, "slow down", 90s);
  const auto states = keys.take_changed_states();
  EXPECT_EQ(states.size(), 2U);
  EXPECT_TRUE(keys.take_changed_states().empty());

  kv::memory_counters later_counters;
  vault later(ring, later_counters, time);
  later.load({a, b});
  later.restore(states);
  EXPECT_EQ(later.status("int_a")->daily_count, 5);
  EXPECT_EQ(later.status("int_b")->last_error, "slow down");
  EXPECT_FALSE(testing::await_now(later.pick("openai", "brd_1", true, {})));
  time.advance(90s);
  EXPECT_EQ(testing::await_now(later.pick("openai", "brd_1", true, {}))->integration_id, "int_b");
  EXPECT_EQ(later.status("int_b")->daily_count, 2);
}

TEST_F(vault_of_keys, yesterdays_count_is_not_restored) {
  keys.load({key("int_a")});
  const std::vector<store::integration_state_record> states{
      {"int_a", start_of_day(time.epoch_now()) - day_ms, 77, "healthy", "", 0, "", time.epoch_now() - day_ms, 0}};
  keys.restore(states);
  EXPECT_EQ(keys.status("int_a")->daily_count, 0);
}

TEST_F(vault_of_keys, open_for_test_counts_nothing) {
  keys.load({key("int_a")});
  EXPECT_EQ(keys.open_for_test(key("int_a"))->credentials.reveal(), R"({"api_key":"sk-secret-of-int_a"})");
  EXPECT_EQ(keys.status("int_a")->daily_count, 0);
}

TEST_F(vault_of_keys, open_for_test_opens_a_row_that_is_stored_but_not_loaded_yet) {
  EXPECT_EQ(keys.open_for_test(key("int_new"))->credentials.reveal(), R"({"api_key":"sk-secret-of-int_new"})");
  EXPECT_FALSE(keys.status("int_new")) << "it is not for requests before it is loaded";
}

TEST_F(vault_of_keys, racing_threads_get_exactly_the_daily_limit) {
  auto a = key("int_a");
  a.daily_limit = 1000;
  keys.load({a});
  std::atomic<int> got{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) got += pick() ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(got, 1000);
  EXPECT_EQ(keys.status("int_a")->daily_count, 1000);
}

TEST_F(vault_of_keys, racing_requests_probe_an_unhealthy_key_once) {
  keys.load({key("int_a")});
  fail("int_a");
  time.advance(30s);
  std::atomic<int> got{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) got += pick() ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(got, 1);
}

TEST_F(vault_of_keys, reloads_do_not_disturb_picks) {
  auto a = key("int_a"), b = key("int_b");
  keys.load({a, b});
  std::atomic<bool> done{false};
  std::atomic<int> missed{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        while (!done) {
          const auto got = pick();
          missed += got ? 0 : 1;
          if (got) keys.report(got->integration_id, key_outcome::success, "", {});
          std::ignore = keys.available("openai", "brd_1", true);
        }
      });
    }
    for (int i = 0; i < 200; ++i) {
      keys.load({a, b});
      std::ignore = keys.take_changed_states();
    }
    done = true;
  }
  EXPECT_EQ(missed, 0);
}

}  // namespace
}  // namespace spidergate::vault
