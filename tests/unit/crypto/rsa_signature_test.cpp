#include <spidergate/crypto/rsa_signature.hpp>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

namespace spidergate::crypto {
namespace {

struct release {
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(BIO* p) const noexcept { BIO_free(p); }
  void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
};
using pkey = std::unique_ptr<EVP_PKEY, release>;

std::string contents(BIO* out) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pkcs8(EVP_PKEY* key, const EVP_CIPHER* sealed_with = nullptr) {
  const std::unique_ptr<BIO, release> out(BIO_new(BIO_s_mem()));
  char password[] = "secret";
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, sealed_with, password, sealed_with == nullptr ? 0 : 6, nullptr,
                                nullptr);
  return contents(out.get());
}

std::string pkcs1(EVP_PKEY* key) {
  const std::unique_ptr<BIO, release> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey_traditional(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return contents(out.get());
}

bool verifies(EVP_PKEY* key, std::string_view message, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, release> context(EVP_MD_CTX_new());
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
}

TEST(rsa_signature, verifies_with_the_keys_public_half_in_both_forms_of_pem) {
  const pkey key(EVP_RSA_gen(2048));
  for (const auto& pem : {pkcs8(key.get()), pkcs1(key.get())}) {
    const auto signature = rsa_sha256_signature(secret_string(pem), "header.claims");
    ASSERT_TRUE(signature.has_value());
    EXPECT_EQ(signature->size(), 256u);
    EXPECT_TRUE(verifies(key.get(), "header.claims", *signature));
    EXPECT_FALSE(verifies(key.get(), "header.claimz", *signature));
  }
}

TEST(rsa_signature, is_refused_without_a_usable_rsa_key) {
  const pkey curve(EVP_EC_gen("prime256v1"));
  const pkey small(EVP_RSA_gen(1024));
  const pkey good(EVP_RSA_gen(2048));
  const auto whole = pkcs8(good.get());
  for (const auto& pem : {std::string(), std::string("no pem"), pkcs8(curve.get()), pkcs8(small.get()),
                          pkcs8(good.get(), EVP_aes_128_cbc()), whole.substr(0, whole.size() / 2)}) {
    EXPECT_FALSE(rsa_sha256_signature(secret_string(pem), "m").has_value());
  }
}

}  // namespace
}  // namespace spidergate::crypto
