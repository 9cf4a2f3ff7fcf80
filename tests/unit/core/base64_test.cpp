#include <spidergate/core/base64.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace spidergate {
namespace {

std::string encoded(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

std::string url_encoded(std::string_view bytes) {
  std::string out;
  append_base64url(out, bytes);
  return out;
}

TEST(base64, matches_the_vectors_of_rfc_4648) {
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foob"), "Zm9vYg==");
  EXPECT_EQ(encoded("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(base64, the_url_form_has_its_own_two_digits_and_no_padding) {
  EXPECT_EQ(encoded("\xFB\xFF\xFE\xFB"), "+//++w==");
  EXPECT_EQ(url_encoded("\xFB\xFF\xFE\xFB"), "-__--w");
}

TEST(base64, every_length_and_byte_comes_back_from_both_forms) {
  std::string bytes;
  for (int i = 0; i < 260; ++i) {
    bytes.push_back(static_cast<char>(i * 7));
    for (const auto& text : {encoded(bytes), url_encoded(bytes)}) {
      std::string back;
      EXPECT_TRUE(append_base64_decoded(back, text)) << text;
      EXPECT_EQ(back, bytes);
    }
  }
}

TEST(base64, what_is_not_base64_is_not_read) {
  for (const std::string_view text :
       {"A", "AAAAA", "A=", "AA=", "AAAA====", "A=AA", "AA A", "AA\n==", "\xC3\xA9==", "="}) {
    std::string back;
    EXPECT_FALSE(append_base64_decoded(back, text)) << text;
  }
}

}  // namespace
}  // namespace spidergate
