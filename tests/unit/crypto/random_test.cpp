#include <spidergate/crypto/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace spidergate::crypto {
namespace {

/// Gives 0, 1, 2, ... and begins again after 255.
class counting_random final : public random_source {
 public:
  void fill(std::span<unsigned char> bytes) override {
    for (auto& byte : bytes) byte = next_++;
  }

 private:
  unsigned char next_ = 0;
};

TEST(random_base62, uses_every_letter_equally) {
  counting_random random;
  const auto text = random_base62(random, 248);
  for (const char letter : {'0', '9', 'A', 'Z', 'a', 'z'}) EXPECT_EQ(std::count(text.begin(), text.end(), letter), 4);
}

TEST(random_base62, gives_the_length_asked_for_and_differs) {
  const auto one = random_base62(system_random(), 43);
  EXPECT_EQ(one.size(), 43U);
  EXPECT_TRUE(std::all_of(one.begin(), one.end(), [](unsigned char c) { return std::isalnum(c) != 0; }));
  EXPECT_NE(one, random_base62(system_random(), 43));
  EXPECT_EQ(random_base62(system_random(), 0), "");
}

}  // namespace
}  // namespace spidergate::crypto
