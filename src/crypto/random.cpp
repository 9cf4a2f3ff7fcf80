#include <spidergate/crypto/random.hpp>

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <string_view>

namespace spidergate::crypto {
namespace {

class openssl_random final : public random_source {
 public:
  void fill(std::span<unsigned char> bytes) override {
    while (!bytes.empty()) {
      const auto part = bytes.first(std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max()));
      if (RAND_bytes(part.data(), static_cast<int>(part.size())) != 1) {
        throw std::runtime_error("the system gives no random bytes");
      }
      bytes = bytes.subspan(part.size());
    }
  }
};

}  // namespace

random_source& system_random() {
  static openssl_random source;
  return source;
}

std::string random_base62(random_source& random, std::size_t length) {
  constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  // Bytes from here on would make the first letters more likely than the others.
  constexpr std::size_t unbiased = 256 / alphabet.size() * alphabet.size();
  std::string text;
  text.reserve(length);
  std::array<unsigned char, 64> bytes{};
  while (text.size() < length) {
    random.fill(bytes);
    for (const auto byte : bytes) {
      if (byte < unbiased && text.size() < length) text += alphabet[byte % alphabet.size()];
    }
  }
  return text;
}

}  // namespace spidergate::crypto
