#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/crypto/random.hpp>
#include <spidergate/model/api_error.hpp>
#include <spidergate/store/sql.hpp>
#include <spidergate/vault/envelope.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace spidergate::api {

/// What a management request came to.
struct answer {
  int status = 200;
  std::string body;
  bool replayed = false;  ///< said again, for an Idempotency-Key that was used before
};

/// A POST with an Idempotency-Key: within 24 hours the same token gets the same answer for the same request, byte for
/// byte, and a conflict for another request. Kept are successes only: a refused request has changed nothing. The kept
/// answer is sealed with the master key, for it may hold a secret. Blocking, on a database thread.
struct repeatable {
  std::string brand_id, token_id, key, fingerprint;
  epoch_ms now = 0;

  /// The answer that was given before, if there is one.
  [[nodiscard]] model::outcome<std::optional<answer>> recall(sql::connection& on, const vault::key_ring& keys) const;
  /// Keeps the answer, inside the transaction of the change; store::errc::already_exists when another request with this
  /// key was faster.
  [[nodiscard]] result<void> remember(sql::connection& on, crypto::random_source& random, const vault::key_ring& keys,
                                      const answer& said) const;
};

/// 1 to 255 visible ASCII characters.
[[nodiscard]] bool is_valid_idempotency_key(std::string_view key) noexcept;

/// Tells requests apart: of token, key, method, path with query, and body.
[[nodiscard]] std::string request_fingerprint(const repeatable& of, std::string_view method, std::string_view path,
                                              std::string_view query, std::string_view body);

/// What a store's failure is for the client.
[[nodiscard]] model::api_error store_fault(const error_code& code);

}  // namespace spidergate::api
