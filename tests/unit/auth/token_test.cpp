#include <spidergate/auth/token.hpp>

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <tuple>

namespace spidergate::auth {
namespace {

TEST(token, key_has_the_form_of_the_spec) {
  const auto key = make_key(crypto::system_random(), "prod");
  const auto text = key.text.reveal();
  EXPECT_EQ(text.size(), std::string_view("sg_key_prod_").size() + 38);
  EXPECT_TRUE(text.starts_with("sg_key_prod_"));
  EXPECT_TRUE(well_formed(text));
  EXPECT_EQ(key.hash, crypto::sha256(text));
  EXPECT_EQ(key.display, std::string(text.substr(0, 16)) + "…" + std::string(text.substr(text.size() - 4)));
}

TEST(token, pat_and_dev_key_have_their_own_prefixes) {
  EXPECT_TRUE(make_pat(crypto::system_random()).text.reveal().starts_with("spideriq_pat_"));
  EXPECT_TRUE(make_key(crypto::system_random(), "dev").text.reveal().starts_with("sg_key_dev_"));
  EXPECT_THROW(std::ignore = make_key(crypto::system_random(), "staging"), std::invalid_argument);
}

TEST(token, triple_has_a_client_a_key_and_a_secret) {
  const auto made = make_triple(crypto::system_random(), "cli_Ab1");
  const std::string text(made.text.reveal());
  EXPECT_EQ(kind_of(text), token_kind::triple);
  const auto parts = triple_of(text).value();
  EXPECT_EQ(parts.client_id, "cli_Ab1");
  EXPECT_EQ(parts.api_key.size(), 41U);
  EXPECT_EQ(parts.api_secret.size(), 41U);
  EXPECT_TRUE(parts.api_key.starts_with("ck_") && parts.api_secret.starts_with("cs_"));
  EXPECT_EQ(made.hash, crypto::sha256(parts.api_key));
  EXPECT_EQ(made.secret_hash, crypto::sha256(parts.api_secret));
  EXPECT_EQ(made.display, "cli_Ab1:" + std::string(parts.api_key.substr(0, 7)) + "…" +
                              std::string(parts.api_key.substr(parts.api_key.size() - 4)));
  for (const auto* wrong : {"", "cli_", "brd_1", "cli_a:b", "cli_ä"})
    EXPECT_THROW(std::ignore = make_triple(crypto::system_random(), wrong), std::invalid_argument) << wrong;
}

TEST(token, triple_with_a_typo_in_its_key_or_secret_is_refused) {
  const auto made = make_triple(crypto::system_random(), "cli_1");
  const std::string good(made.text.reveal());
  for (std::size_t i = good.find(':'); i < good.size(); ++i) {
    auto typo = good;
    typo[i] = typo[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(well_formed(typo)) << typo;
  }
  for (const auto& bad : {good + ":", ":" + good, good.substr(0, good.rfind(':')), good + "0", good + ":" + good})
    EXPECT_FALSE(well_formed(bad)) << bad;
}

TEST(token, no_two_are_equal) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.emplace(make_pat(crypto::system_random()).text.reveal());
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(token, every_single_typo_is_refused) {
  const auto key = make_key(crypto::system_random(), "prod");
  const std::string good(key.text.reveal());
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto typo = good;
    typo[i] = typo[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(well_formed(typo)) << typo;
  }
}

TEST(token, other_texts_are_refused) {
  const std::string good(make_pat(crypto::system_random()).text.reveal());
  for (const std::string& bad :
       {std::string(), std::string("sg_key_prod_"), std::string("sk-proj-abcdef"), good + "0", good.substr(1),
        good.substr(0, good.size() - 1), " " + good, std::string("cli_x:key:secret")}) {
    EXPECT_FALSE(well_formed(bad)) << bad;
    EXPECT_EQ(display_form(bad), "") << "what is no token of ours is not echoed, not even in part";
  }
}

TEST(token, checksum_is_the_crc32_in_base62) {
  // CRC-32 of "spideriq_pat_" + 32 zeros, by Python's zlib: the format must stay readable by other tools.
  EXPECT_TRUE(well_formed("spideriq_pat_000000000000000000000000000000000GHD9Q"));
}

}  // namespace
}  // namespace spidergate::auth
