#include "admin/token_body.hpp"

#include <gtest/gtest.h>

namespace spidergate::api {
namespace {

constexpr epoch_ms now = 1'801'396'800'000;

std::string param_at_fault(std::string_view json) {
  const auto body = read_token_body(json, now);
  return body ? std::string() : body.error().param;
}

TEST(token_body, expiry_is_a_moment_or_a_while) {
  EXPECT_EQ(read_token_body(R"({"expires_in": "90d"})", now)->expires_at, now + 90 * day_ms);
  EXPECT_EQ(read_token_body(R"({"expires_at": null})", now)->expires_at, 0);
  EXPECT_EQ(param_at_fault(R"({"expires_in": "90d", "expires_at": "2099-01-01"})"), "expires_in");
  EXPECT_EQ(param_at_fault(R"({"expires_in": "99999d"})"), "expires_in");
  EXPECT_EQ(param_at_fault(R"({"expires_at": "2020-01-01"})"), "expires_at");
}

TEST(token_body, a_merge_leaves_alone_what_it_does_not_name) {
  store::token_record row;
  row.label = "kept";
  row.allowed_models = {"tp/*"};
  row.limits.rpm = 5;
  read_token_body(R"({"allowed_models": null, "tpm": 9})", now)->apply_to(row);
  EXPECT_EQ(row.label, "kept");
  EXPECT_TRUE(row.allowed_models.empty());
  EXPECT_EQ(row.limits.rpm, 5);
  EXPECT_EQ(row.limits.tpm, 9);
}

auth::principal caller(const std::string& role, std::vector<std::string> scopes) {
  auth::principal who;
  who.role = role;
  who.scopes = auth::effective_scopes(role, scopes);
  return who;
}

store::token_record token(std::string role, std::vector<std::string> scopes) {
  store::token_record row;
  row.role = std::move(role);
  row.scopes = std::move(scopes);
  return row;
}

TEST(token_rights, nobody_gives_a_higher_role_or_more_scopes_than_they_have) {
  const auto owner = caller("owner", {"admin"}), admin = caller("admin", {"admin"});
  const auto narrow = caller("admin", {"vault", "inference"});
  for (const auto* role : {"viewer", "member", "admin", "owner"}) EXPECT_FALSE(beyond(owner, token(role, {"admin"})));
  EXPECT_FALSE(beyond(admin, token("admin", {"admin"})));
  EXPECT_EQ(beyond(admin, token("owner", {"inference"}))->param, "role");
  EXPECT_FALSE(beyond(narrow, token("admin", {"vault"})));
  EXPECT_EQ(beyond(narrow, token("admin", {"admin"}))->param, "scopes");
  EXPECT_EQ(beyond(narrow, token("member", {"usage"}))->param, "scopes");
  EXPECT_TRUE(beyond(owner, token("root", {"inference"}))) << "an unknown role is nobody's to give";
}

}  // namespace
}  // namespace spidergate::api
