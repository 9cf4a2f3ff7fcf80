#include "gcm.hpp"
#include "plain_room.hpp"

#include <spidergate/crypto/kept_key.hpp>

#include <openssl/crypto.h>

#include <array>
#include <cstring>

namespace spidergate::crypto {
namespace {

/// One thread's cipher, keyed for one kept_key at a time: to key it takes longer than to open a provider key.
gcm& keyed_for(std::uint64_t number, std::string_view key) {
  struct kept {
    gcm cipher;
    std::uint64_t number = 0;  ///< of the kept_key; 0: of none
  };
  thread_local kept mine;
  if (mine.number != number) {
    mine.number = 0;
    mine.cipher.use_key(key);
    mine.number = number;
  }
  return mine.cipher;
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
  std::string sealed(nonce_bytes + plain.size() + tag_bytes, '\0');
  const std::uint64_t count = ++sealed_;
  std::memcpy(sealed.data(), &count, sizeof count);
  keyed_for(number_, key_.reveal()).encrypt(plain, {}, sealed);
  return sealed;
}

std::optional<secret_string> kept_key::open(std::string_view sealed) const {
  const auto parts = parts_of(sealed);
  if (!parts) return std::nullopt;
  plain_room room(parts->body.size());
  const auto plain = room.bytes();
  if (!keyed_for(number_, key_.reveal()).decrypt(*parts, {}, plain)) return std::nullopt;
  return secret_string({plain.data(), plain.size()});
}

}  // namespace spidergate::crypto
