#include "gcm.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace spidergate::crypto {
namespace {

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::span<char> text) noexcept {
  return reinterpret_cast<unsigned char*>(text.data());
}
int size_of(std::string_view text) noexcept {
  return static_cast<int>(text.size());
}

[[noreturn]] void fail() {
  throw std::runtime_error("AES-256-GCM is not to be had from OpenSSL");
}

}  // namespace

std::optional<sealed_parts> parts_of(std::string_view sealed) noexcept {
  if (sealed.size() < nonce_bytes + tag_bytes) return std::nullopt;
  const auto length = sealed.size() - nonce_bytes - tag_bytes;
  return sealed_parts{sealed.substr(0, nonce_bytes), sealed.substr(nonce_bytes, length),
                      sealed.substr(nonce_bytes + length)};
}

void gcm::context_deleter::operator()(evp_cipher_ctx_st* context) const noexcept {
  EVP_CIPHER_CTX_free(context);
}

gcm::gcm() : context_(EVP_CIPHER_CTX_new()) {
  static const std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> cipher(
      EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), &EVP_CIPHER_free);
  if (cipher == nullptr || context_ == nullptr) fail();
  if (EVP_EncryptInit_ex2(context_.get(), cipher.get(), nullptr, nullptr, nullptr) != 1) fail();
}

void gcm::use_key(std::string_view key) {
  if (EVP_EncryptInit_ex2(context_.get(), nullptr, bytes_of(key), nullptr, nullptr) != 1) fail();
}

void gcm::forget_key() noexcept {
  static constexpr std::array<unsigned char, key_bytes> zeros{};
  EVP_EncryptInit_ex2(context_.get(), nullptr, zeros.data(), nullptr, nullptr);
}

void gcm::encrypt(std::string_view plain, std::string_view associated, std::span<char> sealed) {
  int written = 0;
  auto* const context = context_.get();
  auto* const out = bytes_of(sealed.subspan(nonce_bytes));
  auto* const tag = out + plain.size();
  const bool done = EVP_EncryptInit_ex2(context, nullptr, nullptr, bytes_of(sealed), nullptr) == 1 &&
                    (associated.empty() ||
                     EVP_EncryptUpdate(context, nullptr, &written, bytes_of(associated), size_of(associated)) == 1) &&
                    EVP_EncryptUpdate(context, out, &written, bytes_of(plain), size_of(plain)) == 1 &&
                    EVP_EncryptFinal_ex(context, tag, &written) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag) == 1;
  if (!done) fail();
}

bool gcm::decrypt(const sealed_parts& sealed, std::string_view associated, std::span<char> out) {
  std::array<unsigned char, tag_bytes> expected{};
  std::copy(sealed.tag.begin(), sealed.tag.end(), expected.begin());
  int written = 0;
  auto* const context = context_.get();
  return EVP_DecryptInit_ex2(context, nullptr, nullptr, bytes_of(sealed.nonce), nullptr) == 1 &&
         (associated.empty() ||
          EVP_DecryptUpdate(context, nullptr, &written, bytes_of(associated), size_of(associated)) == 1) &&
         EVP_DecryptUpdate(context, bytes_of(out), &written, bytes_of(sealed.body), size_of(sealed.body)) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_bytes, expected.data()) == 1 &&
         EVP_DecryptFinal_ex(context, bytes_of(out) + sealed.body.size(), &written) == 1;
}

}  // namespace spidergate::crypto
