#include "store_fixture.hpp"

#include <spidergate/auth/issue.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <tuple>

namespace spidergate::auth {
namespace {

using store::token_record;
using namespace std::chrono_literals;

constexpr epoch_ms noon = 1'767'268'800'000;

class issuing : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store::brands::insert(*on, {.id = "brd_1", .name = "default"}));
    ASSERT_TRUE(store::clients::insert(*on, {.id = "cli_1", .brand_id = "brd_1", .name = "default"}));
  }

  issuer by(epoch_ms now = noon) { return {.random = crypto::system_random(), .now = now, .created_by = "cli"}; }

  token_record stored(token_record draft) {
    draft.brand_id = "brd_1", draft.client_id = "cli_1", draft.role = "member";
    auto made = issue(by(), std::move(draft));
    EXPECT_TRUE(store::tokens::insert(*on, made.row));
    return std::move(made.row);
  }
  token_record found(const std::string& id) { return store::tokens::find(*on, id).value().value(); }

  testing::embedded_database database;
  std::unique_ptr<sql::connection> on = database.open();
};

TEST_F(issuing, gives_each_kind_its_secret_and_keeps_what_was_asked_for) {
  for (const auto& [kind, form] : {std::pair{"key", token_kind::key}, std::pair{"pat", token_kind::pat},
                                   std::pair{"triple", token_kind::triple}}) {
    const auto made = issue(
        by(), {.client_id = "cli_1", .kind = kind, .label = "l", .env = "dev", .revoked_at = 7, .rotated_to = "tok_x"});
    EXPECT_EQ(kind_of(made.secret.reveal()), form);
    EXPECT_EQ(made.row.display, display_form(made.secret.reveal()));
    EXPECT_EQ(made.row.secret_hash.empty(), form != token_kind::triple);
    EXPECT_EQ(made.row.label + made.row.created_by + made.row.rotated_to, "lcli");
    EXPECT_EQ(made.row.created_at, noon);
    EXPECT_EQ(made.row.revoked_at, 0);
  }
  EXPECT_THROW(std::ignore = issue(by(), {.kind = "ring"}), std::invalid_argument);
}

TEST_F(issuing, a_rotated_token_works_through_its_grace_beside_an_equal_one) {
  const auto old = stored({.kind = "key", .label = "l", .env = "prod", .scopes = {"inference"}, .limits = {.rpm = 9}});
  const auto done = rotate(*on, by(noon + 10), old, 1h).value();
  EXPECT_EQ(done.old_ends_at, noon + 10 + 3'600'000);
  EXPECT_EQ(found(old.id).expires_at, done.old_ends_at);
  EXPECT_EQ(found(old.id).rotated_to, done.made.row.id);
  EXPECT_EQ(state_of(found(old.id), noon + 11), "rotated");
  EXPECT_EQ(state_of(found(old.id), done.old_ends_at), "expired");
  const auto next = found(done.made.row.id);
  EXPECT_EQ(next.limits, old.limits);
  EXPECT_EQ(next.scopes, old.scopes);
  EXPECT_EQ(state_of(next, noon + 11), "active");
}

TEST_F(issuing, a_grace_is_no_longer_than_the_old_tokens_life) {
  const auto old = stored({.kind = "pat", .label = "l", .expires_at = noon + 50});
  EXPECT_EQ(rotate(*on, by(), old, 1h).value().old_ends_at, noon + 50);
}

TEST_F(issuing, of_two_that_rotate_a_token_at_once_one_gets_a_new_one) {
  const auto old = stored({.kind = "pat", .label = "l"});
  ASSERT_TRUE(rotate(*on, by(), old, 1h));
  EXPECT_EQ(rotate(*on, by(), old, 1h).error(), store::errc::already_exists);
  EXPECT_EQ(store::tokens::list(*on)->size(), 2U);
}

}  // namespace
}  // namespace spidergate::auth
