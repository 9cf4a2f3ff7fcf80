#pragma once
#include <spidergate/core/secret_string.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace spidergate::crypto {

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2; "RS256" of RFC 7518) over `message`. `private_key` is PEM
/// (PKCS #8 or PKCS #1, not encrypted). Nothing when it is no RSA private key of 2048 to 16384 bits. Costs about a
/// millisecond; thread-safe.
[[nodiscard]] std::optional<std::string> rsa_sha256_signature(const secret_string& private_key,
                                                              std::string_view message);

}  // namespace spidergate::crypto
