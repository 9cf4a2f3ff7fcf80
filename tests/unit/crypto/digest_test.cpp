#include <spidergate/crypto/digest.hpp>

#include <gtest/gtest.h>

#include <string>

namespace spidergate::crypto {
namespace {

std::string hex_of(const sha256_digest& digest) {
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

TEST(sha256, matches_the_published_vectors) {
  EXPECT_EQ(hex_of(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(crc32, matches_the_check_value) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
  EXPECT_EQ(crc32(""), 0U);
}

TEST(crc32, long_texts_match_zlib) {
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += static_cast<char>(i % 251);
  EXPECT_EQ(crc32(text), 0x721746A6U);
}

TEST(digest_hash, tells_digests_apart) {
  EXPECT_NE(digest_hash{}(sha256("a")), digest_hash{}(sha256("b")));
}

}  // namespace
}  // namespace spidergate::crypto
