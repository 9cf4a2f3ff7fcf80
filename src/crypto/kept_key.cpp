#include "plain_room.hpp"

#include <spidergate/crypto/aead.hpp>
#include <spidergate/crypto/kept_key.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>

namespace spidergate::crypto {

namespace {

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::span<char> text) noexcept {
  return reinterpret_cast<unsigned char*>(text.data());
}

/// One thread's AES-256-GCM, keyed for one kept_key at a time: to key it takes longer than to open a provider key.
class keyed_gcm {
 public:
  static keyed_gcm& of(std::uint64_t number, std::string_view key) {
    thread_local keyed_gcm mine;
    if (mine.number_ == number) return mine;
    mine.number_ = 0;
    if (EVP_EncryptInit_ex2(mine.context_.get(), nullptr, bytes_of(key), nullptr, nullptr) != 1) fail();
    mine.number_ = number;
    return mine;
  }

  /// `out`: a nonce, room for the ciphertext, room for the tag.
  void encrypt(std::string_view plain, std::span<char> out) {
    auto* const context = context_.get();
    auto* const body = bytes_of(out.subspan(nonce_bytes));
    int written = 0;
    const bool done =
        EVP_EncryptInit_ex2(context, nullptr, nullptr, bytes_of(out), nullptr) == 1 &&
        EVP_EncryptUpdate(context, body, &written, bytes_of(plain), static_cast<int>(plain.size())) == 1 &&
        EVP_EncryptFinal_ex(context, body + plain.size(), &written) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, body + plain.size()) == 1;
    if (!done) fail();
  }

  /// False when `sealed` is not what encrypt() gave under this key; `out` then holds nothing to be used.
  [[nodiscard]] bool decrypt(std::string_view sealed, std::span<char> out) {
    auto* const context = context_.get();
    const auto body = sealed.substr(nonce_bytes, out.size());
    std::array<unsigned char, tag_bytes> tag;
    std::memcpy(tag.data(), sealed.data() + sealed.size() - tag_bytes, tag_bytes);
    int written = 0;
    return EVP_DecryptInit_ex2(context, nullptr, nullptr, bytes_of(sealed), nullptr) == 1 &&
           EVP_DecryptUpdate(context, bytes_of(out), &written, bytes_of(body), static_cast<int>(body.size())) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1 &&
           EVP_DecryptFinal_ex(context, bytes_of(out) + out.size(), &written) == 1;
  }

 private:
  keyed_gcm() : context_(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free) {
    static const std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> cipher(
        EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), &EVP_CIPHER_free);
    if (cipher == nullptr || context_ == nullptr) fail();
    if (EVP_EncryptInit_ex2(context_.get(), cipher.get(), nullptr, nullptr, nullptr) != 1) fail();
  }

  [[noreturn]] static void fail() { throw std::runtime_error("AES-256-GCM is not to be had from OpenSSL"); }

  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_;
  std::uint64_t number_ = 0;  ///< of the kept_key; 0: of none
};

}  // namespace

kept_key::kept_key(random_source& random) {
  static std::atomic<std::uint64_t> made{0};
  number_ = ++made;
  std::array<unsigned char, key_bytes> bytes{};
  random.fill(bytes);
  key_ = secret_string({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

std::string kept_key::seal(std::string_view plain) const {
  std::string sealed(nonce_bytes + plain.size() + tag_bytes, '\0');
  const std::uint64_t count = ++sealed_;
  std::memcpy(sealed.data(), &count, sizeof count);
  keyed_gcm::of(number_, key_.reveal()).encrypt(plain, sealed);
  return sealed;
}

std::optional<secret_string> kept_key::open(std::string_view sealed) const {
  if (sealed.size() < nonce_bytes + tag_bytes) return std::nullopt;
  plain_room room(sealed.size() - nonce_bytes - tag_bytes);
  const auto plain = room.bytes();
  if (!keyed_gcm::of(number_, key_.reveal()).decrypt(sealed, plain)) return std::nullopt;
  return secret_string({plain.data(), plain.size()});
}

}  // namespace spidergate::crypto
