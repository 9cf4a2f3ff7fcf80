#include <spidergate/crypto/rsa_signature.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <limits>
#include <memory>

namespace spidergate::crypto {
namespace {

constexpr int fewest_bits = 2'048;
constexpr int most_bits = 16'384;  // OpenSSL's own limit; beyond, one signature would hold a worker for seconds

struct release {
  void operator()(BIO* p) const noexcept { BIO_free(p); }
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, release>;

/// An encrypted key has nobody here to ask; without this OpenSSL would read a passphrase from the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

owned<EVP_PKEY> read_key(std::string_view pem) {
  if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return nullptr;
  const owned<BIO> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (in == nullptr) return nullptr;
  owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, &no_passphrase, nullptr));
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return nullptr;
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < fewest_bits || bits > most_bits) return nullptr;
  return key;
}

std::optional<std::string> sign(EVP_PKEY* key, std::string_view message) {
  const owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = 0;
  if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, message.size()) != 1) {
    return std::nullopt;
  }
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_DigestSign(context.get(), out, &size, bytes, message.size()) != 1) return std::nullopt;
  signature.resize(size);
  return signature;
}

}  // namespace

std::optional<std::string> rsa_sha256_signature(const secret_string& private_key, std::string_view message) {
  const auto key = read_key(private_key.reveal());
  auto signature = key == nullptr ? std::nullopt : sign(key.get(), message);
  ERR_clear_error();
  return signature;
}

}  // namespace spidergate::crypto
