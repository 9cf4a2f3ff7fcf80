#include "admin/repeatable.hpp"

#include "store_fixture.hpp"

#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <gtest/gtest.h>

namespace spidergate::api {
namespace {

constexpr epoch_ms noon = 1'801'396'800'000;

class repeatable_request : public ::testing::Test {
 protected:
  testing::embedded_database file_;
  std::unique_ptr<sql::connection> on_ = file_.open();
  vault::key_ring keys_{.current = vault::master_key::generate(crypto::system_random()), .previous = {}};

  static repeatable request(std::string key, std::string_view body, epoch_ms now = noon) {
    repeatable made{.brand_id = "brd_a", .token_id = "tok_a", .key = std::move(key), .fingerprint = {}, .now = now};
    made.fingerprint = request_fingerprint(made, "POST", "/api/v1/keys", "", body);
    return made;
  }

  void remember(const repeatable& what, const answer& said) {
    const auto kept = what.remember(*on_, crypto::system_random(), keys_, said);
    ASSERT_TRUE(kept) << kept.error().message();
  }
};

TEST_F(repeatable_request, a_repeat_gets_the_same_status_and_bytes) {
  const auto first = request("one", "{}");
  EXPECT_FALSE(first.recall(*on_, keys_)->has_value());
  remember(first, {.status = 201, .body = R"({"key":"sg_key_prod_secret"})"});
  const auto again = first.recall(*on_, keys_);
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->status, 201);
  EXPECT_EQ((*again)->body, R"({"key":"sg_key_prod_secret"})");
  EXPECT_TRUE((*again)->replayed);
}

TEST_F(repeatable_request, the_same_key_for_another_request_is_a_conflict_that_names_the_key) {
  remember(request("one", "{}"), {.status = 201, .body = "{}"});
  const auto other = request("one", R"({"label":"x"})").recall(*on_, keys_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, model::api_errc::conflict);
  EXPECT_NE(other.error().message.find("'one'"), std::string::npos);
}

TEST_F(repeatable_request, another_token_or_brand_has_keys_of_its_own) {
  const auto first = request("one", "{}");
  remember(first, {.status = 201, .body = "{}"});
  auto token = first, brand = first;
  token.token_id = "tok_b";
  brand.brand_id = "brd_b";
  EXPECT_FALSE(token.recall(*on_, keys_)->has_value());
  EXPECT_FALSE(brand.recall(*on_, keys_)->has_value());
}

TEST_F(repeatable_request, the_kept_answer_is_sealed_and_opens_nowhere_else) {
  const auto first = request("one", "{}");
  remember(first, {.status = 201, .body = R"({"key":"sg_key_prod_secret"})"});
  auto row = *store::idempotency::find(*on_, "brd_a", "tok_a", "one");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->sealed_answer.find("secret"), std::string::npos);
  row->key = "two";
  row->fingerprint = request("two", "{}").fingerprint;
  ASSERT_TRUE(store::idempotency::insert(*on_, *row));
  EXPECT_FALSE(request("two", "{}").recall(*on_, keys_));
}

TEST_F(repeatable_request, after_a_day_the_key_is_new_again) {
  remember(request("one", "{}"), {.status = 201, .body = "first"});
  const auto later = request("one", "{}", noon + day_ms);
  EXPECT_TRUE(request("one", "{}", noon + day_ms - 1).recall(*on_, keys_)->has_value());
  EXPECT_FALSE(later.recall(*on_, keys_)->has_value());
  remember(later, {.status = 201, .body = "second"});
  EXPECT_EQ((*later.recall(*on_, keys_))->body, "second");
}

TEST_F(repeatable_request, the_slower_of_two_is_told) {
  const auto both = request("one", "{}");
  remember(both, {.status = 201, .body = "first"});
  const auto slower = both.remember(*on_, crypto::system_random(), keys_, {.status = 201, .body = "second"});
  EXPECT_EQ(slower.error(), store::errc::already_exists);
}

TEST(idempotency_key, is_visible_ascii_of_bounded_length) {
  EXPECT_TRUE(is_valid_idempotency_key("a-b_c:1"));
  EXPECT_TRUE(is_valid_idempotency_key(std::string(255, 'x')));
  for (const auto& key : {std::string(), std::string(256, 'x'), std::string("a b"), std::string("\xc3\xa4")})
    EXPECT_FALSE(is_valid_idempotency_key(key)) << key;
}

TEST(request_fingerprint_of, parts_cannot_be_shifted) {
  const repeatable of{.brand_id = "b", .token_id = "t", .key = "k"};
  EXPECT_NE(request_fingerprint(of, "POST", "/a", "b", ""), request_fingerprint(of, "POST", "/a", "", "b"));
  EXPECT_NE(request_fingerprint(of, "POST", "/a", "", "b"), request_fingerprint(of, "POST", "/ab", "", ""));
}

}  // namespace
}  // namespace spidergate::api
