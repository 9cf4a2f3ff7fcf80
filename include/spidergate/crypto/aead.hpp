#pragma once
#include <spidergate/core/secret_string.hpp>
#include <spidergate/crypto/random.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::crypto {

inline constexpr std::size_t key_bytes = 32;
inline constexpr std::size_t nonce_bytes = 12;
inline constexpr std::size_t tag_bytes = 16;

/// AES-256-GCM (NIST SP 800-38D): nonce || ciphertext || tag, with a fresh random nonce. `key` has 32 bytes.
[[nodiscard]] std::string seal(random_source& random, std::string_view key, std::string_view plain,
                               std::string_view associated);

/// The plain text, or nothing when the key, the associated data or any byte of `sealed` is not what seal() was given.
[[nodiscard]] std::optional<secret_string> open(std::string_view key, std::string_view sealed,
                                                std::string_view associated);

}  // namespace spidergate::crypto
