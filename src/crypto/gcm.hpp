#pragma once
#include <spidergate/crypto/aead.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string_view>

struct evp_cipher_ctx_st;

namespace spidergate::crypto {

/// nonce || ciphertext || tag, as views into it.
struct sealed_parts {
  std::string_view nonce, body, tag;
};

/// Nothing when it is too short for that.
[[nodiscard]] std::optional<sealed_parts> parts_of(std::string_view sealed) noexcept;

/// AES-256-GCM of OpenSSL for one thread's use again and again: looking the cipher up and making a context costs
/// several times what sealing a provider key does. Throws std::runtime_error when OpenSSL does not have it.
class gcm {
 public:
  gcm();

  /// What the next calls are about, until another one or forget_key().
  void use_key(std::string_view key);
  /// Overwrites the key's schedule.
  void forget_key() noexcept;

  /// Fills `sealed`, whose nonce stands there already: as long as `plain` with nonce and tag.
  void encrypt(std::string_view plain, std::string_view associated, std::span<char> sealed);
  /// False when anything has been changed; `out`, as long as the body, then holds nothing to be used.
  [[nodiscard]] bool decrypt(const sealed_parts& sealed, std::string_view associated, std::span<char> out);

 private:
  struct context_deleter {
    void operator()(evp_cipher_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_cipher_ctx_st, context_deleter> context_;
};

}  // namespace spidergate::crypto
