#include <spidergate/crypto/aead.hpp>
#include <spidergate/crypto/digest.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

namespace spidergate::crypto {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

class fixed_bytes final : public random_source {
 public:
  explicit fixed_bytes(std::string bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<unsigned char> out) override { std::copy_n(bytes_.begin(), out.size(), out.begin()); }

 private:
  std::string bytes_;
};

struct gcm_case {
  std::string_view key, nonce, plain, associated, cipher, tag;
};

constexpr std::string_view zero_key = "0000000000000000000000000000000000000000000000000000000000000000";
constexpr std::string_view fef_key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";

/// Test cases 13 to 16 of "The Galois/Counter Mode of Operation", which NIST SP 800-38D is made of.
const std::vector<gcm_case> nist{
    {zero_key, "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {zero_key, "000000000000000000000000", "00000000000000000000000000000000", "", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {fef_key, "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {fef_key, "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(aead, agrees_with_the_nist_vectors) {
  for (const auto& known : nist) {
    fixed_bytes nonce(from_hex(known.nonce));
    const auto sealed = seal(nonce, from_hex(known.key), from_hex(known.plain), from_hex(known.associated));
    EXPECT_EQ(to_hex(sealed), std::string(known.nonce).append(known.cipher).append(known.tag));
    const auto opened = open(from_hex(known.key), sealed, from_hex(known.associated));
    ASSERT_TRUE(opened);
    EXPECT_EQ(to_hex(opened->reveal()), known.plain);
  }
}

TEST(aead, every_changed_byte_is_noticed) {
  const std::string key(key_bytes, 'k');
  const auto sealed = seal(system_random(), key, "a provider key", "bound to");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(open(key, changed, "bound to")) << i;
  }
  for (std::size_t length = 0; length < sealed.size(); ++length)
    EXPECT_FALSE(open(key, sealed.substr(0, length), "bound to"));
  EXPECT_FALSE(open(key, sealed + "x", "bound to"));
  EXPECT_FALSE(open(key, sealed, "bound to else"));
  EXPECT_FALSE(open(std::string(key_bytes, 'j'), sealed, "bound to"));
  EXPECT_TRUE(open(key, sealed, "bound to")) << "a failure before leaves no trace in the thread's context";
}

TEST(aead, nonces_are_fresh) {
  const std::string key(key_bytes, 'k');
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(seal(system_random(), key, "", "").substr(0, nonce_bytes));
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(aead, texts_of_any_length_come_back) {
  const std::string key(key_bytes, 'k');
  for (const std::size_t length : {0U, 1U, 15U, 16U, 17U, 1023U, 1024U, 1025U, 100'000U}) {
    const std::string plain(length, 'p');
    const auto opened = open(key, seal(system_random(), key, plain, ""), "");
    ASSERT_TRUE(opened) << length;
    EXPECT_EQ(opened->reveal(), plain);
  }
}

TEST(aead, key_of_another_length_is_a_bug) {
  EXPECT_THROW(std::ignore = seal(system_random(), "short", "", ""), std::invalid_argument);
  EXPECT_THROW(std::ignore = open("short", "", ""), std::invalid_argument);
}

TEST(aead, threads_do_not_share_a_context) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      const std::string key(key_bytes, static_cast<char>('a' + t));
      for (int i = 0; i < 500; ++i) {
        const auto plain = std::to_string(t * 1000 + i);
        EXPECT_EQ(open(key, seal(system_random(), key, plain, ""), "")->reveal(), plain);
      }
    });
  }
}

}  // namespace
}  // namespace spidergate::crypto
