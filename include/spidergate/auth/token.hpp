#pragma once
#include <spidergate/core/secret_string.hpp>
#include <spidergate/crypto/digest.hpp>
#include <spidergate/crypto/random.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace spidergate::auth {

enum class token_kind : std::uint8_t { key, pat, triple };

/// `sg_key_<env>_<32 base62><6 checksum>`, `spideriq_pat_<32><6>`, or the triple `client_id:api_key:api_secret` of
/// `ck_<32><6>` and `cs_<32><6>`. A checksum is the CRC-32 of all that precedes it in its part, in base62, padded with
/// '0'. Only the hashes and the display form are to be stored.
struct fresh_token {
  secret_string text;
  std::string display;                               ///< "sg_key_prod_ab12…wxyz", "cli_xxx:ck_ab12…wxyz"
  crypto::sha256_digest hash;                        ///< of the whole text; of a triple: of its api_key
  std::optional<crypto::sha256_digest> secret_hash;  ///< of a triple: of its api_secret
};
/// `env` is "prod" or "dev"; anything else is a bug and throws std::invalid_argument.
[[nodiscard]] fresh_token make_key(crypto::random_source& random, std::string_view env);
[[nodiscard]] fresh_token make_pat(crypto::random_source& random);
/// `client_id` is "cli_" and letters and digits; anything else is a bug and throws std::invalid_argument.
[[nodiscard]] fresh_token make_triple(crypto::random_source& random, std::string_view client_id);

/// The kind of a text that has one of the three forms and whose checksums are right: a typo is refused without a
/// look-up.
[[nodiscard]] std::optional<token_kind> kind_of(std::string_view text) noexcept;
[[nodiscard]] bool well_formed(std::string_view text) noexcept;

/// The parts of a well-formed triple, into `text`.
struct triple {
  std::string_view client_id, api_key, api_secret;
};
[[nodiscard]] std::optional<triple> triple_of(std::string_view text) noexcept;

/// What may be shown of a token: its prefix, the first and the last four characters of the rest; of a triple, the
/// client's id and that of the api_key. Empty unless `text` is well-formed.
[[nodiscard]] std::string display_form(std::string_view text);

}  // namespace spidergate::auth
