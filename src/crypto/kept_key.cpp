#include "plain_room.hpp"

#include <spidergate/crypto/aead.hpp>
#include <spidergate/crypto/digest.hpp>
#include <spidergate/crypto/kept_key.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>

namespace spidergate::crypto {

namespace {

using nonce = std::uint64_t;
using checksum = std::uint32_t;
constexpr std::size_t block_bytes = 16;
constexpr std::size_t head_bytes = sizeof(nonce) + sizeof(checksum);

/// One thread's AES-256, keyed for one kept_key at a time. A counter mode of OpenSSL's own would be given its nonce by
/// parameters and context calls that take longer than a provider key does; here the blocks of a whole text are
/// encrypted in one call.
class block_cipher {
 public:
  static block_cipher& keyed_for(std::uint64_t number, std::string_view key) {
    thread_local block_cipher mine;
    if (mine.number_ == number) return mine;
    mine.number_ = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
    if (EVP_EncryptInit_ex2(mine.context_.get(), nullptr, bytes, nullptr, nullptr) != 1) fail();
    mine.number_ = number;
    return mine;
  }

  /// In place. REQUIRES: whole blocks.
  void encrypt(std::span<unsigned char> blocks) {
    int written = 0;
    const auto size = static_cast<int>(blocks.size());
    if (EVP_EncryptUpdate(context_.get(), blocks.data(), &written, blocks.data(), size) != 1 || written != size) fail();
  }

 private:
  block_cipher() : context_(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free) {
    static const std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> cipher(
        EVP_CIPHER_fetch(nullptr, "AES-256-ECB", nullptr), &EVP_CIPHER_free);
    if (cipher == nullptr || context_ == nullptr) fail();
    if (EVP_EncryptInit_ex2(context_.get(), cipher.get(), nullptr, nullptr, nullptr) != 1) fail();
    EVP_CIPHER_CTX_set_padding(context_.get(), 0);
  }

  [[noreturn]] static void fail() { throw std::runtime_error("AES-256 is not to be had from OpenSSL"); }

  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_;
  std::uint64_t number_ = 0;  ///< of the kept_key; 0: of none
};

/// Adds the key stream of `once` to `text`, and returns what hides its checksum: the first block's beginning.
checksum mask(block_cipher& cipher, nonce once, std::string_view text, std::span<char> out) {
  constexpr std::size_t blocks_at_once = 16;
  std::array<unsigned char, blocks_at_once * block_bytes> stream;
  checksum hiding = 0;
  std::uint64_t block = 0;
  std::size_t done = 0;
  do {
    const auto before_text = block == 0 ? block_bytes : 0;
    const auto taken = std::min(text.size() - done, stream.size() - before_text);
    const auto size = (before_text + taken + block_bytes - 1) / block_bytes * block_bytes;
    for (std::size_t at = 0; at < size; at += block_bytes, ++block) {
      std::memcpy(stream.data() + at, &once, sizeof once);
      std::memcpy(stream.data() + at + sizeof once, &block, sizeof block);
    }
    cipher.encrypt({stream.data(), size});
    if (before_text != 0) std::memcpy(&hiding, stream.data(), sizeof hiding);
    for (std::size_t i = 0; i < taken; ++i) {
      out[done + i] = static_cast<char>(static_cast<unsigned char>(text[done + i]) ^ stream[before_text + i]);
    }
    done += taken;
  } while (done < text.size());
  OPENSSL_cleanse(stream.data(), stream.size());
  return hiding;
}

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
  std::string sealed(head_bytes + plain.size(), '\0');
  const nonce once = ++sealed_;
  const auto hiding =
      mask(block_cipher::keyed_for(number_, key_.reveal()), once, plain, std::span(sealed).subspan(head_bytes));
  const checksum hidden = crc32(plain) ^ hiding;
  std::memcpy(sealed.data(), &once, sizeof once);
  std::memcpy(sealed.data() + sizeof once, &hidden, sizeof hidden);
  return sealed;
}

std::optional<secret_string> kept_key::open(std::string_view sealed) const {
  if (sealed.size() < head_bytes) return std::nullopt;
  nonce once = 0;
  checksum expected = 0;
  std::memcpy(&once, sealed.data(), sizeof once);
  std::memcpy(&expected, sealed.data() + sizeof once, sizeof expected);
  auto& cipher = block_cipher::keyed_for(number_, key_.reveal());
  const auto body = sealed.substr(head_bytes);
  plain_room room(body.size());
  expected ^= mask(cipher, once, body, room.bytes());
  const std::string_view plain(room.bytes().data(), room.bytes().size());
  return crc32(plain) == expected ? std::optional<secret_string>(plain) : std::nullopt;
}

}  // namespace spidergate::crypto
