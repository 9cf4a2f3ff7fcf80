#pragma once
#include <spidergate/core/secret_string.hpp>
#include <spidergate/crypto/digest.hpp>
#include <spidergate/crypto/random.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace spidergate::auth {

enum class token_kind : std::uint8_t { key, pat };

/// `sg_key_<env>_<32 base62><6 checksum>` and `spideriq_pat_<32><6>`; the checksum is the CRC-32 of all that precedes
/// it, in base62, padded with '0'.
struct fresh_token {
  secret_string text;
  std::string display;  ///< "sg_key_prod_ab12…wxyz"
  crypto::sha256_digest hash;
};
/// `env` is "prod" or "dev"; anything else is a bug and throws std::invalid_argument.
[[nodiscard]] fresh_token make_key(crypto::random_source& random, std::string_view env);
[[nodiscard]] fresh_token make_pat(crypto::random_source& random);

/// True when `text` has one of the two forms and its checksum is right: a typo is refused without a look-up.
[[nodiscard]] bool well_formed(std::string_view text) noexcept;

/// What may be shown of a token: its prefix, the first and the last four characters of the rest. Empty unless `text` is
/// well-formed.
[[nodiscard]] std::string display_form(std::string_view text);

}  // namespace spidergate::auth
