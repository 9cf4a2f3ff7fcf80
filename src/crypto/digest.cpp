#include <spidergate/crypto/digest.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <cstring>
#include <stdexcept>

namespace spidergate::crypto {

sha256_digest sha256(std::string_view bytes) {
  return sha256({&bytes, 1});
}

sha256_digest sha256(std::span<const std::string_view> pieces) {
  // Not by way of EVP_MD, whose contexts and parameters take as long as the hash of a token itself. OpenSSL wipes the
  // block that it holds at the end.
  SHA256_CTX state;
  sha256_digest digest;
  bool good = SHA256_Init(&state) == 1;
  for (const auto piece : pieces) good = good && SHA256_Update(&state, piece.data(), piece.size()) == 1;
  if (!good || SHA256_Final(digest.data(), &state) != 1) throw std::runtime_error("OpenSSL cannot compute SHA-256");
  return digest;
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
