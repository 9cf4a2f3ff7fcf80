#pragma once
#include <spidergate/auth/cidr.hpp>
#include <spidergate/auth/rights.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/model/api_error.hpp>
#include <spidergate/runtime/published.hpp>
#include <spidergate/store/records.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::auth {

/// Who is calling and what they may do; immutable, shared.
struct principal {
  std::string token_id, client_id, brand_id, brand_name, label;
  std::uint8_t scopes = 0;  ///< bits of `scope`, see effective_scopes()
  bool pool_access = true;
  std::string role;  ///< "owner", "admin", "member", "viewer"
  bool of_operator_brand = false;
  /// 0 is no limit everywhere; the configured default rpm is filled in.
  store::limit_set token_limits, client_limits, brand_limits;
  std::vector<std::string> allowed_models, blocked_models, allowed_cidrs;
  std::vector<cidr> allowed_networks;  ///< allowed_cidrs, parsed; a malformed one is left out and so lets nobody in
  epoch_ms expires_at = 0;
  epoch_ms revoked_at = 0;  ///< the earliest of: the token's and its client's revocation, its brand's suspension

  [[nodiscard]] bool has(scope s) const noexcept;

  // What the role allows. The area's scope is asked for besides, with has(): `admin` for brands, clients, keys, tokens,
  // aliases and rules, `vault` for integrations.
  /// GET on management: owner, admin, viewer.
  [[nodiscard]] bool may_read_management() const noexcept;
  /// Make and change what is in the brand: owner, admin.
  [[nodiscard]] bool may_write_management() const noexcept;
  /// Change its own brand (name, limits, preferences, pool access): owner.
  [[nodiscard]] bool may_change_brand() const noexcept;
  /// Make, list and change any brand: owners of the operator brand.
  [[nodiscard]] bool may_change_brands() const noexcept;

  /// Globs over the names a model goes by (alias, "provider/model", bare model): blocked if any matches, allowed if the
  /// list is empty or any matches.
  [[nodiscard]] bool may_use(std::string_view name) const noexcept;
  [[nodiscard]] bool may_use(std::string_view asked, std::string_view provider_and_model) const noexcept;
};

/// All tokens by hash, compiled from the store's rows. Rows whose brand or client is not there, or whose hashes are
/// malformed, never authenticate. Those of a revoked client or a suspended brand count as revoked.
class token_table;
[[nodiscard]] std::shared_ptr<const token_table> compile_tokens(const std::vector<store::token_record>& tokens,
                                                                const std::vector<store::client_record>& clients,
                                                                const std::vector<store::brand_record>& brands,
                                                                std::int64_t default_rpm);

/// The credential of a request, wherever the client put it: Authorization: Bearer, then x-api-key, then api-key. Empty
/// when there is none.
[[nodiscard]] std::string_view credential_from(std::string_view authorization, std::string_view x_api_key,
                                               std::string_view api_key) noexcept;

/// Failed attempts by address (IPv6: by /64, which is what one customer gets); thread-safe, shared by all workers,
/// bounded.
class lockout;
[[nodiscard]] std::shared_ptr<lockout> make_lockout(std::int64_t failures_per_minute,
                                                    std::chrono::milliseconds duration);

/// Answers from memory; one object per worker (it holds a snapshot reader), sharing the lock-out table.
class authenticator {
 public:
  /// `too_old` (null: never) is true while the store was not heard from for longer than limits.auth_cache_stale, so
  /// that what is in memory may no longer be believed; set by whoever watches the store, any thread. `tokens` and
  /// `too_old` outlive the authenticator.
  authenticator(const runtime::published<token_table>& tokens, std::shared_ptr<lockout> failures,
                const std::atomic<bool>* too_old = nullptr);
  ~authenticator();

  /// Errors: missing_api_key, invalid_api_key, expired_api_key, revoked_api_key, ip_not_allowed,
  /// too_many_auth_failures; store_unavailable for every well-formed credential while `too_old`. Failures other than a
  /// missing key and the store's count for the address; a valid token passes even from an address that is locked out.
  /// The address table is bounded (100,000; oldest dropped).
  [[nodiscard]] model::outcome<std::shared_ptr<const principal>> identify(std::string_view credential,
                                                                          std::string_view address, epoch_ms now);

  /// Token ids used since the last call with the time of the last use, for tokens::touch. Any thread.
  [[nodiscard]] std::vector<std::pair<std::string, epoch_ms>> take_last_used();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// The client's address: the peer, or, when the peer is a trusted proxy (CIDRs), the last address of X-Forwarded-For
/// that is not one.
class trusted_proxies {
 public:
  /// Malformed CIDRs were refused by config; here they are left out.
  explicit trusted_proxies(const std::vector<std::string>& cidrs);
  [[nodiscard]] std::string_view client_address(std::string_view peer, std::string_view x_forwarded_for) const noexcept;

 private:
  [[nodiscard]] bool trusts(std::string_view address) const noexcept;
  std::vector<cidr> networks_;
};

}  // namespace spidergate::auth
