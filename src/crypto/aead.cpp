#include "plain_room.hpp"

#include <spidergate/crypto/aead.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

namespace spidergate::crypto {
namespace {

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(char* text) noexcept {
  return reinterpret_cast<unsigned char*>(text);
}

[[noreturn]] void fail() {
  throw std::runtime_error("AES-256-GCM is not to be had from OpenSSL");
}

/// What seal() wrote, as views into it.
struct sealed_parts {
  std::string_view nonce, body, tag;
};

std::optional<sealed_parts> parts_of(std::string_view sealed) noexcept {
  if (sealed.size() < nonce_bytes + tag_bytes) return std::nullopt;
  const auto length = sealed.size() - nonce_bytes - tag_bytes;
  return sealed_parts{sealed.substr(0, nonce_bytes), sealed.substr(nonce_bytes, length),
                      sealed.substr(nonce_bytes + length)};
}

/// One thread's AES-256-GCM. Looking the cipher up and making a context costs several times what sealing a provider key
/// does, so both are kept; the key schedule of the last call is overwritten before the call returns.
class gcm {
 public:
  static gcm& of_this_thread() {
    thread_local gcm mine;
    return mine;
  }

  /// `out` takes the ciphertext (as long as `plain`) and then the tag.
  void encrypt(std::string_view key, const unsigned char* nonce, std::string_view plain, std::string_view associated,
               unsigned char* out) {
    int written = 0;
    auto* context = context_.get();
    const bool done = EVP_EncryptInit_ex2(context, nullptr, bytes_of(key), nonce, nullptr) == 1 &&
                      EVP_EncryptUpdate(context, nullptr, &written, bytes_of(associated), size_of(associated)) == 1 &&
                      EVP_EncryptUpdate(context, out, &written, bytes_of(plain), size_of(plain)) == 1 &&
                      EVP_EncryptFinal_ex(context, out + plain.size(), &written) == 1 &&
                      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, out + plain.size()) == 1;
    forget_key();
    if (!done) fail();
  }

  /// False when anything has been changed; `out` then holds nothing to be used.
  [[nodiscard]] bool decrypt(std::string_view key, const sealed_parts& sealed, std::string_view associated,
                             unsigned char* out) {
    const bool done = begin_decryption(bytes_of(key), sealed.nonce) && associate(associated) && finish(sealed, out);
    forget_key();
    return done;
  }

 private:
  gcm() : context_(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free) {
    static const std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> cipher(
        EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), &EVP_CIPHER_free);
    if (cipher == nullptr || context_ == nullptr) fail();
    if (EVP_EncryptInit_ex2(context_.get(), cipher.get(), nullptr, nullptr, nullptr) != 1) fail();
  }

  bool begin_decryption(const unsigned char* key, std::string_view nonce) {
    return EVP_DecryptInit_ex2(context_.get(), nullptr, key, bytes_of(nonce), nullptr) == 1;
  }

  bool associate(std::string_view text) {
    int written = 0;
    return EVP_DecryptUpdate(context_.get(), nullptr, &written, bytes_of(text), size_of(text)) == 1;
  }

  bool finish(const sealed_parts& sealed, unsigned char* out) {
    std::array<unsigned char, tag_bytes> expected{};
    std::copy(sealed.tag.begin(), sealed.tag.end(), expected.begin());
    int written = 0;
    auto* context = context_.get();
    return EVP_DecryptUpdate(context, out, &written, bytes_of(sealed.body), size_of(sealed.body)) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_bytes, expected.data()) == 1 &&
           EVP_DecryptFinal_ex(context, out + sealed.body.size(), &written) == 1;
  }

  static int size_of(std::string_view text) noexcept { return static_cast<int>(text.size()); }

  void forget_key() noexcept {
    static constexpr std::array<unsigned char, key_bytes> zeros{};
    EVP_EncryptInit_ex2(context_.get(), nullptr, zeros.data(), nullptr, nullptr);
  }

  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_;
};

void check_key(std::string_view key) {
  if (key.size() != key_bytes) throw std::invalid_argument("a key of AES-256 has 32 bytes");
}

}  // namespace

std::string seal(random_source& random, std::string_view key, std::string_view plain, std::string_view associated) {
  check_key(key);
  std::string sealed(nonce_bytes + plain.size() + tag_bytes, '\0');
  auto* out = bytes_of(sealed.data());
  random.fill({out, nonce_bytes});
  gcm::of_this_thread().encrypt(key, out, plain, associated, out + nonce_bytes);
  return sealed;
}

std::optional<secret_string> open(std::string_view key, std::string_view sealed, std::string_view associated) {
  check_key(key);
  const auto parts = parts_of(sealed);
  if (!parts) return std::nullopt;
  plain_room plain(parts->body.size());
  const auto out = plain.bytes();
  if (!gcm::of_this_thread().decrypt(key, *parts, associated, bytes_of(out.data()))) return std::nullopt;
  return secret_string({out.data(), out.size()});
}

}  // namespace spidergate::crypto
