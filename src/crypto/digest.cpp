#include <spidergate/crypto/digest.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace spidergate::crypto {
namespace {

/// One thread's SHA-256. Looking the algorithm up by its name and making a context costs more than hashing a token
/// does, so both are kept. Between calls it holds nothing of what was hashed: OpenSSL wipes its block at the end.
class hasher {
 public:
  static hasher& of_this_thread() {
    static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                           &EVP_MD_free);
    thread_local hasher mine(algorithm.get());
    return mine;
  }

  [[nodiscard]] sha256_digest digest_of(std::span<const std::string_view> pieces) {
    auto* context = context_.get();
    bool good = EVP_DigestInit_ex2(context, algorithm_, nullptr) == 1;
    for (const auto piece : pieces) good = good && EVP_DigestUpdate(context, piece.data(), piece.size()) == 1;
    sha256_digest digest;
    if (!good || EVP_DigestFinal_ex(context, digest.data(), nullptr) != 1) fail();
    return digest;
  }

 private:
  explicit hasher(const EVP_MD* algorithm) : algorithm_(algorithm), context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (algorithm_ == nullptr || context_ == nullptr) fail();
  }

  [[noreturn]] static void fail() { throw std::runtime_error("OpenSSL cannot compute SHA-256"); }

  const EVP_MD* algorithm_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

sha256_digest sha256(std::string_view bytes) {
  return sha256({&bytes, 1});
}

sha256_digest sha256(std::span<const std::string_view> pieces) {
  return hasher::of_this_thread().digest_of(pieces);
}

sha256_digest hmac_sha256(std::string_view key, std::string_view message) {
  sha256_digest digest;
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, message.size(), digest.data(), &size) ==
          nullptr ||
      size != digest.size())
    throw std::runtime_error("OpenSSL cannot compute HMAC-SHA-256");
  return digest;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    hex += digits[value >> 4U];
    hex += digits[value & 0x0FU];
  }
  return hex;
}

std::size_t digest_hash::operator()(const sha256_digest& digest) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

}  // namespace spidergate::crypto
