#include "store_fixture.hpp"

#include <spidergate/auth/issue.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <gtest/gtest.h>

namespace spidergate::auth {
namespace {

constexpr epoch_ms now = 1'801'396'800'000;
constexpr std::chrono::hours one_hour{1};

class issued_token : public ::testing::Test {
 protected:
  testing::embedded_database file_;
  std::unique_ptr<sql::connection> on_ = file_.open();

  void SetUp() override {
    ASSERT_TRUE(store::brands::insert(*on_, {.id = "brd_1", .name = "one", .created_at = now}));
    ASSERT_TRUE(store::clients::insert(*on_, {.id = "cli_1", .brand_id = "brd_1", .name = "one", .created_at = now}));
  }

  static issuer by(epoch_ms at = now) { return {crypto::system_random(), at * 1000, "tok_maker"}; }

  static store::token_record draft(std::string kind) {
    store::token_record t;
    t.brand_id = "brd_1";
    t.client_id = "cli_1";
    t.env = kind == "key" ? "dev" : "";
    t.kind = std::move(kind);
    t.label = "one";
    t.role = "member";
    t.scopes = {"inference"};
    t.limits.rpm = 7;
    return t;
  }

  store::token_record stored(std::string kind, epoch_ms expires_at = 0) {
    auto made = issue(by(), draft(std::move(kind)));
    made.row.expires_at = expires_at;
    EXPECT_TRUE(store::tokens::insert(*on_, made.row));
    return made.row;
  }
};

TEST_F(issued_token, tokens_of_one_millisecond_sort_by_the_time_they_were_made) {
  std::string last;
  for (int i = 0; i < 20; ++i) {
    const auto made = issue({crypto::system_random(), now * 1000 + i, "tok_maker"}, draft("key"));
    EXPECT_EQ(made.row.created_at, now);
    EXPECT_LT(last, made.row.id);
    last = made.row.id;
  }
}

TEST_F(issued_token, is_of_its_kind_and_only_its_hashes_are_in_the_row) {
  const std::pair<std::string, token_kind> kinds[] = {
      {"key", token_kind::key}, {"pat", token_kind::pat}, {"triple", token_kind::triple}};
  for (const auto& [name, kind] : kinds) {
    const auto made = issue(by(), draft(name));
    EXPECT_EQ(kind_of(made.secret.reveal()), kind);
    EXPECT_EQ(made.row.display, display_form(made.secret.reveal()));
    EXPECT_EQ(made.row.hash.size(), 32U);
    EXPECT_EQ(made.row.secret_hash.size(), kind == token_kind::triple ? 32U : 0U);
    EXPECT_EQ(made.row.created_by, "tok_maker");
    EXPECT_EQ(made.row.limits.rpm, 7);
    EXPECT_NE(made.row.id, issue(by(), draft(name)).row.id);
  }
}

TEST_F(issued_token, a_rotation_keeps_what_it_may_do_and_gives_the_old_one_its_grace) {
  for (const auto* kind : {"key", "pat", "triple"}) {
    const auto old = stored(kind);
    const auto done = rotate(*on_, by(now + 5), old, one_hour);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(done->old_ends_at, now + 5 + 3'600'000);
    const auto made = *store::tokens::find(*on_, done->made.row.id);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->limits, old.limits);
    EXPECT_EQ(made->scopes, old.scopes);
    EXPECT_NE(made->hash, old.hash);
    const auto ended = *store::tokens::find(*on_, old.id);
    EXPECT_EQ(ended->rotated_to, made->id);
    EXPECT_EQ(state_of(*ended, now + 5), "rotated");
    EXPECT_EQ(state_of(*ended, done->old_ends_at), "expired");
    EXPECT_EQ(state_of(*made, now + 5), "active");
  }
}

TEST_F(issued_token, a_grace_never_outlasts_the_old_ones_own_expiry) {
  const auto done = rotate(*on_, by(), stored("key", now + 1'000), one_hour);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->old_ends_at, now + 1'000);
}

TEST_F(issued_token, of_two_rotations_of_one_token_one_is_done) {
  const auto old = stored("key");
  ASSERT_TRUE(rotate(*on_, by(), old, one_hour));
  const auto second = rotate(*on_, by(), old, one_hour);
  EXPECT_EQ(second.error(), store::errc::already_exists);
  EXPECT_EQ(store::tokens::list(*on_)->size(), 2U) << "what the second had made is gone";
}

TEST_F(issued_token, a_revoked_one_is_revoked_whatever_else_it_is) {
  store::token_record t;
  EXPECT_EQ(state_of(t, now), "active");
  t.expires_at = now;
  EXPECT_EQ(state_of(t, now), "expired");
  t.revoked_at = now - 1;
  EXPECT_EQ(state_of(t, now), "revoked");
}

}  // namespace
}  // namespace spidergate::auth
