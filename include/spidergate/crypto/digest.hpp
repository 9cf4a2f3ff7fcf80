#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace spidergate::crypto {

using sha256_digest = std::array<unsigned char, 32>;

/// SHA-256 of `bytes`. Thread-safe.
[[nodiscard]] sha256_digest sha256(std::string_view bytes);
/// The same of pieces that follow each other. Thread-safe.
[[nodiscard]] sha256_digest sha256(std::span<const std::string_view> pieces);

/// HMAC-SHA-256 (RFC 2104). Thread-safe.
[[nodiscard]] sha256_digest hmac_sha256(std::string_view key, std::string_view message);

[[nodiscard]] inline std::string_view bytes_of(const sha256_digest& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// CRC-32 (ISO-HDLC, as in zip and Ethernet).
[[nodiscard]] std::uint32_t crc32(std::string_view bytes) noexcept;

[[nodiscard]] std::string to_hex(std::string_view bytes);

/// Hashes a digest for hash tables: its bytes are already uniform.
struct digest_hash {
  std::size_t operator()(const sha256_digest& digest) const noexcept;
};

}  // namespace spidergate::crypto
