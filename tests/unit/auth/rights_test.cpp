#include <spidergate/auth/authenticator.hpp>
#include <spidergate/auth/rights.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spidergate::auth {
namespace {

using names = std::vector<std::string>;

constexpr std::uint8_t inference = 1, usage = 2, vault = 4, admin = 8;

principal one_of(std::string role, const names& scopes) {
  principal who;
  who.scopes = effective_scopes(role, scopes);
  who.role = std::move(role);
  return who;
}

TEST(rights, new_tokens_get_the_scopes_of_their_role) {
  EXPECT_EQ(default_scopes(role::owner), (names{"inference", "usage", "vault", "admin"}));
  EXPECT_EQ(default_scopes(role::admin), (names{"inference", "usage", "vault", "admin"}));
  EXPECT_EQ(default_scopes(role::member), (names{"inference", "usage"}));
  EXPECT_EQ(default_scopes(role::viewer), names{"usage"});
}

TEST(rights, new_tokens_get_the_least_role_for_their_scopes) {
  EXPECT_EQ(default_role({}), role::member);
  EXPECT_EQ(default_role({"usage", "inference"}), role::member);
  EXPECT_EQ(default_role({"inference", "vault"}), role::admin);
  EXPECT_EQ(default_role({"vault", "admin"}), role::owner);
}

TEST(rights, default_scopes_and_roles_fit_together) {
  for (const auto one : {role::owner, role::admin, role::member, role::viewer})
    for (const auto& name : default_scopes(one)) EXPECT_TRUE(may_hold(one, scope_named(name).value())) << name;
}

TEST(rights, admin_implies_every_scope_that_the_role_may_hold) {
  EXPECT_EQ(effective_scopes("owner", {"admin"}), inference | usage | vault | admin);
  EXPECT_EQ(effective_scopes("admin", {"admin"}), inference | usage | vault | admin);
  EXPECT_EQ(effective_scopes("viewer", {"admin"}), usage | vault | admin);
  EXPECT_EQ(effective_scopes("member", {"admin"}), inference | usage);
}

TEST(rights, scopes_beyond_the_role_count_for_nothing) {
  EXPECT_EQ(effective_scopes("member", {"inference", "vault"}), inference);
  EXPECT_EQ(effective_scopes("viewer", {"inference", "usage"}), usage);
  EXPECT_EQ(effective_scopes("owner", {"vault", "magic"}), vault);
  for (const auto* unknown : {"", "Owner", "root"}) EXPECT_EQ(effective_scopes(unknown, {"admin"}), 0) << unknown;
}

TEST(rights, roles_and_scopes_are_known_by_their_exact_names) {
  EXPECT_EQ(role_named("viewer"), role::viewer);
  EXPECT_EQ(role_named("VIEWER"), std::nullopt);
  for (const auto one : {role::owner, role::admin, role::member, role::viewer})
    EXPECT_EQ(role_named(name_of(one)), one);
  EXPECT_EQ(scope_named("vault"), scope::vault);
  EXPECT_EQ(scope_named(""), std::nullopt);
}

struct permission {
  const char* role;
  bool read, write, own_brand;
};
const std::vector<permission> permissions = {
    {"owner", true, true, true},    {"admin", true, true, false}, {"member", false, false, false},
    {"viewer", true, false, false}, {"", false, false, false},    {"king", false, false, false},
};

TEST(rights, each_role_allows_what_its_table_says) {
  for (const auto& row : permissions) {
    auto who = one_of(row.role, {"admin"});
    EXPECT_EQ(who.may_read_management(), row.read) << row.role;
    EXPECT_EQ(who.may_write_management(), row.write) << row.role;
    EXPECT_EQ(who.may_change_brand(), row.own_brand) << row.role;
    EXPECT_FALSE(who.may_change_brands()) << row.role;
    who.of_operator_brand = true;
    EXPECT_EQ(who.may_change_brands(), row.own_brand) << row.role;
  }
}

}  // namespace
}  // namespace spidergate::auth
