#pragma once
#include <spidergate/auth/token.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/store/records.hpp>
#include <spidergate/store/sql.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

/// How tokens come to be and are replaced: the one place for the command line and the API. Functions without state;
/// those that take a connection block.
namespace spidergate::auth {

/// A new token: the row to store, and the secret that is shown this once.
struct issued {
  store::token_record row;
  secret_string secret;
};

/// Who asks for a token, and when.
struct issuer {
  crypto::random_source& random;
  std::int64_t now_us = 0;      ///< finer than what is stored: tokens of one millisecond are listed in order
  std::string_view created_by;  ///< "cli", "first-start" or the id of a token

  [[nodiscard]] epoch_ms now() const noexcept { return now_us / 1000; }
};

/// Gives `draft` an id and a secret of its kind ("key", "pat", "triple"); everything else that was asked for stays.
/// Nothing is stored. Another kind, an env that is neither "prod" nor "dev" of a key, or a malformed client id of a
/// triple is a bug and throws std::invalid_argument.
[[nodiscard]] issued issue(const issuer& by, store::token_record draft);

/// What a token is good for at a moment: "active", "rotated" (replaced, within its grace), "expired" or "revoked".
[[nodiscard]] std::string_view state_of(const store::token_record& token, epoch_ms now) noexcept;

/// What a rotation came to.
struct rotated {
  issued made;
  epoch_ms old_ends_at = 0;
};

/// Replaces `old` by a new token that may do the same, and lets the old one work for `grace` more, or to its own
/// expiry if that comes first; both in one transaction. `old` must be active. Fails with store::errc;
/// already_exists says that somebody else has replaced or revoked it meanwhile.
[[nodiscard]] result<rotated> rotate(sql::connection& on, const issuer& by, const store::token_record& old,
                                     std::chrono::milliseconds grace);

}  // namespace spidergate::auth
