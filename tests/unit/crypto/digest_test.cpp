#include <spidergate/crypto/digest.hpp>

#include <gtest/gtest.h>

#include <array>
#include <random>
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

TEST(sha256, of_pieces_is_that_of_the_whole) {
  const std::array<std::string_view, 4> pieces{"a", "", "b", "c"};
  EXPECT_EQ(sha256(pieces), sha256("abc"));
  EXPECT_EQ(sha256(std::span<const std::string_view>()), sha256(""));
}

TEST(hmac_sha256, matches_rfc_4231) {
  EXPECT_EQ(hex_of(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex_of(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex_of(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
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

TEST(crc32, is_the_same_bit_by_bit_for_any_length_and_place) {
  const auto bit_by_bit = [](std::string_view bytes) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char byte : bytes) {
      crc ^= static_cast<unsigned char>(byte);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
    return ~crc;
  };
  std::mt19937 random(32);
  std::string text(700, '\0');
  for (auto& c : text) c = static_cast<char>(random());
  for (std::size_t from = 0; from < 20; ++from) {
    for (std::size_t size = 0; from + size < text.size(); size += 1 + size / 40) {
      const auto part = std::string_view(text).substr(from, size);
      ASSERT_EQ(crc32(part), bit_by_bit(part)) << from << ' ' << size;
    }
  }
}

TEST(digest_hash, tells_digests_apart) {
  EXPECT_NE(digest_hash{}(sha256("a")), digest_hash{}(sha256("b")));
}

}  // namespace
}  // namespace spidergate::crypto
